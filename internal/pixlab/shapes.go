package pixlab

import (
	"pixedge/internal/op"
)

// crop keeps a rectangle, cut to the picture.
type crop struct {
	box

	x, y int
}

func (c *crop) params(p *params) {
	p.Int(&c.x, "x", 0, -maxPlace, maxPlace, "Left edge of the rectangle in pixels.")
	p.Alias("left")
	p.Int(&c.y, "y", 0, -maxPlace, maxPlace, "Upper edge of the rectangle in pixels.")
	p.Alias("top")
	c.box.params(p, "of the rectangle", maxPlace)
}

func (c *crop) write(o *order) error {
	if err := c.settle(o); err != nil {
		return err
	}
	// What is left of the picture or above it is cut off.
	w, h := c.w+min(0, c.x), c.h+min(0, c.y)
	if w <= 0 || h <= 0 {
		return o.errorf("the rectangle is outside of the picture")
	}
	o.asStored()
	o.add("t.crop", "x", max(0, c.x), "y", max(0, c.y), "w", w, "h", h)
	return nil
}

// chop takes columns and rows out.
type chop struct {
	box

	x, y int
}

func (c *chop) params(p *params) {
	p.Int(&c.x, "x", 0, 0, maxPlace, "First column that is taken out.")
	p.Int(&c.y, "y", 0, 0, maxPlace, "First row that is taken out.")
	c.box.params(p, "that is taken out", maxPlace)
}

func (c *chop) write(o *order) error {
	if err := c.settle(o); err != nil {
		return err
	}
	o.asStored()
	o.add("t.chop", "x", c.x, "y", c.y, "w", c.w, "h", c.h)
	return nil
}

// extent puts a picture on a field.
type extent struct {
	box

	x, y  int
	color op.Color
}

func (e *extent) params(p *params) {
	p.Int(&e.x, "x", 0, -maxPlace, maxPlace, "Column of the field where the picture begins.")
	p.Int(&e.y, "y", 0, -maxPlace, maxPlace, "Row of the field where the picture begins.")
	p.Color(&e.color, "color", white(), "Color of the field.")
	e.box.params(p, "of the field", maxSide)
}

func (e *extent) write(o *order) error {
	if err := e.settle(o); err != nil {
		return err
	}
	o.asStored()
	o.add("t.extent", "w", e.w, "h", e.h, "x", e.x, "y", e.y, "c", e.color)
	return nil
}

// border frames a picture.
type border struct {
	width int
	color op.Color
}

func (b *border) params(p *params) {
	p.Int(&b.width, "width", 0, 0, 500, "Width of the frame in pixels.")
	p.need("width")
	p.Color(&b.color, "color", op.Color{R: 0xdf, G: 0xdf, B: 0xdf, A: 255}, "Color of the frame.") // ImageMagick's
}

func (b *border) write(o *order) error {
	o.asStored()
	o.add("t.extend", "t", b.width, "l", b.width, "b", b.width, "r", b.width, "bc", b.color)
	return nil
}

// rotate turns clockwise.
type rotate struct {
	degree float64
	color  op.Color
}

func (r *rotate) params(p *params) {
	p.Float(&r.degree, "degree", 0, -36000, 36000, "Degrees to turn clockwise.")
	p.need("degree")
	p.Color(&r.color, "color", op.Color{}, "Color of the corners.")
}

func (r *rotate) write(o *order) error {
	o.asStored()
	o.add("t.rotate", "a", r.degree, "b", r.color)
	return nil
}

// mirror is operations that need no telling how.
type mirror struct{ calls []op.Call }

func (*mirror) params(*params) {}

func (m *mirror) write(o *order) error {
	o.asStored()
	o.calls = append(o.calls, m.calls...)
	return nil
}

func white() op.Color { return op.Color{R: 255, G: 255, B: 255, A: 255} }

func shapes() []endpoint {
	flip, flop := op.Call{Name: "t.flip"}, op.Call{Name: "t.flop"}
	turn := op.Call{Name: "t.rotate", Args: []op.Arg{{Name: "a", Value: "90"}}}
	return []endpoint{
		makes("crop", "Keep a rectangle of a picture.", both, crop{}),
		makes("smartcrop", "The same as crop.", both, crop{}),
		makes("chop", "Take columns and rows out of a picture.", both, chop{}),
		makes("extent", "Put a picture on a field of a size and color.", both, extent{}),
		makes("border", "Frame a picture.", both, border{}),
		makes("rotate", "Turn a picture clockwise.", both, rotate{}),
		makes("flip", "Mirror top and bottom.", both, mirror{[]op.Call{flip}}),
		makes("flop", "Mirror left and right.", both, mirror{[]op.Call{flop}}),
		makes("transpose", "Mirror at the diagonal from the upper left.", both, mirror{[]op.Call{flip, turn}}),
		makes("transverse", "Mirror at the diagonal from the upper right.", both, mirror{[]op.Call{flop, turn}}),
	}
}
