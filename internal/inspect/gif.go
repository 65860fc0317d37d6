package inspect

import "encoding/binary"

// Blocks of GIF (GIF89a, 17 to 27).
const (
	gifScreen      = 13 // bytes of header and logical screen descriptor
	gifDescriptor  = 10 // bytes of an image descriptor, with its introducer
	gifControl     = 0xf9
	gifExtension   = 0x21
	gifImage       = 0x2c
	gifTransparent = 1 // flag of a graphic control extension
)

// readGIF goes from block to block. What follows the trailer, or is in its
// place, is ignored once there was a picture; but without a trailer nobody can tell
// how many frames are missing. Frames that reach beyond the screen
// enlarge it, as in libnsgif.
func readGIF(data []byte) (Header, error) {
	if len(data) < gifScreen {
		return Header{}, cutOff()
	}
	h := Header{Depth: 8, Bands: 3, Samples: 1, Whole: true}
	h.Width, h.Height = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	at := gifScreen + colorTable(data[10])
	for at < len(data) {
		end := at
		switch {
		case data[at] == gifExtension:
			if at+3 < len(data) && data[at+1] == gifControl {
				h.Alpha = h.Alpha || data[at+3]&gifTransparent != 0
			}
			end = afterSubBlocks(data, at+2) // introducer, label
		case data[at] == gifImage && at+gifDescriptor <= len(data):
			d := data[at : at+gifDescriptor]
			h.Frames++
			h.Width = max(h.Width, int(binary.LittleEndian.Uint16(d[1:]))+int(binary.LittleEndian.Uint16(d[5:])))
			h.Height = max(h.Height, int(binary.LittleEndian.Uint16(d[3:]))+int(binary.LittleEndian.Uint16(d[7:])))
			end = afterSubBlocks(data, at+gifDescriptor+colorTable(d[9])+1) // descriptor, colors, size of codes
		case data[at] == gifImage:
			return Header{}, cutOff()
		}
		if end > len(data) {
			return Header{}, cutOff()
		}
		if end == at {
			break // the trailer, or nonsense
		}
		at = end
	}
	switch {
	case h.Frames == 0:
		return Header{}, damaged("it has no frame")
	case at >= len(data):
		return Header{}, cutOff()
	}
	if h.Alpha {
		h.Bands = 4
	}
	return h, nil
}

// colorTable returns the bytes that a color table has according to the packed
// field of a descriptor.
func colorTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (1 + packed&7)
}

// afterSubBlocks returns where the sub-blocks end that begin at i, beyond the
// end of data if they run over it. Each has its length before it, and the last
// has none.
func afterSubBlocks(data []byte, i int) int {
	for i < len(data) && data[i] != 0 {
		i += 1 + int(data[i])
	}
	return i + 1
}
