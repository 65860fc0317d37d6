package media

import "encoding/binary"

// A tiff is a file of TIFF 6.0, or of BigTIFF, which has wider numbers.
type tiff struct {
	data  []byte
	order binary.ByteOrder
	big   bool
}

// tiffEnds reports whether the pixels of the first picture of a TIFF are inside
// the file. Those of later pictures are shown by nobody here. A directory that
// cannot be read is left to the decoder, who can do no more.
func tiffEnds(data []byte) bool {
	const offsets, counts, tileOffsets, tileCounts = 273, 279, 324, 325
	if len(data) < 16 {
		return false
	}
	t := tiff{data: data, order: binary.LittleEndian}
	if data[0] == 'M' {
		t.order = binary.BigEndian
	}
	t.big = t.order.Uint16(data[2:]) == 43
	for _, tags := range [][2]uint16{{offsets, counts}, {tileOffsets, tileCounts}} {
		where, n := t.field(tags[0])
		long, m := t.field(tags[1])
		for i := range min(n, m) {
			begin, size, all := where(i), long(i), uint64(len(data))
			if begin > all || size > all-begin {
				return false
			}
		}
	}
	return true
}

// field returns the numbers that the first directory has for a tag, and how many
// of them can be read; none if there is no such tag.
func (t tiff) field(tag uint16) (at func(uint64) uint64, n uint64) {
	width, entry, begin := uint64(4), uint64(12), uint64(4)
	if t.big {
		width, entry, begin = 8, 20, 8
	}
	dir := t.number(begin, width)
	entries, first := t.number(dir, 2), dir+2
	if t.big {
		entries, first = t.number(dir, 8), dir+8
	}
	for i := range min(entries, uint64(len(t.data))/entry) {
		e := first + i*entry
		if t.number(e, 2) != uint64(tag) {
			continue
		}
		size := map[uint64]uint64{3: 2, 4: 4, 16: 8}[t.number(e+2, 2)] // SHORT, LONG, LONG8
		count, values := t.number(e+4, width), e+4+width
		if size == 0 || count > uint64(len(t.data)) {
			break
		}
		if count*size > width {
			values = t.number(values, width)
		}
		return func(i uint64) uint64 { return t.number(values+i*size, size) }, count
	}
	return nil, 0
}

// number reads a number of 2, 4 or 8 bytes, or 0 where there is none.
func (t tiff) number(at, size uint64) uint64 {
	if at > uint64(len(t.data)) || uint64(len(t.data))-at < size {
		return 0
	}
	b := t.data[at : at+size]
	switch size {
	case 2:
		return uint64(t.order.Uint16(b))
	case 4:
		return uint64(t.order.Uint32(b))
	default:
		return t.order.Uint64(b)
	}
}
