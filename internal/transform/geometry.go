package transform

import (
	"image"

	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxPlace is the farthest a place in a picture may be from its corner, in
// pixels. Originals may be larger than what we make.
const maxPlace = 1_000_000

// crop keeps a rectangle, as far as it is inside the picture.
type crop struct{ x, y, w, h int }

func (r *crop) Params(p *op.ParamSet) {
	p.Int(&r.x, "x", 0, 0, maxPlace, "Left edge of the rectangle, in pixels.")
	p.Int(&r.y, "y", 0, 0, maxPlace, "Top edge of the rectangle, in pixels.")
	p.Int(&r.w, "w", 0, 0, maxPlace, "Width of the rectangle in pixels; 0 reaches to the right edge of the picture.")
	p.Int(&r.h, "h", 0, 0, maxPlace, "Height of the rectangle in pixels; 0 reaches to the bottom edge of the picture.")
}

func (r *crop) Apply(c *Canvas) error {
	bounds := image.Rect(0, 0, c.size.w, c.size.h)
	part := image.Rect(r.x, r.y, r.x+r.w, r.y+r.h)
	if r.w == 0 {
		part.Max.X = max(r.x, bounds.Max.X)
	}
	if r.h == 0 {
		part.Max.Y = max(r.y, bounds.Max.Y)
	}
	part = part.Intersect(bounds)
	if part.Empty() {
		return fault.Errorf(fault.Invalid, "t.crop: the rectangle at x:%d, y:%d is outside the picture of %dx%d pixels",
			r.x, r.y, c.size.w, c.size.h)
	}
	return c.Extract(part)
}

// extract keeps a rectangle that must be inside the picture, as sharp has it.
type extract struct {
	top, left, height, width int
	box                      op.Box
}

func (e *extract) Params(p *op.ParamSet) {
	p.Int(&e.top, "t", 10, 0, maxPlace, "Top edge of the rectangle, in pixels.")
	p.Int(&e.left, "l", 10, 0, maxPlace, "Left edge of the rectangle, in pixels.")
	p.Int(&e.height, "h", 50, 1, maxPlace, "Height of the rectangle in pixels.")
	p.Int(&e.width, "w", 20, 1, maxPlace, "Width of the rectangle in pixels.")
	p.Box(&e.box, "bbox", "The rectangle as top_left_height_width; replaces the other four.")
}

func (e *extract) Apply(c *Canvas) error {
	b := op.Box{Top: e.top, Left: e.left, Height: e.height, Width: e.width}
	if e.box != (op.Box{}) {
		b = e.box
	}
	part := image.Rect(b.Left, b.Top, b.Left+b.Width, b.Top+b.Height)
	if part.Empty() || !part.In(image.Rect(0, 0, c.size.w, c.size.h)) {
		return fault.Errorf(fault.Invalid, "t.extract: %dx%d pixels at l:%d, t:%d are not inside the picture of %dx%d pixels",
			b.Width, b.Height, b.Left, b.Top, c.size.w, c.size.h)
	}
	return c.Extract(part)
}

// rotate turns the picture clockwise.
type rotate struct {
	angle      int
	background op.Color
}

func (r *rotate) Params(p *op.ParamSet) {
	p.Int(&r.angle, "a", 0, -36000, 36000, "Degrees to turn clockwise. Multiples of 90 are exact.")
	p.Color(&r.background, "b", op.Black(), "Color of the corners.")
}

func (r *rotate) Apply(c *Canvas) error {
	angle := (r.angle%360 + 360) % 360
	switch {
	case angle == 0:
		return nil
	case angle%90 == 0:
		return c.do(func(img *vips.Image) error { return img.Quarter(angle / 90) })
	}
	return c.do(func(img *vips.Image) error {
		ink, err := mix(img, r.background)
		if err != nil {
			return err
		}
		return img.Rotate(float64(angle), ink)
	})
}

type flip struct{}

func (flip) Params(*op.ParamSet) {}

func (flip) Apply(c *Canvas) error { return c.do((*vips.Image).Flip) }

type flop struct{}

func (flop) Params(*op.ParamSet) {}

func (flop) Apply(c *Canvas) error { return c.do((*vips.Image).Flop) }

func geometry() []Spec {
	return []Spec{
		spec[crop]("t.crop", "Keep a rectangle, cut to the picture. An extension: PixelBin has t.extract.", "t.crop(x:40,y:20,w:160,h:120)"),
		spec[extract]("t.extract", "Keep a rectangle that lies inside the picture.", "t.extract(t:20,l:40,h:120,w:160)"),
		spec[rotate]("t.rotate", "Turn clockwise.", "t.rotate(a:30,b:ffffff)"),
		spec[flip]("t.flip", "Mirror top and bottom.", "t.flip()"),
		spec[flop]("t.flop", "Mirror left and right.", "t.flop()"),
	}
}
