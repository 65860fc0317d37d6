package inspect

import (
	"cmp"
	"math"
)

// A heif is what is known of a HEIF or AVIF so far (ISO/IEC 23008-12). Of its
// items matter the primary one, the tiles it is made of, and its alpha. A clean
// aperture, which only cuts off, is left out.
type heif struct {
	Header
	file []byte

	pitm, iinf, iloc, iref, ipco, ipma, idat []byte // bodies of the boxes

	main   whole // the primary item
	mask   whole // its alpha
	layers ids   // of the primary item; one may be its alpha
	minor  ids   // thumbnails and layers of whatever
	av1    ids   // items coded by AV1
	hevc   ids   // items coded by HEVC
	grids  ids
	shown  ids // the primary item, its alpha, and the tiles of both

	props [maxProperties]property
	count int // of props

	angle int   // quarters of a circle
	coded coded // covers all bit streams that a decoder meets
}

// A whole is an item that is coded, or a grid of tiles that are.
type whole struct {
	id     uint16
	tiles  ids
	pieces int // how many tiles it names
	size   coded
	tile   coded // size of a tile; 0 by 0 if there are none
}

// ids is a set of items.
type ids [math.MaxUint16/64 + 1]uint64

func (s *ids) add(id uint16)      { s[id/64] |= 1 << (id % 64) }
func (s *ids) has(id uint16) bool { return s[id/64]>>(id%64)&1 == 1 }

// readHEIF reads the boxes on the uppermost level, of which meta is one, and what
// meta says of the primary item. There are no levels that it does not know, so
// none is nested deeper.
func readHEIF(data []byte) (Header, error) {
	h := heif{Header: Header{Depth: 8, Bands: 3, Samples: 1.5, Whole: true}, file: data}
	var meta []byte
	for rest := data; meta == nil; {
		b, after, ok := nextBox(rest)
		if !ok {
			return Header{}, damaged("it has no box of items")
		}
		if b.is("meta") {
			meta = b.body
		}
		rest = after
	}
	// Each step needs those before it, and comes to no harm where they failed.
	err := cmp.Or(h.boxes(meta), h.primaryItem(), h.references(h.layer), h.items(), h.properties(),
		h.associations(h.findAlpha), h.references(h.piece), h.associations(h.describe), h.locations(), h.finish())
	return h.Header, err
}

// boxes finds the boxes of meta, each of which may be there once.
func (h *heif) boxes(meta []byte) error {
	c := cursor{data: meta}
	c.take(4) // version, flags
	return eachBox(c.data, func(b box) error {
		switch string(b.name) {
		case "pitm":
			return keep(&h.pitm, b)
		case "iinf":
			return keep(&h.iinf, b)
		case "iloc":
			return keep(&h.iloc, b)
		case "iref":
			return keep(&h.iref, b)
		case "idat":
			return keep(&h.idat, b)
		case "iprp":
			return eachBox(b.body, func(b box) error {
				switch string(b.name) {
				case "ipco":
					return keep(&h.ipco, b)
				case "ipma":
					return keep(&h.ipma, b)
				}
				return nil
			})
		}
		return nil
	})
}

func keep(to *[]byte, b box) error {
	if *to != nil {
		return damaged("a box is there twice")
	}
	*to = b.body
	return nil
}

// full reads version and flags of a box.
func full(body []byte) (c cursor, version byte, flags uint32) {
	c = cursor{data: body}
	n := c.uint(4)
	return c, byte(n >> 24), uint32(n & 0xffffff)
}

// item reads the number of an item, of 2 bytes or 4.
func (c *cursor) item(wide bool) (uint16, error) {
	bytes := 2
	if wide {
		bytes = 4
	}
	id := c.uint(bytes)
	if c.over {
		return 0, damaged("a list of items ends too early")
	}
	if id > math.MaxUint16 {
		return 0, damaged("the number of an item is too large")
	}
	return uint16(id), nil
}

func (h *heif) primaryItem() (err error) {
	c, version, _ := full(h.pitm)
	h.main.id, err = c.item(version > 0)
	return err
}

// references calls do for all that iref says: of what kind a reference is, from
// which item, and to which.
func (h *heif) references(do func(kind []byte, from, to uint16)) error {
	if h.iref == nil {
		return nil
	}
	c, version, _ := full(h.iref)
	return eachBox(c.data, func(b box) error {
		c := cursor{data: b.body}
		from, err := c.item(version > 0)
		if err != nil {
			return err
		}
		for range c.uint(2) {
			to, err := c.item(version > 0)
			if err != nil {
				return err
			}
			do(b.name, from, to)
		}
		return nil
	})
}

// layer notes what is only a thumbnail or a layer of something.
func (h *heif) layer(kind []byte, from, to uint16) {
	switch string(kind) {
	case "auxl":
		if to == h.main.id {
			h.layers.add(from)
		}
		h.minor.add(from)
	case "thmb":
		h.minor.add(from)
	}
}

// piece notes what the primary item and its alpha are made of.
func (h *heif) piece(kind []byte, from, to uint16) {
	if string(kind) != "dimg" {
		return
	}
	for _, w := range [...]*whole{&h.main, &h.mask} {
		if from == w.id && (w == &h.main || h.Alpha) {
			w.tiles.add(to)
			w.pieces++
		}
	}
}

// items reads iinf: what each item is. Pictures that are coded otherwise than by
// AV1 and HEVC, and made of others otherwise than as a grid of those, are not read.
func (h *heif) items() error {
	c, version, _ := full(h.iinf)
	if version == 0 {
		c.uint(2)
	} else {
		c.uint(4)
	}
	found := false
	err := eachBox(c.data, func(b box) error {
		c, version, flags := full(b.body)
		if !b.is("infe") || version < 2 {
			return nil
		}
		id, err := c.item(version > 2)
		if err != nil {
			return err
		}
		c.take(2) // protection
		kind := c.take(4)
		isGrid := string(kind) == "grid"
		switch string(kind) {
		case "av01":
			h.av1.add(id)
		case "hvc1":
			h.hevc.add(id)
		case "grid":
			h.grids.add(id)
		}
		if (h.isCoded(id) || isGrid) && flags&1 == 0 && !h.minor.has(id) {
			h.Frames++
		}
		if id == h.main.id {
			found = true
			if !h.isCoded(id) && !isGrid {
				return unread("HEIF pictures coded in that way")
			}
		}
		return nil
	})
	if err == nil && !found {
		return damaged("it has no primary item")
	}
	return err
}

func (h *heif) isCoded(id uint16) bool { return h.av1.has(id) || h.hevc.has(id) }

// finish compares sizes: a decoder takes memory by what is coded, whatever the
// boxes say. Coded sizes are rounded up to whole blocks.
func (h *heif) finish() error {
	if h.main.size.w == 0 || h.main.size.h == 0 {
		return damaged("it has no size")
	}
	const block = 64
	h.Width, h.Height = h.main.size.w, h.main.size.h
	h.TileWidth, h.TileHeight = h.main.tile.w, h.main.tile.h
	// Every stream is of the picture, of its alpha or of a tile.
	most := h.main.size
	if h.main.tile.w > 0 {
		most = h.main.tile
	}
	least := most
	if h.Alpha {
		most = most.and(h.mask.size).and(h.mask.tile)
	}
	switch {
	case h.coded.w == 0:
		return damaged("its coded size is nowhere")
	case h.mask.size.w > h.Width || h.mask.size.h > h.Height,
		h.coded.w < least.w || h.coded.w > most.w+block || h.coded.h < least.h || h.coded.h > most.h+block:
		return damaged("its sizes contradict each other")
	}
	if h.angle%2 == 1 {
		h.Width, h.Height = h.Height, h.Width
	}
	if h.Alpha {
		h.Bands++
		h.Samples++
	}
	return nil
}
