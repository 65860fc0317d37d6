package svg

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"pixedge/internal/media"
)

// isPictureHead reports whether head, in small letters, is that of a data URL of
// a picture that is kept. What the picture is, its bytes say.
func isPictureHead(head string) bool {
	switch head {
	case "data:image/png;base64", "data:image/jpeg;base64", "data:image/jpg;base64",
		"data:image/gif;base64", "data:image/webp;base64":
		return true
	}
	return false
}

// picture returns the data URL of an embedded picture, written anew, or nothing
// if the data is none.
func (r *reader) picture(n *node, encoded string) (string, error) {
	encoded = strings.TrimRight(strings.Join(strings.Fields(encoded), ""), "=")
	data, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", nil //nolint:nilerr // A broken picture is left out, as a renderer does.
	}
	format, _ := media.Sniff(data)
	w, h := dimensions(format, data)
	if w <= 0 || h <= 0 {
		return "", nil
	}
	r.pictures++
	r.pixels += min(w, maxPixels+1) * min(h, maxPixels+1)
	switch {
	case r.pictures > maxPictures:
		return "", refused("has more than %d embedded pictures", maxPictures)
	case r.pixels > maxPixels:
		return "", refused("has embedded pictures of more than %d pixels", maxPixels)
	case format == media.JPEG && bytes.Count(data, []byte("\xff\xda")) > maxScans:
		return "", refused("has an embedded picture of more than %d scans", maxScans)
	}
	n.pixels = w * h
	return "data:" + format.MIME() + ";base64," + base64.StdEncoding.EncodeToString(data), nil
}

// dimensions reads the width and height of a picture from its header; they are 0
// if there is none.
func dimensions(format media.Format, data []byte) (w, h int) {
	read := map[media.Format]func(io.Reader) (image.Config, error){
		media.PNG: png.DecodeConfig, media.JPEG: jpeg.DecodeConfig, media.GIF: gif.DecodeConfig,
		media.WebP: webpConfig,
	}[format]
	if read == nil {
		return 0, 0
	}
	c, err := read(bytes.NewReader(data))
	if err != nil {
		return 0, 0
	}
	return c.Width, c.Height
}

// webpConfig reads the size of a WebP from its first chunk: of the canvas
// (VP8X), the lossless bit stream (VP8L) or the key frame (VP8, RFC 6386, 9.1).
func webpConfig(r io.Reader) (image.Config, error) {
	var b [30]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return image.Config{}, err
	}
	u16 := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
	switch string(b[12:16]) {
	case "VP8X":
		return image.Config{Width: 1 + u16(24) + int(b[26])<<16, Height: 1 + u16(27) + int(b[29])<<16}, nil
	case "VP8L":
		bits := binary.LittleEndian.Uint32(b[21:])
		return image.Config{Width: 1 + int(bits&0x3fff), Height: 1 + int(bits>>14&0x3fff)}, nil
	case "VP8 ":
		return image.Config{Width: u16(26) & 0x3fff, Height: u16(28) & 0x3fff}, nil
	}
	return image.Config{}, io.ErrUnexpectedEOF
}
