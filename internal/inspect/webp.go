package inspect

import "encoding/binary"

// Flags of VP8X.
const (
	webpMoves = 0x02
	webpAlpha = 0x10
)

// A webp is what is known of one so far.
type webp struct {
	Header
	flags    byte // of VP8X
	extended bool
	pictures int // of those that do not move
}

// readWebP reads the chunks of a RIFF file: type, length, content, and a byte
// of padding if the length is odd. What follows the RIFF is ignored.
func readWebP(data []byte) (Header, error) {
	const head = 12 // "RIFF", length from here on, "WEBP"
	size := int64(binary.LittleEndian.Uint32(data[4:])) + 8
	if size > int64(len(data)) {
		return Header{}, cutOff()
	}
	if size < head {
		return Header{}, damaged("its length is wrong")
	}
	w := webp{Header: Header{Depth: 8, Bands: 3, Samples: 1.5, Whole: true}}
	rest := data[head:size]
	for n := 0; len(rest) >= 8; n++ {
		name, chunk, after, ok := riffChunk(rest)
		if !ok {
			return Header{}, damaged("a chunk is longer than the file")
		}
		rest = after
		if err := w.chunk(n, name, chunk); err != nil {
			return Header{}, err
		}
		if !w.extended {
			break // the only one there is
		}
	}
	return w.finish()
}

// riffChunk returns the first chunk of data and what follows it.
func riffChunk(data []byte) (name, chunk, rest []byte, ok bool) {
	length := int64(binary.LittleEndian.Uint32(data[4:]))
	if length > int64(len(data))-8 {
		return nil, nil, nil, false
	}
	return data[:4], data[8 : 8+length], data[min(int64(len(data)), 8+length+length&1):], true
}

// chunk takes the nth chunk.
func (w *webp) chunk(n int, name, c []byte) error {
	kind := string(name)
	if n == 0 && kind != "VP8 " && kind != "VP8L" && kind != "VP8X" {
		return damaged("its chunks are in no order")
	}
	switch kind {
	case "VP8X":
		if n > 0 || len(c) < 10 {
			return damaged("its chunks are in no order")
		}
		w.extended, w.flags = true, c[0]
		w.Width, w.Height = 1+u24(c[4:]), 1+u24(c[7:])
		w.Alpha = c[0]&webpAlpha != 0
		w.Canvas = c[0]&webpMoves != 0
	case "VP8 ", "VP8L":
		return w.still(kind, c)
	case "ANMF":
		if w.flags&webpMoves != 0 {
			return w.frame(c)
		}
	case "ICCP":
		if w.Profile == 0 {
			w.Profile = len(c)
		}
	case "EXIF":
		if w.Orientation == 0 {
			w.Orientation = exifOrientation(withoutName(c))
		}
	}
	return nil
}

// withoutName returns EXIF data without what JPEG has before it, which some
// programs write here too.
func withoutName(exif []byte) []byte {
	const name = "Exif\x00\x00"
	if len(exif) >= len(name) && string(exif[:len(name)]) == name {
		return exif[len(name):]
	}
	return exif
}

// still takes the picture of a file that does not move. It has to be as large as
// the canvas, if there is one.
func (w *webp) still(kind string, c []byte) error {
	width, height, alpha, err := vp8(kind, c)
	switch {
	case err != nil:
		return err
	case w.flags&webpMoves != 0:
		return nil // not shown
	case w.extended && (width != w.Width || height != w.Height):
		return damaged("its sizes contradict each other")
	}
	w.Width, w.Height = width, height
	w.Lossless = kind == "VP8L"
	w.Alpha = w.Alpha || alpha
	w.pictures++
	return nil
}

// frame takes ANMF: left, top, width, height and duration, 3 bytes each, flags,
// and the chunks of a picture of that size, which has to be on the canvas.
func (w *webp) frame(c []byte) error {
	const head = 16
	if len(c) < head {
		return damaged("a frame is too short")
	}
	x, y, width, height := 2*u24(c), 2*u24(c[3:]), 1+u24(c[6:]), 1+u24(c[9:])
	if x+width > w.Width || y+height > w.Height {
		return damaged("a frame is not on the canvas")
	}
	pictures := 0
	for rest := c[head:]; len(rest) >= 8; {
		name, chunk, after, ok := riffChunk(rest)
		if !ok {
			return damaged("a chunk is longer than its frame")
		}
		rest = after
		kind := string(name)
		if kind != "VP8 " && kind != "VP8L" {
			continue
		}
		fw, fh, _, err := vp8(kind, chunk)
		if err != nil {
			return err
		}
		if fw != width || fh != height {
			return damaged("its sizes contradict each other")
		}
		w.Lossless = w.Lossless || kind == "VP8L"
		pictures++
	}
	if pictures != 1 {
		return damaged("a frame has no picture")
	}
	w.Frames++
	return nil
}

// finish returns the header once all chunks were seen.
func (w *webp) finish() (Header, error) {
	if w.pictures == 0 && w.Frames == 0 {
		return Header{}, damaged("it has no picture")
	}
	if w.pictures > 1 {
		return Header{}, damaged("it has two pictures")
	}
	if w.Alpha {
		w.Bands = 4
		w.Samples++
	}
	if w.Lossless {
		w.Samples = 4
	}
	return w.Header, nil
}

// vp8 reads the size of a bit stream: VP8 (RFC 6386, 9.1), a key frame with its
// start code, or VP8L (RFC 9649, 3.4), whose header tells of alpha too.
func vp8(kind string, c []byte) (w, h int, alpha bool, err error) {
	switch {
	case kind == "VP8 " && len(c) >= 10 && c[0]&1 == 0 && string(c[3:6]) == "\x9d\x01\x2a":
		w, h = int(binary.LittleEndian.Uint16(c[6:]))&0x3fff, int(binary.LittleEndian.Uint16(c[8:]))&0x3fff
	case kind == "VP8L" && len(c) >= 5 && c[0] == 0x2f && c[4]>>5 == 0:
		packed := binary.LittleEndian.Uint32(c[1:])
		w, h, alpha = 1+int(packed&0x3fff), 1+int(packed>>14&0x3fff), packed>>28&1 == 1
	default:
		return 0, 0, false, damaged("its bit stream is wrong")
	}
	if w == 0 || h == 0 {
		return 0, 0, false, damaged("it has no pixels")
	}
	return w, h, alpha, nil
}
