package transform

import (
	"image"
	"maps"
	"slices"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// The positions that look at the picture.
const (
	attention = "attention" // where colors, edges and skin draw the eye
	entropy   = "entropy"   // where most happens
	faces     = "face"      // where faces are; attention if there are none
)

// declarePosition declares a parameter that says which part of a picture stays.
func declarePosition(p *op.ParamSet, v *string, def, doc string) {
	choices := append(slices.Sorted(maps.Keys(positions())), attention, entropy, faces)
	p.ChoiceOr(v, "p", def, choices, "fp_x_y", func(text string) bool {
		_, _, ok := op.ParseFocus(text)
		return ok
	}, doc)
}

// keep cuts the picture to a box of the given size, or less where it is smaller.
func (c *Canvas) keep(box size, position string) error {
	box = size{min(box.w, c.size.w), min(box.h, c.size.h)}
	if box == c.size {
		return nil
	}
	if at, ok := positions()[position]; ok {
		return c.Extract(cut(c.size, box, at))
	}
	if x, y, ok := op.ParseFocus(position); ok {
		return c.Extract(around(c.size, box, image.Pt(round(float64(c.size.w)*x/100), round(float64(c.size.h)*y/100))))
	}
	// The first frame speaks for all: a box that moves would shake.
	if err := c.upright(); err != nil {
		return err
	}
	if position == faces {
		point, ok, err := c.facesAt()
		if err != nil {
			return err
		}
		if ok {
			return c.Extract(around(c.size, box, point))
		}
		position = attention
	}
	first, err := c.first()
	if err != nil {
		return err
	}
	x, y, err := first.Interesting(box.w, box.h, position)
	if err != nil {
		return damaged(err)
	}
	return c.Extract(image.Rect(x, y, x+box.w, y+box.h))
}

// around returns the box whose middle is as near to a point as the picture
// allows.
func around(from, box size, point image.Point) image.Rectangle {
	x := min(max(0, point.X-box.w/2), from.w-box.w)
	y := min(max(0, point.Y-box.h/2), from.h-box.h)
	return image.Rect(x, y, x+box.w, y+box.h)
}

// lookAt is the longer side, in pixels, of the picture in which faces are looked
// for: enough for a face a twentieth of it wide.
const lookAt = 500

// facesAt returns the middle of all faces together.
func (c *Canvas) facesAt() (image.Point, bool, error) {
	found, scale, err := c.findFaces()
	if err != nil || len(found) == 0 {
		return image.Point{}, false, err
	}
	var all image.Rectangle
	for _, f := range found {
		all = all.Union(f)
	}
	middle := all.Min.Add(all.Size().Div(2))
	return image.Pt(round(float64(middle.X)/scale), round(float64(middle.Y)/scale)), true, nil
}

// findFaces returns the faces in the first frame, in a picture that is scale times as
// large.
func (c *Canvas) findFaces() (found []image.Rectangle, scale float64, err error) {
	first, err := c.first()
	if err != nil {
		return nil, 0, err
	}
	if err := first.Settle(); err != nil {
		return nil, 0, damaged(err)
	}
	small := first.Copy()
	defer small.Close()
	scale = min(1, lookAt/float64(max(c.size.w, c.size.h)))
	if err := small.Resize(scale, scale, vips.Lanczos3); err != nil {
		return nil, 0, damaged(err)
	}
	pixels, err := greyPixels(small)
	if err != nil {
		return nil, 0, damaged(err)
	}
	w, h := small.Size()
	found, err = c.finder.Find(pixels, w, h)
	return found, scale, err
}

func greyPixels(img *vips.Image) ([]byte, error) {
	if err := img.Flatten([]float64{0, 0, 0}[:min(3, img.Bands()-1)]); err != nil {
		return nil, err
	}
	if err := img.To(vips.Grey); err != nil {
		return nil, err
	}
	return img.Pixels()
}
