package transform

import (
	"image"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// chop takes columns and rows out of the middle.
type chop struct{ x, y, w, h int }

func (r *chop) Params(p *op.ParamSet) {
	p.Int(&r.x, "x", 0, 0, maxPlace, "First column that is taken out.")
	p.Int(&r.y, "y", 0, 0, maxPlace, "First row that is taken out.")
	p.Int(&r.w, "w", 0, 0, maxPlace, "How many columns are taken out, as far as there are so many.")
	p.Int(&r.h, "h", 0, 0, maxPlace, "How many rows are taken out, as far as there are so many.")
}

// hole returns what is taken out: columns from Min.X to Max.X and rows from Min.Y to
// Max.Y.
func (r *chop) hole(from size) image.Rectangle {
	return image.Rectangle{
		Min: image.Pt(min(r.x, from.w), min(r.y, from.h)),
		Max: image.Pt(min(r.x+r.w, from.w), min(r.y+r.h, from.h)),
	}
}

func (r *chop) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	hole := r.hole(c.size)
	if hole.Dx() == c.size.w || hole.Dy() == c.size.h {
		return invalid("t.chop: nothing is left of the picture of %dx%d pixels", c.size.w, c.size.h)
	}
	return c.do(func(img *vips.Image) error {
		if err := img.CutOut(hole.Min.X, hole.Max.X, false); err != nil {
			return err
		}
		return img.CutOut(hole.Min.Y, hole.Max.Y, true)
	})
}

func (r *chop) weigh(d *draft) {
	d.upright()
	d.settle()
	hole := r.hole(d.size)
	d.size = size{max(1, d.size.w-hole.Dx()), max(1, d.size.h-hole.Dy())}
	d.spend(5)
}

// extent puts the picture on a field, or a part of it.
type extent struct {
	box   size
	x, y  int
	color op.Color
}

func (e *extent) Params(p *op.ParamSet) {
	p.Int(&e.box.w, "w", 0, 0, maxSide, "Width of the field in pixels; 0 is that of the picture.")
	p.Int(&e.box.h, "h", 0, 0, maxSide, "Height of the field in pixels; 0 is that of the picture.")
	p.Int(&e.x, "x", 0, -maxPlace, maxPlace, "Column of the field where the picture begins. What sticks out is cut.")
	p.Int(&e.y, "y", 0, -maxPlace, maxPlace, "Row of the field where the picture begins.")
	p.Color(&e.color, "c", op.Black(), "Color of the field.")
}

func (e *extent) field(from size) size {
	to := e.box
	if to.w == 0 {
		to.w = from.w
	}
	if to.h == 0 {
		to.h = from.h
	}
	return to
}

func (e *extent) Apply(c *Canvas) error {
	to := e.field(c.size)
	picture := image.Rect(e.x, e.y, e.x+c.size.w, e.y+c.size.h)
	if !picture.Overlaps(image.Rect(0, 0, to.w, to.h)) {
		return invalid("t.extent: the picture of %dx%d pixels at x:%d, y:%d is outside the field of %dx%d pixels",
			c.size.w, c.size.h, e.x, e.y, to.w, to.h)
	}
	return c.Embed(e.x, e.y, to, e.color)
}

func (e *extent) weigh(d *draft) {
	d.upright()
	d.ink(e.color.A)
	if e.y < 0 {
		d.cut(-e.y, d.size)
	}
	d.size = e.field(d.size)
}

// blurRegions blurs parts of the picture.
type blurRegions struct {
	boxes []op.Box
	sigma float64
}

func (b *blurRegions) Params(p *op.ParamSet) {
	p.Boxes(&b.boxes, "bboxes", "The rectangles, cut to the picture.")
	p.Float(&b.sigma, "s", 15, 0.3, 100, "Standard deviation in pixels: how far a point spreads. Nothing comes in from outside a rectangle.")
}

func (b *blurRegions) nest(func(string) (Plan, error)) error {
	if len(b.boxes) == 0 {
		return invalid("t.blurRegions: bboxes: want at least one rectangle")
	}
	return nil
}

func (b *blurRegions) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	all := image.Rect(0, 0, c.size.w, c.size.h)
	for _, box := range b.boxes {
		part := rectangle(box).Intersect(all)
		if part.Empty() {
			return invalid("t.blurRegions: bboxes: %v is outside the picture of %dx%d pixels", box, c.size.w, c.size.h)
		}
		if err := c.do(func(img *vips.Image) error { return blurPart(img, part, b.sigma) }); err != nil {
			return err
		}
	}
	return nil
}

func rectangle(b op.Box) image.Rectangle {
	return image.Rect(b.Left, b.Top, b.Left+b.Width, b.Top+b.Height)
}

// blurPart blurs a part of an image, which it computes.
func blurPart(img *vips.Image, r image.Rectangle, sigma float64) error {
	if err := img.Settle(); err != nil {
		return err
	}
	part := img.Copy()
	defer part.Close()
	if err := part.Extract(r.Min.X, r.Min.Y, r.Dx(), r.Dy()); err != nil {
		return err
	}
	if err := part.Blur(sigma); err != nil {
		return err
	}
	return img.Insert(part, r.Min.X, r.Min.Y)
}

func (b *blurRegions) weigh(d *draft) {
	d.upright()
	d.settle()
	for _, box := range b.boxes {
		part := rectangle(box).Intersect(image.Rect(0, 0, d.size.w, d.size.h))
		pixels := float64(part.Dx()) * float64(part.Dy()) * float64(d.frames)
		d.keep(pixels * d.pixel())
		d.ns += 10 * b.sigma * pixels
	}
	d.spend(2)
}

func areas() []Spec {
	return []Spec{
		spec[chop]("t.chop", "Take columns and rows out and move what is left together. An extension.", "t.chop(x:60,y:40,w:80,h:60)"),
		spec[extent]("t.extent", "Put the picture anywhere on a field of a size and color. An extension.", "t.extent(w:200,h:200,x:-40,y:60,c:ff8800)"),
		spec[blurRegions]("t.blurRegions", "Blur rectangles, such as faces. An extension.", "t.blurRegions(bboxes:[[20_20_60_80]_[80_130_60_90]],s:6)"),
	}
}
