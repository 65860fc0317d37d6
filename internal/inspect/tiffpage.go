package inspect

// How TIFF compresses (tag 259). What is not here are JPEG of the old kind, whole
// files of other formats inside of TIFF, and what hardly anybody reads.
func isCompression(n uint64) bool {
	switch n {
	case tiffPlain, 2, 3, 4, // CCITT
		5, 7, 8, 32946, // LZW, JPEG, deflate
		32773, 34925, 50000: // PackBits, LZMA, Zstandard
		return true
	}
	return false
}

const (
	tiffPlain   = 1
	tiffPalette = 3 // photometric interpretations
	tiffYCbCr   = 6
	tiffPlanes  = 2 // planar configuration: each channel on its own
	tiffReduced = 1 // kind of subfile: another picture of the file, smaller
	maxTile     = 4096
)

// A page is what a directory of a TIFF says.
type page struct {
	width, height uint64
	depth         uint64
	samples       uint64
	kind          uint64 // of numbers: unsigned, signed, floating or whatever
	compression   uint64
	photometric   uint64
	planar        uint64
	rows          uint64 // of a strip
	tileW, tileH  uint64 // 0 if it has strips
	extra         uint64 // how many channels are no color
	opacity       uint64 // what the first of them is
	profile       uint64
	orientation   int
	subfile       uint64 // which kind it is; 0: nothing is said
	places, bytes entry  // where strips or tiles are, and how long
	icc, subs     entry  // the profile, and SubIFDs
}

// page reads a directory of a TIFF.
func (t tiff) page(d directory) (page, error) {
	p := page{depth: 1, samples: 1, kind: 1, compression: tiffPlain, planar: 1, rows: maxSide, orientation: 1}
	for i := range d.entries {
		if err := t.field(&p, t.entry(d, i)); err != nil {
			return page{}, err
		}
	}
	if err := p.check(); err != nil {
		return page{}, err
	}
	return p, t.pieces(p)
}

// field notes an entry. Those that say nothing of the pixels are passed over.
func (t tiff) field(p *page, e entry) error {
	var to *uint64
	switch e.tag {
	case tagWidth:
		to = &p.width
	case tagHeight:
		to = &p.height
	case tagBits:
		return t.depths(p, e)
	case tagCompression:
		to = &p.compression
	case tagPhotometric:
		to = &p.photometric
	case tagSamples:
		to = &p.samples
	case tagRows:
		to = &p.rows
	case tagPlanar:
		to = &p.planar
	case tagTileWidth:
		to = &p.tileW
	case tagTileHeight:
		to = &p.tileH
	case tagSampleKind:
		to = &p.kind
	case tagStrips, tagTiles:
		p.places = e
	case tagStripBytes, tagTileBytes:
		p.bytes = e
	case tagExtra:
		p.extra = e.count
		p.opacity, _ = t.value(e, 0)
	case tagProfile:
		if e.count <= uint64(len(t.data)) {
			p.profile, p.icc = e.count, e
		}
	case tagSubfile:
		p.subfile, _ = t.value(e, 0)
	case tagSubIFDs:
		p.subs = e
	case tagOrientation:
		p.orientation = t.orientation(e)
	}
	if to == nil {
		return nil
	}
	n, ok := t.value(e, 0)
	if !ok {
		return damaged("a field has no value")
	}
	*to = n
	return nil
}

// depths reads the bits of each channel, which have to be the same.
func (t tiff) depths(p *page, e entry) error {
	for i := range max(1, min(e.count, maxBands)) {
		n, ok := t.value(e, i)
		switch {
		case !ok:
			return damaged("a field has no value")
		case i == 0:
			p.depth = n
		case p.depth != n:
			return unread("TIFF pictures with channels of different bits")
		}
	}
	return nil
}

// check holds a page to what decoders read.
func (p page) check() error {
	switch p.depth {
	case 1, 2, 4, 8, 16, 32, 64:
	default:
		return unread("TIFF pictures of that number of bits")
	}
	switch {
	case p.width < 1 || p.width > maxSide || p.height < 1 || p.height > maxSide:
		return damaged("its size is none")
	case p.samples < 1 || p.samples > maxBands:
		return refused("the picture has no channels, or more than %d", maxBands)
	case p.extra >= p.samples && p.extra > 0, p.planar < 1 || p.planar > tiffPlanes, p.kind < 1 || p.kind > 4:
		return damaged("its channels are none")
	case !isCompression(p.compression):
		return unread("TIFF pictures of that compression")
	case (p.tileW == 0) != (p.tileH == 0), p.rows == 0:
		return damaged("its tiles are none")
	case p.tileW > maxSide || p.tileH > maxSide, p.tileW*p.tileH > max(maxTile*maxTile, p.width*p.height):
		return refused("the picture has tiles larger than itself")
	}
	return nil
}

// pieces looks whether all strips or tiles are in the file. Of those that are not
// compressed a decoder knows the length by itself, and many programs write it
// wrong.
func (t tiff) pieces(p page) error {
	needed := (p.height + p.rows - 1) / p.rows
	if p.rows >= p.height {
		needed = 1
	}
	if p.tileW > 0 {
		needed = ((p.width + p.tileW - 1) / p.tileW) * ((p.height + p.tileH - 1) / p.tileH)
	}
	if p.planar == tiffPlanes {
		needed *= p.samples
	}
	if p.places.count < needed || p.bytes.count != 0 && p.bytes.count < needed {
		return damaged("strips or tiles are missing")
	}
	size := uint64(len(t.data))
	for i := range needed {
		at, ok := t.value(p.places, i)
		if !ok || at >= size {
			return damaged("strips or tiles are not in the file")
		}
		n, ok := t.value(p.bytes, i)
		switch {
		case p.compression == tiffPlain && p.photometric == tiffYCbCr:
			continue // with fewer samples of color than pixels
		case p.compression == tiffPlain:
			n, ok = p.plain(i), true
		case p.bytes.count == 0:
			continue
		}
		if !ok || n > size-at {
			return cutOff()
		}
	}
	return nil
}

// plain returns the bytes of a strip or tile that is not compressed. Rows begin at
// whole bytes.
func (p page) plain(piece uint64) uint64 {
	w, h := p.tileW, p.tileH
	if p.tileW == 0 {
		strips := (p.height + p.rows - 1) / p.rows
		w, h = p.width, min(p.rows, p.height-min(p.height, piece%max(1, strips)*p.rows))
	}
	bits := w * p.depth
	if p.planar != tiffPlanes {
		bits *= p.samples
	}
	return (bits + 7) / 8 * h
}

// header says the same as other formats do.
func (p page) header() Header {
	h := Header{
		Width: int(p.width), Height: int(p.height), Bands: int(p.samples), Depth: int(max(8, p.depth)),
		Alpha: p.extra > 0, Orientation: p.orientation, Profile: int(min(p.profile, maxProfile+1)),
		Samples: float64(p.samples), Compression: int(p.compression),
		TileWidth: int(p.tileW), TileHeight: int(p.tileH),
	}
	if p.photometric == tiffPalette {
		h.Bands += 2
	}
	if p.tileW == 0 {
		h.TileWidth, h.TileHeight = h.Width, int(min(p.rows, p.height))
		h.Whole = h.TileHeight == h.Height
	}
	return h
}
