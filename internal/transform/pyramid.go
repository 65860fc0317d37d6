package transform

import (
	"math"

	"pixedge/internal/inspect"
	"pixedge/internal/transform/vips"
)

// What is made of a level looks like what is made of the whole if enough resampling
// follows to even out how the level was made, and if no pixel moves by more than a
// part of one because the sides could not be divided: see docs/decisions/0005.
const (
	resampled = 1.75    // times smaller than the level, at least
	moved     = 1. / 16 // pixels of what is made, at most
)

// level returns which level of a pyramid is decoded for the plan: the smallest that
// gives a picture of the same size as the whole does, and like it; counted from 1, and 0
// is the whole. from and turned are as in decode.
func (p Plan) level(of inspect.Pyramid, from size, turned turn) int {
	want, _ := p.reduced(from)
	for n := of.Len(); n > 0; n-- {
		level := turned.of(sizeOf(of, n))
		over := max(math.Abs(math.Ldexp(float64(from.w), -n)-float64(level.w)), math.Abs(math.Ldexp(float64(from.h), -n)-float64(level.h)))
		if to, by := p.reduced(level); to == want && by >= max(resampled, over/moved) {
			return n
		}
	}
	return 0
}

// reduced returns the size of what the first step makes that is a reducer, and how many
// times smaller that is; 0 if it is none.
func (p Plan) reduced(from size) (to size, by float64) {
	step, from, ok := p.reducer(from)
	if !ok {
		return size{}, 0
	}
	h, v := step.shrinks(from)
	return scaled(from, h, v), min(h, v)
}

// sizeOf returns the size of a level, counted from 1, as it is stored.
func sizeOf(p inspect.Pyramid, level int) size {
	l := p.Levels[level-1]
	return size{l.Width, l.Height}
}

// level opens a level, counted from 1, instead of the whole picture, which it closes.
// The level has the resolution of the whole: it may not say what that is.
func (s source) level(whole *vips.Image, level int) (*vips.Image, error) {
	defer whole.Close()
	number := level
	if s.header.Pyramid.SubIFDs {
		number--
	}
	img, err := vips.OpenLevel(s.data, number, s.header.Pyramid.SubIFDs)
	if err != nil {
		return nil, err
	}
	if imageSize(img) != sizeOf(s.header.Pyramid, level) {
		err = &vips.Error{Verb: "load", Text: "a level is of another size than its directory says"}
	} else {
		err = img.SetResolution(whole.Resolution())
	}
	if err != nil {
		img.Close()
		return nil, err
	}
	return img, nil
}

// frames returns the frames or pages that libvips counts, without the levels of a
// pyramid.
func (s source) frames(img *vips.Image) int {
	if s.header.Pyramid.SubIFDs {
		return img.Frames()
	}
	return max(1, img.Frames()-s.header.Pyramid.Len())
}
