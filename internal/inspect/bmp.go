package inspect

import "encoding/binary"

// readBMP reads both headers of a BMP. Of what is read there are no run lengths,
// no 16 bits and no OS/2. A picture has to be as long as its header says.
func readBMP(data []byte) (Header, error) {
	const head, most = 14 + 40, 1 << 31
	if len(data) < head {
		return Header{}, cutOff()
	}
	le := binary.LittleEndian
	begin, info := le.Uint32(data[10:]), le.Uint32(data[14:])
	w, h := int64(int32(le.Uint32(data[18:]))), int64(int32(le.Uint32(data[22:]))) // signed
	planes, depth, compression := le.Uint16(data[26:]), le.Uint16(data[28:]), le.Uint32(data[30:])
	masks := compression == 3 && depth == 32
	switch {
	case info != 40 && info != 108 && info != 124, planes != 1, compression != 0 && !masks:
		return Header{}, unreadBMP()
	case depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 24 && depth != 32:
		return Header{}, unreadBMP()
	}
	h = max(h, -h) // negative if the top row is first
	if w < 1 || h < 1 || h >= most {
		return Header{}, damaged("its size is none")
	}
	row := (w*int64(depth) + 31) / 32 * 4 // at most 2^33
	if left := int64(len(data)) - int64(begin); left < 0 || h > left/row {
		return Header{}, cutOff()
	}
	out := Header{Width: int(w), Height: int(h), Bands: 3, Depth: 8, Samples: 3, Whole: true}
	if depth == 32 && info > 40 {
		out.Bands, out.Alpha = 4, true
	}
	return out, nil
}

func unreadBMP() error {
	return refused("BMP pictures of this kind cannot be read; those that can are uncompressed, of 1, 2, 4, 8, 24 or 32 bits")
}
