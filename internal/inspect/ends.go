package inspect

import (
	"bytes"
	"encoding/binary"

	"pixedge/internal/media"
)

// CutOff reports whether a JPEG or PNG stops before the mark that ends every file
// of its format: decoders tell only if they come that far. Of other formats [Read]
// sees it. What follows the end does not matter. It decodes nothing, allocates
// nothing and takes time linear in the length of data.
func CutOff(data []byte, f media.Format) bool {
	switch f {
	case media.JPEG:
		return !jpegEnds(data)
	case media.PNG:
		return !pngEnds(data)
	default:
		return false
	}
}

// jpegEnds looks for EOI behind the header. Headers may hold a small picture with
// an EOI of its own, coded data holds none (ITU-T T.81, B.1.1 and F.1.2.3).
func jpegEnds(data []byte) bool {
	const scan, filler = 0xda, 0xff
	at := 2 // behind SOI
	for at+4 <= len(data) && data[at] == 0xff && data[at+1] != scan {
		if data[at+1] == filler {
			at++
			continue
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
	}
	return at < len(data) && bytes.LastIndex(data[at:], []byte{0xff, 0xd9}) >= 0
}

// pngEnds goes from chunk to chunk: length, name, data, checksum (ISO/IEC 15948,
// 5.3).
func pngEnds(data []byte) bool {
	const signature, frame = 8, 12
	for at := signature; at+frame <= len(data); {
		length := binary.BigEndian.Uint32(data[at:])
		if string(data[at+4:at+8]) == "IEND" {
			return true
		}
		if uint64(length) > uint64(len(data)) {
			return false
		}
		at += frame + int(length)
	}
	return false
}
