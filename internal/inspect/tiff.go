package inspect

import (
	"encoding/binary"
	"math"
)

// Tags of TIFF 6.0 and its supplements.
const (
	tagSubfile     = 254
	tagWidth       = 256
	tagHeight      = 257
	tagBits        = 258
	tagCompression = 259
	tagPhotometric = 262
	tagStrips      = 273
	tagOrientation = 274
	tagSamples     = 277
	tagRows        = 278
	tagStripBytes  = 279
	tagPlanar      = 284
	tagTileWidth   = 322
	tagTileHeight  = 323
	tagTiles       = 324
	tagTileBytes   = 325
	tagSubIFDs     = 330
	tagExtra       = 338
	tagSampleKind  = 339
	tagProfile     = 34675
)

// A tiff is read in the order of bytes that it names. Offsets are from its
// beginning.
type tiff struct {
	data  []byte
	order binary.ByteOrder
	big   bool // BigTIFF: numbers of 8 bytes where others have 4
}

// A directory is one IFD.
type directory struct {
	at      uint64 // of its first entry
	entries int
	next    uint64 // 0 if it is the last
	size    int    // in bytes
}

// An entry is a field of a directory. Its values are in the file.
type entry struct {
	tag   uint16
	width uint64 // bytes of a value; 0 if the type is no whole number
	count uint64
	at    uint64 // of the first value
}

// openTIFF reads the header and returns where the first directory is.
func openTIFF(data []byte) (t tiff, first uint64, ok bool) {
	if len(data) < 8 {
		return t, 0, false
	}
	t = tiff{data: data, order: binary.LittleEndian}
	if data[0] == 'M' {
		t.order = binary.BigEndian
	}
	switch string(data[:4]) {
	case "II*\x00", "MM\x00*":
		first, ok = t.uint(4, 4)
	case "II+\x00", "MM\x00+":
		t.big = true
		width, _ := t.uint(4, 2)
		first, ok = t.uint(8, 8)
		ok = ok && width == 8
	}
	return t, first, ok
}

// uint reads a number of 1, 2, 4 or 8 bytes.
func (t tiff) uint(at, width uint64) (n uint64, ok bool) {
	if at > uint64(len(t.data)) || width > uint64(len(t.data))-at {
		return 0, false
	}
	switch b := t.data[at : at+width]; width {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(t.order.Uint16(b)), true
	case 4:
		return uint64(t.order.Uint32(b)), true
	case 8:
		return t.order.Uint64(b), true
	}
	return 0, false
}

// directory reads where the entries of a directory are: their number, they
// themselves, and where the next directory is.
func (t tiff) directory(at uint64) (directory, bool) {
	number, each, pointer := t.widths()
	n, ok := t.uint(at, number)
	if !ok || n == 0 || n > uint64(len(t.data))/each {
		return directory{}, false
	}
	d := directory{at: at + number, entries: int(n), size: int(number + n*each + pointer)}
	d.next, ok = t.uint(d.at+n*each, pointer)
	return d, ok
}

// widths returns how many bytes a number of entries, an entry and a pointer have.
func (t tiff) widths() (number, each, pointer uint64) {
	if t.big {
		return 8, 20, 8
	}
	return 2, 12, 4
}

// entry reads the ith entry of a directory: tag, type, number of values, and the
// values or, if they do not fit, where they are.
func (t tiff) entry(d directory, i int) entry {
	_, each, pointer := t.widths()
	at := d.at + uint64(i)*each
	tag, _ := t.uint(at, 2)
	kind, _ := t.uint(at+2, 2)
	count, _ := t.uint(at+4, pointer)
	e := entry{tag: uint16(tag), width: widthOf(kind), count: count, at: at + 4 + pointer}
	if e.width == 0 || count > uint64(len(t.data))/e.width || count*e.width > pointer {
		e.at, _ = t.uint(e.at, pointer)
	}
	return e
}

// widthOf returns the bytes of a value of BYTE, SHORT, LONG, UNDEFINED, IFD,
// LONG8 and IFD8, the only types that matter here.
func widthOf(kind uint64) uint64 {
	switch kind {
	case 1, 7:
		return 1
	case 3:
		return 2
	case 4, 13:
		return 4
	case 16, 18:
		return 8
	}
	return 0
}

// value returns the ith value of an entry.
func (t tiff) value(e entry, i uint64) (uint64, bool) {
	if i >= e.count || i > uint64(len(t.data)) || e.width == 0 || e.at > math.MaxInt64 {
		return 0, false
	}
	return t.uint(e.at+i*e.width, e.width)
}

// bytes returns the values of an entry as they are stored; none if they are not in
// the file.
func (t tiff) bytes(e entry) []byte {
	size := uint64(len(t.data))
	if e.count > size || e.at > size || e.count*e.width > size-e.at {
		return nil
	}
	return t.data[e.at : e.at+e.count*e.width]
}

// orientation returns the value of an entry, or 1 if it is none.
func (t tiff) orientation(e entry) int {
	if o, ok := t.value(e, 0); ok && o >= 1 && o <= 8 {
		return int(o)
	}
	return 1
}

// readTIFF reads the first directory, whose picture is the one that is decoded,
// looks whether others are its pyramid, and counts the rest. Directories that lie over
// one another, as in a loop, are together longer than the file.
func readTIFF(data []byte) (Header, error) {
	t, at, ok := openTIFF(data)
	if !ok {
		return Header{}, cutOff()
	}
	var top summit
	var h Header
	left := len(data)
	for n := 0; n == 0 || at != 0; n++ {
		d, ok := t.directory(at)
		if !ok {
			return Header{}, damaged("a directory is not in the file")
		}
		if left -= d.size; left < 0 {
			return Header{}, damaged("its directories overlap")
		}
		if n == maxDirectories {
			return Header{}, refused("the picture has more than %d pages", maxDirectories)
		}
		if n == 0 {
			first, err := t.page(d)
			if err != nil {
				return Header{}, err
			}
			h, top.page = first.header(), first
			t.subIFDs(&top)
		} else {
			t.raise(&top, d, false)
		}
		h.Frames, at = n+1, d.next
	}
	h.Pyramid = top.pyramid
	h.Frames -= top.pyramid.pages()
	return h, nil
}
