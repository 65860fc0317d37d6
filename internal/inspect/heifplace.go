package inspect

// locations reads iloc, where the bytes of items are, and looks into those that are
// shown. All others may be anywhere.
func (h *heif) locations() error {
	c, version, _ := full(h.iloc)
	sizes := c.uint(2)
	l := layout{offset: int(sizes >> 12), length: int(sizes >> 8 & 15), base: int(sizes >> 4 & 15), version: version}
	if version > 0 {
		l.index = int(sizes & 15)
	}
	if max(l.offset, l.length, l.base, l.index) > 8 || version > 2 {
		return damaged("its items are nowhere")
	}
	number := c.uint(2)
	if version == 2 {
		number = number<<16 | c.uint(2)
	}
	found := false
	for range number {
		id, err := c.item(version == 2)
		if err != nil {
			return err
		}
		first, err := h.extents(&c, l, h.shown.has(id))
		if err == nil && h.shown.has(id) {
			found = found || id == h.main.id
			err = h.look(id, first)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return damaged("its items are nowhere")
	}
	return nil
}

// A layout says how many bytes the numbers of iloc have.
type layout struct {
	version                     byte
	offset, length, base, index int
}

// extents reads where an item is and returns the first part of it. All parts have
// to be there if it is shown.
func (h *heif) extents(c *cursor, l layout, shown bool) (first []byte, err error) {
	method := uint64(0)
	if l.version > 0 {
		method = c.uint(2) & 15
	}
	c.take(2) // data reference
	base := c.uint(l.base)
	n := c.uint(2)
	if l.index+l.offset+l.length == 0 {
		n = min(n, 1) // all are the same, and take no bytes
	}
	for i := range n {
		c.uint(l.index)
		at, size := c.uint(l.offset), c.uint(l.length)
		if c.over {
			break
		}
		part, ok := h.part(method, base, at, size)
		if shown && !ok {
			return nil, cutOff()
		}
		if i == 0 {
			first = part
		}
	}
	if c.over {
		return nil, damaged("a list of items ends too early")
	}
	return first, nil
}

// part returns the bytes of an extent. A size of 0 means all there are.
func (h *heif) part(method, base, at, size uint64) ([]byte, bool) {
	from := h.file
	switch method {
	case 0: // in the file
	case 1:
		from = h.idat
	default: // in other items
		return nil, false
	}
	total := uint64(len(from))
	if base > total || at > total-base {
		return nil, false
	}
	from = from[base+at:]
	if size == 0 {
		return from, len(from) > 0
	}
	if size > uint64(len(from)) {
		return nil, false
	}
	return from[:size], true
}

// look looks into the bytes of an item: how many tiles a grid has, and how large
// a picture is that a decoder will meet.
func (h *heif) look(id uint16, first []byte) error {
	for _, w := range [...]*whole{&h.main, &h.mask} {
		if id == w.id && h.grids.has(id) {
			return w.cells(first)
		}
	}
	if !h.av1.has(id) {
		return nil // HEVC says it in a property
	}
	size, ok := av1Size(first)
	if !ok {
		return damaged("its AV1 stream begins with no sequence header")
	}
	h.coded = h.coded.and(size)
	return nil
}

// cells reads the content of a grid item (6.6.2.3): version, flags, rows and
// columns less 1, width and height.
func (w *whole) cells(data []byte) error {
	c := cursor{data: data}
	c.byte()
	bytes := 2
	if c.byte()&1 == 1 {
		bytes = 4
	}
	rows, columns := int(c.byte())+1, int(c.byte())+1
	size := coded{int(c.uint(bytes)), int(c.uint(bytes))}
	switch {
	case c.over:
		return damaged("its grid ends too early")
	case rows*columns != w.pieces:
		return damaged("its grid has other tiles than it says")
	case size != w.size:
		return damaged("its sizes contradict each other")
	case w.tile.w*columns < size.w || w.tile.h*rows < size.h:
		return damaged("its tiles leave gaps")
	case w.tile.w*(columns-1) >= size.w || w.tile.h*(rows-1) >= size.h,
		w.tile.w > size.w+1024, w.tile.h > size.h+1024:
		return damaged("it has tiles that nobody sees")
	}
	return nil
}
