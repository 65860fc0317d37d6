package inspect

// A property is what a box of ipco says, as far as it matters.
type property struct {
	kind kindOfProperty
	a, b uint32
}

type kindOfProperty uint8

const (
	otherProperty kindOfProperty = iota
	sizeProperty                 // ispe: a by b pixels
	codecProperty                // av1C, hvcC: a bits a channel, b tenths of a number a pixel
	depthProperty                // pixi: a bits a channel
	colorProperty                // colr: a profile of a bytes
	turnProperty                 // irot: a quarters of a circle
	alphaProperty                // auxC: the item is somebody's alpha
)

// properties reads ipco, to which items refer by numbers from 1 on.
func (h *heif) properties() error {
	return eachBox(h.ipco, func(b box) error {
		if h.count == maxProperties {
			return refused("the picture has more than %d properties", maxProperties)
		}
		p, err := h.property(b)
		h.props[h.count] = p
		h.count++
		return err
	})
}

func (h *heif) property(b box) (property, error) {
	c := cursor{data: b.body}
	p := property{}
	switch string(b.name) {
	case "ispe":
		c.take(4)
		p = property{sizeProperty, uint32(c.uint(4)), uint32(c.uint(4))}
	case "pixi":
		c.take(4)
		p.kind = depthProperty
		for range c.byte() {
			p.a = max(p.a, uint32(c.byte()))
		}
	case "av1C":
		return h.av1Config(b.body)
	case "hvcC":
		return h.hevcConfig(b.body)
	case "colr":
		if kind := c.take(4); string(kind) == "prof" || string(kind) == "rICC" {
			p = property{kind: colorProperty, a: uint32(len(c.data))}
		}
		return p, nil
	case "irot":
		p = property{kind: turnProperty, a: uint32(c.byte() & 3)}
	case "auxC":
		const mpeg, hevc = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00", "urn:mpeg:hevc:2015:auxid:1\x00"
		c.take(4)
		if name := string(c.data[:min(len(c.data), len(mpeg))]); name == mpeg || len(name) >= len(hevc) && name[:len(hevc)] == hevc {
			p.kind = alphaProperty
		}
	}
	if c.over {
		return p, damaged("a property ends too early")
	}
	return p, nil
}

// associations calls do for all items that ipma says the properties of.
func (h *heif) associations(do func(id uint16, d described) error) error {
	c, version, flags := full(h.ipma)
	number := c.uint(4)
	for range number {
		id, err := c.item(version > 0)
		if err != nil {
			return err
		}
		var p described
		for range c.byte() {
			n := c.uint(1) & 0x7f // the highest bit is whether it matters
			if flags&1 == 1 {
				n = n<<8 | c.uint(1)
			}
			if n > uint64(h.count) {
				return damaged("an item has a property that is not there")
			}
			if n > 0 {
				p.add(h.props[n-1])
			}
		}
		if c.over {
			return damaged("a list of items ends too early")
		}
		if err := do(id, p); err != nil {
			return err
		}
	}
	return nil
}

// described is an item by its properties.
type described struct {
	w, h    uint32
	codec   property
	depth   uint32
	profile uint32
	angle   int
	alpha   bool
}

func (d *described) add(p property) {
	switch p.kind {
	case sizeProperty:
		d.w, d.h = p.a, p.b
	case codecProperty:
		d.codec = p
	case depthProperty:
		d.depth = p.a
	case colorProperty:
		d.profile = p.a
	case turnProperty:
		d.angle += int(p.a)
	case alphaProperty:
		d.alpha = true
	case otherProperty:
	}
}

// findAlpha notes which layer is the alpha of the picture.
func (h *heif) findAlpha(id uint16, d described) error {
	if !d.alpha || !h.layers.has(id) || id == h.main.id {
		return nil
	}
	if h.Alpha && h.mask.id != id {
		return damaged("it has alpha twice")
	}
	h.Alpha, h.mask.id = true, id
	return nil
}

// describe notes the properties of an item that is shown.
func (h *heif) describe(id uint16, d described) error {
	size := coded{int(min(d.w, maxSide)), int(min(d.h, maxSide))}
	if id == h.main.id {
		h.Profile, h.angle = int(d.profile), d.angle
	}
	if id == h.main.id || h.main.tiles.has(id) {
		h.precision(d)
	}
	for _, w := range [...]*whole{&h.main, &h.mask} {
		if w == &h.mask && !h.Alpha {
			break
		}
		if id == w.id {
			w.size = size
			h.shown.add(id)
		}
		if !w.tiles.has(id) || !h.grids.has(w.id) {
			continue
		}
		h.shown.add(id)
		switch {
		case !h.isCoded(id): // nothing is made of parts that are made of parts
			return unread("HEIF pictures made of such parts")
		case size.w == 0 || size.h == 0 || w.tile != (coded{}) && w.tile != size:
			return damaged("its tiles differ in size")
		}
		w.tile = size
	}
	if h.Alpha && id == h.mask.id && !h.isCoded(id) && !h.grids.has(id) {
		return unread("HEIF pictures made of such parts")
	}
	return nil
}

// precision notes bits and channels of what is shown.
func (h *heif) precision(d described) {
	if max(d.codec.a, d.depth) > 8 {
		h.Depth = 16
	}
	if d.codec.b > 0 {
		h.Samples = float64(d.codec.b) / 2
	}
}
