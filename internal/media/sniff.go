package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// SniffLen is how many of the first bytes Sniff looks at.
const SniffLen = 1024

// Sniff recognises the format of data by how it begins. What a server or a
// file name says about a picture does not matter here.
func Sniff(data []byte) (Format, bool) {
	data = data[:min(len(data), SniffLen)]
	for _, m := range magics() {
		if m.matches(data) {
			return m.format, true
		}
	}
	if f, ok := sniffISO(data); ok {
		return f, true
	}
	if looksLikeSVG(data) {
		return SVG, true
	}
	return None, false
}

// A magic is how files of a format begin; ? stands for any byte.
type magic struct {
	pattern string
	format  Format
}

func magics() []magic {
	return []magic{
		{"\xff\xd8\xff", JPEG},
		{"\x89PNG\r\n\x1a\n", PNG},
		{"RIFF????WEBPVP8", WebP},
		{"GIF87a", GIF},
		{"GIF89a", GIF},
		{"II*\x00", TIFF},
		{"MM\x00*", TIFF},
		{"II+\x00", TIFF}, // BigTIFF
		{"MM\x00+", TIFF},
		{"BM????\x00\x00\x00\x00", BMP},
		{"\x00\x00\x01\x00?\x00", ICO},
		{"\xff\x0a", JXL},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n", JXL},
	}
}

func (m magic) matches(data []byte) bool {
	if len(data) < len(m.pattern) {
		return false
	}
	for i := range len(m.pattern) {
		if m.pattern[i] != '?' && m.pattern[i] != data[i] {
			return false
		}
	}
	return true
}

// sniffISO reads the ftyp box that ISO base media files begin with (ISO/IEC
// 14496-12, 4.3): size, "ftyp", major brand, minor version, compatible brands.
// A file that names an AV1 brand anywhere is AVIF, even if its major brand is
// the generic "mif1".
func sniffISO(data []byte) (Format, bool) {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return None, false
	}
	end := min(uint64(binary.BigEndian.Uint32(data)), uint64(len(data)))
	var heif bool
	for i := uint64(8); i+4 <= end; i += 4 {
		if i == 12 {
			continue // minor version
		}
		brand := string(data[i : i+4])
		if brand == "avif" || brand == "avis" {
			return AVIF, true
		}
		heif = heif || slices.Contains([]string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}, brand)
	}
	return HEIF, heif
}

// SniffVideo recognises videos, which nobody here decodes: they are kept and
// delivered as they are. The brands of MP4 are those that mp4ra.org lists for what
// browsers play.
func SniffVideo(data []byte) (Format, bool) {
	data = data[:min(len(data), SniffLen)]
	// The header of EBML (RFC 8794, 11.2.4), which names the type of document.
	if bytes.HasPrefix(data, []byte("\x1a\x45\xdf\xa3")) && bytes.Contains(data[:min(len(data), 64)], []byte("\x42\x82\x84webm")) {
		return WebM, true
	}
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return None, false
	}
	switch brand := string(data[8:12]); brand {
	case "qt  ":
		return QuickTime, true
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "av01", "M4V ", "dash", "MSNV":
		return MP4, true
	}
	return None, false
}

// looksLikeSVG reports whether data is XML of the type svg, or whose first
// element is svg. An HTML page with a drawing in it is neither.
func looksLikeSVG(data []byte) bool {
	text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for {
		text = bytes.TrimLeft(text, " \t\r\n")
		var end string
		switch {
		case bytes.HasPrefix(text, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(text, []byte("<!--")):
			end = "-->"
		default:
			return isTag(text, "<svg") || isTag(text, "<!DOCTYPE svg")
		}
		_, text, _ = bytes.Cut(text, []byte(end))
	}
}

// isTag reports whether text begins with tag and the tag's name ends there. A
// colon ends it too: some programs write svg:svg.
func isTag(text []byte, tag string) bool {
	rest, ok := bytes.CutPrefix(text, []byte(tag))
	return ok && len(rest) > 0 && bytes.IndexByte([]byte(" \t\r\n/>:"), rest[0]) >= 0
}
