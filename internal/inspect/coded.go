package inspect

// Sizes in the bit streams of AV1 and HEVC. A decoder takes memory by them.

// coded is the size of a coded picture; 0 by 0 is unknown.
type coded struct{ w, h int }

// and returns a size that covers both.
func (c coded) and(o coded) coded { return coded{max(c.w, o.w), max(c.h, o.h)} }

// halves returns how many halves of a number a pixel has: luma, and two chroma
// channels that may have half the columns and half the rows.
func halves(mono, halfWidth, halfHeight bool) uint32 {
	switch {
	case mono:
		return 2
	case halfWidth && halfHeight:
		return 3
	case halfWidth:
		return 4
	}
	return 6
}

// av1Config reads av1C (AV1 in ISOBMFF, 2.3), which may hold a sequence header.
func (h *heif) av1Config(body []byte) (property, error) {
	if len(body) < 4 || body[0] != 0x81 {
		return property{}, damaged("its AV1 configuration is wrong")
	}
	flags := body[2]
	depth := uint32(8)
	if flags&0x40 != 0 {
		depth = 10 // or 12, which takes as much
	}
	size, _ := av1Size(body[4:])
	h.coded = h.coded.and(size)
	return property{codecProperty, depth, halves(flags&0x10 != 0, flags&8 != 0, flags&4 != 0)}, nil
}

// av1Size returns the size in the first sequence header of an AV1 stream (AV1, 5.3
// to 5.5). It is the first unit there is, or comes soon.
func av1Size(data []byte) (coded, bool) {
	const sequenceHeader, soon = 1, 8
	c := cursor{data: data}
	for range soon {
		if len(c.data) == 0 || c.over {
			break
		}
		head := c.byte()
		if head&4 != 0 {
			c.byte() // extension
		}
		size := uint64(len(c.data))
		if head&2 != 0 {
			size = leb128(&c)
		}
		body := c.take(int(min(size, uint64(len(c.data))+1)))
		if head>>3&15 == sequenceHeader {
			return av1Sequence(body)
		}
	}
	return coded{}, false
}

// leb128 reads a number of 7 bits a byte, the least significant first.
func leb128(c *cursor) uint64 {
	var n uint64
	for i := range 8 {
		b := c.byte()
		n |= uint64(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			break
		}
	}
	return n
}

// av1Sequence reads a sequence header up to the size.
func av1Sequence(data []byte) (coded, bool) {
	b := bits{data: data}
	b.skip(3 + 1) // profile, still_picture
	if reduced := b.flag(); reduced {
		b.skip(5) // level
	} else {
		av1Points(&b)
	}
	wide, high := int(b.read(4))+1, int(b.read(4))+1
	size := coded{int(b.read(wide)) + 1, int(b.read(high)) + 1}
	return size, !b.over
}

// av1Points passes over times and operating points.
func av1Points(b *bits) {
	delay, decoder := 0, false
	if timing := b.flag(); timing {
		b.skip(32 + 32)
		if equal := b.flag(); equal {
			b.golomb()
		}
		if decoder = b.flag(); decoder {
			delay = int(b.read(5)) + 1
			b.skip(32 + 5 + 5)
		}
	}
	display := b.flag()
	for range b.read(5) + 1 {
		b.skip(12)
		if level := b.read(5); level > 7 {
			b.skip(1)
		}
		if decoder && b.flag() {
			b.skip(2*delay + 1)
		}
		if display && b.flag() {
			b.skip(4)
		}
	}
}

// hevcConfig reads hvcC (ISO/IEC 14496-15, 8.3.3.1): 22 bytes, and lists of NAL
// units by type. It has to hold a sequence parameter set.
func (h *heif) hevcConfig(body []byte) (property, error) {
	const sps = 33
	c := cursor{data: body}
	head := c.take(22)
	for range c.byte() {
		kind := c.byte() & 0x3f
		for range c.uint(2) {
			unit := c.take(int(c.uint(2)))
			if c.over {
				return property{}, damaged("its HEVC configuration ends too early")
			}
			if kind != sps {
				continue
			}
			size, ok := hevcSequence(unit)
			if !ok {
				return property{}, damaged("its HEVC configuration is wrong")
			}
			h.coded = h.coded.and(size)
		}
	}
	if c.over {
		return property{}, damaged("its HEVC configuration ends too early")
	}
	chroma, depth := head[16]&3, 8+head[17]&7
	return property{codecProperty, uint32(depth), halves(chroma == 0, chroma == 1 || chroma == 2, chroma == 1)}, nil
}

// hevcSequence reads a sequence parameter set (ITU-T H.265, 7.3.2.2) up to the
// size. Bytes 3 that keep start codes out are dropped; the beginning is enough.
func hevcSequence(unit []byte) (coded, bool) {
	var plain [160]byte
	n, zeros := 0, 0
	for _, c := range unit {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if n == len(plain) {
			break
		}
		plain[n] = c
		n++
		if zeros++; c != 0 {
			zeros = 0
		}
	}
	b := bits{data: plain[:n]}
	b.skip(16 + 4) // NAL header, video parameter set
	layers := int(b.read(3))
	b.skip(1)
	hevcProfile(&b, layers)
	b.golomb() // number of the set
	if chroma := b.golomb(); chroma == 3 {
		b.skip(1)
	}
	w, h := b.golomb(), b.golomb()
	return coded{int(min(w, maxSide)), int(min(h, maxSide))}, !b.over && w > 0 && h > 0
}

// hevcProfile passes over profile_tier_level (7.3.3).
func hevcProfile(b *bits, layers int) {
	const profile, level = 88, 8
	b.skip(profile + level)
	size := 0
	for range layers {
		if b.flag() {
			size += profile
		}
		if b.flag() {
			size += level
		}
	}
	if layers > 0 {
		b.skip(2 * (8 - layers))
	}
	b.skip(size)
}
