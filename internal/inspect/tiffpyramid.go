package inspect

import "bytes"

// maxLevels is how many levels of a pyramid are looked at: all there can be of a
// picture of 65,535 pixels a side.
const maxLevels = 16

// A Pyramid is the smaller forms of a picture that a TIFF holds besides it. Its
// first level is as large as half the picture, and each other one as half the level
// before.
type Pyramid struct {
	Levels  [maxLevels]Level // there are none after the first without pixels
	SubIFDs bool             // they are those of the first page; else the pages after it
}

// A Level is the size of one, in pixels, as it is stored.
type Level struct{ Width, Height int }

// Len returns the number of levels.
func (p Pyramid) Len() int {
	n := 0
	for n < maxLevels && p.Levels[n] != (Level{}) {
		n++
	}
	return n
}

// pages returns how many pages of the file are levels.
func (p Pyramid) pages() int {
	if p.SubIFDs {
		return 0
	}
	return p.Len()
}

// A summit is the smallest level of a pyramid that was found so far; at first, the
// picture itself.
type summit struct {
	page
	pyramid Pyramid
	height  int
	ended   bool // the directories after it are something else
}

// subIFDs looks for the levels among those of the first page. If there are any, pages
// are none.
func (t tiff) subIFDs(s *summit) {
	list, left := s.subs, len(t.data)
	for i := uint64(0); i < list.count && !s.ended; i++ {
		at, _ := t.value(list, i)
		d, ok := t.directory(at)
		if left -= d.size; !ok || left < 0 {
			break
		}
		t.raise(s, d, true)
	}
	s.pyramid.SubIFDs = s.height > 0
	s.ended = s.pyramid.SubIFDs
}

// raise puts the page of a directory on top if it is the next level: it is sound, says
// what it is, and has half the size and the same kind of pixels. A thumbnail, a mask
// or another picture ends the pyramid: what comes after them may be of another one.
func (t tiff) raise(s *summit, d directory, sub bool) {
	if s.ended = s.ended || s.height == maxLevels; s.ended {
		return
	}
	p, err := t.page(d)
	said := p.subfile == tiffReduced || sub && p.subfile == 0
	if err != nil || !said || !p.halves(s.page) || !bytes.Equal(t.bytes(p.icc), t.bytes(s.icc)) {
		s.ended = true
		return
	}
	s.pyramid.Levels[s.height] = Level{int(p.width), int(p.height)}
	s.page = p
	s.height++
}

// halves reports whether a page may be another one at half the size. Half of black and
// white would be grey, and half of two indices into a palette is none.
func (p page) halves(of page) bool {
	half := func(n, of uint64) bool { return n == of/2 || n == (of+1)/2 }
	kind := func(p page) [7]uint64 {
		return [...]uint64{p.samples, p.depth, p.kind, p.photometric, p.extra, p.opacity, p.profile}
	}
	return half(p.width, of.width) && half(p.height, of.height) && kind(p) == kind(of) && p.orientation == of.orientation &&
		p.depth >= 8 && p.photometric != tiffPalette
}
