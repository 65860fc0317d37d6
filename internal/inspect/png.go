package inspect

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
)

// Color types of PNG (PNG 3, table 8).
const (
	pngGray      = 0
	pngColor     = 2
	pngIndexed   = 3
	pngGrayAlpha = 4
	pngAlpha     = 6 // with colors
)

// readPNG reads the chunks up to the first with pixels: length, type, content,
// checksum. Of those with pixels it takes the lengths. Checksums are the decoder's.
func readPNG(data []byte) (Header, error) {
	const signature, around, header, mostLength = 8, 12, 13, 1<<31 - 1
	var h Header
	palette, kind, texts := false, byte(0), int64(0)
	for rest, n := data[signature:], 0; ; n++ {
		if len(rest) < around-4 {
			return Header{}, cutOff()
		}
		length := binary.BigEndian.Uint32(rest)
		name := rest[4:8]
		switch {
		case length > mostLength:
			return Header{}, damaged("a chunk is longer than any may be")
		case n > maxSegments:
			return Header{}, crowded()
		case string(name) == "IDAT" && n > 0:
			if kind == pngIndexed && !palette {
				return Header{}, damaged("it has no palette")
			}
			if storedPNG(rest) > h.mostStored() {
				return Header{}, damaged("it has more data than pixels")
			}
			return h, nil
		case int64(length) > int64(len(rest))-around:
			return Header{}, damaged("a chunk is longer than the file")
		case (n == 0) != (string(name) == "IHDR"), n == 0 && length != header, string(name) == "IEND":
			return Header{}, damaged("its chunks are in no order")
		}
		chunk := rest[8 : 8+length]
		rest = rest[around+length:]
		switch string(name) {
		case "IHDR":
			var err error
			if h, err = headerPNG(chunk); err != nil {
				return Header{}, err
			}
			kind = chunk[9]
		case "PLTE":
			palette = true
		case "tRNS":
			h.transparent(kind)
		case "eXIf":
			h.Orientation = exifOrientation(chunk)
		case "iCCP":
			h.profilePNG(chunk)
		case "tEXt", "zTXt", "iTXt":
			if texts += textPNG(string(name), chunk, maxTexts-texts); texts > maxTexts {
				return Header{}, refused("the picture has texts of more than %d bytes", maxTexts)
			}
		}
	}
}

// storedPNG returns how many bytes there are in the chunks with pixels that data
// begins with.
func storedPNG(data []byte) float64 {
	const around = 12
	var stored float64
	for len(data) >= 8 && string(data[4:8]) == "IDAT" {
		length := int(min(uint64(binary.BigEndian.Uint32(data)), uint64(len(data))))
		stored += float64(length)
		data = data[min(len(data), length+around):]
	}
	return stored
}

// mostStored bounds the bytes that the pixels of a PNG are stored in, beyond what
// any encoder comes to. libpng inflates all there is, also below the last row, and
// of one byte may become 1032: a megabyte for a single pixel takes it a second.
//
// A row has a byte for its filter (PNG 3, 9.2); interlacing makes less than two rows of each
// (8.1); what cannot be compressed gets 5 bytes in 65,535 (RFC 1951, 3.2.4). The rest of
// the factor of 2, and 64 KiB, are for encoders that waste.
func (h Header) mostStored() float64 {
	row := 1 + math.Ceil(float64(h.Width)*h.Samples*float64(h.Depth)/8)
	return 2*float64(h.Height)*row + 64<<10
}

// headerPNG reads IHDR: width, height, bits, color type, and how it is
// compressed, filtered and interlaced.
func headerPNG(c []byte) (Header, error) {
	w, h := binary.BigEndian.Uint32(c), binary.BigEndian.Uint32(c[4:])
	depth, kind, interlace := c[8], c[9], c[12]
	if w < 1 || w > maxSide || h < 1 || h > maxSide {
		return Header{}, damaged("its size is none")
	}
	var bands int
	var depths string // that there are, of this color type
	switch kind {
	case pngGray:
		bands, depths = 1, "\x01\x02\x04\x08\x10"
	case pngColor:
		bands, depths = 3, "\x08\x10"
	case pngIndexed:
		bands, depths = 3, "\x01\x02\x04\x08"
	case pngGrayAlpha:
		bands, depths = 2, "\x08\x10"
	case pngAlpha:
		bands, depths = 4, "\x08\x10"
	}
	known := false
	for i := range len(depths) {
		known = known || depths[i] == depth
	}
	if !known || c[10] != 0 || c[11] != 0 || interlace > 1 {
		return Header{}, damaged("its header is wrong")
	}
	samples := float64(bands)
	if kind == pngIndexed {
		samples = 1
	}
	return Header{
		Width: int(w), Height: int(h), Bands: bands, Depth: max(8, int(depth)), Samples: samples * min(8, float64(depth)) / 8,
		Alpha: kind == pngGrayAlpha || kind == pngAlpha, Whole: interlace == 1,
	}, nil
}

// transparent notes a tRNS chunk, from which a decoder makes alpha.
func (h *Header) transparent(kind byte) {
	if !h.Alpha && kind <= pngIndexed {
		h.Alpha = true
		h.Bands++
	}
}

// profilePNG notes an iCCP chunk: a name, a method and the profile, compressed.
// It is inflated only if it may be over the bound: deflate makes at most 1032
// bytes of one. Only the first chunk counts.
func (h *Header) profilePNG(chunk []byte) {
	_, stored, ok := bytes.Cut(chunk, []byte{0})
	if !ok || len(stored) < 2 || h.Profile > 0 {
		return
	}
	stored = stored[1:]
	h.Profile = len(stored)
	if len(stored) <= maxProfile/1032 {
		return
	}
	if n := inflated(stored, maxProfile); n > maxProfile {
		h.Profile = int(n)
	}
}

// textPNG returns the bytes of a text chunk once it is inflated, but if it is
// compressed at most one more than most: tEXt is not compressed; zTXt is behind a keyword, a 0 and a
// method; iTXt is behind a keyword, a 0, a flag, a method, and a language and
// another keyword that each end with a 0.
func textPNG(name string, chunk []byte, most int64) int64 {
	_, rest, ok := bytes.Cut(chunk, []byte{0})
	if ok && len(rest) > 2 {
		switch {
		case name == "zTXt":
			return inflated(rest[1:], most)
		case name == "iTXt" && rest[0] == 1:
			_, rest, _ = bytes.Cut(rest[2:], []byte{0})
			_, rest, _ = bytes.Cut(rest, []byte{0})
			return inflated(rest, most)
		}
	}
	return int64(len(chunk))
}

// inflated returns how many bytes stored data has once it is inflated, but at most
// one more than most. What is broken further on was inflated up to there.
func inflated(stored []byte, most int64) int64 {
	z, err := zlib.NewReader(bytes.NewReader(stored))
	if err != nil {
		return 0
	}
	n, _ := io.Copy(io.Discard, io.LimitReader(z, most+1))
	return n
}
