package pixlab

import (
	"pixedge/internal/op"
)

// resize makes a picture exactly as large as it should be.
type resize struct{ box }

func (r *resize) params(p *params) { r.box.params(p, "of the result", maxSide) }

func (r *resize) write(o *order) error {
	if err := r.settle(o); err != nil {
		return err
	}
	o.asStored()
	o.add("t.resize", "w", r.w, "h", r.h, "f", "fill")
	return nil
}

// adaptiveResize is resize with a choice.
type adaptiveResize struct {
	resize

	bestFit bool
}

func (r *adaptiveResize) params(p *params) {
	r.resize.params(p)
	p.Bool(&r.bestFit, "bestfit", false, "Fit into the box and keep the shape.")
}

func (r *adaptiveResize) write(o *order) error {
	if !r.bestFit {
		return r.resize.write(o)
	}
	if err := r.settle(o); err != nil {
		return err
	}
	o.asStored()
	o.add("t.resize", "w", r.w, "h", r.h, "f", "inside")
	return nil
}

// smartResize keeps the shape. A side of 0 follows the other.
type smartResize struct{ w, h int }

func (r *smartResize) params(p *params) {
	p.Int(&r.w, "width", 0, 0, maxSide, "Most width of the result in pixels; 0 follows the height.")
	p.Int(&r.h, "height", 0, 0, maxSide, "Most height of the result in pixels; 0 follows the width.")
}

func (r *smartResize) write(o *order) error {
	if r.w == 0 && r.h == 0 {
		return o.errorf("width and height are missing")
	}
	o.asStored()
	o.add("t.resize", "w", r.w, "h", r.h, "f", "inside")
	return nil
}

// fixed fits a picture to a purpose.
type fixed struct{ w, h int }

func (*fixed) params(*params) {}

func (f *fixed) write(o *order) error {
	o.add("t.resize", "w", f.w, "h", f.h, "f", "fill")
	return nil
}

// scale makes a picture some percent of its size.
type scale struct{ percent int }

func (s *scale) params(p *params) {
	p.Int(&s.percent, "scale", 100, 1, 500, "Percent of the width and height that the picture becomes.")
	p.need("scale")
}

func (s *scale) write(o *order) error { return (*half)(s).write(o) }

// half is scale for those who know by how much.
type half scale

func (*half) params(*params) {}

func (h *half) write(o *order) error {
	o.asStored()
	o.add("t.scale", "p", h.percent)
	return nil
}

// resolution is dots an inch.
type resolution struct{ x, y int }

func (r *resolution) params(p *params) {
	p.Int(&r.x, "xr", 0, 1, 10000, "Dots an inch across.")
	p.Int(&r.y, "yr", 0, 1, 10000, "Dots an inch down.")
	p.need("xr", "yr")
}

// setResolution changes what the file says of its pixels.
type setResolution struct{ resolution }

// fine is the quality of pictures that are only encoded anew.
const fine = 95

func (r *setResolution) write(o *order) error {
	o.asStored()
	o.add("t.density", "d", r.x, "y", r.y)
	o.add("t.compress", "q", fine)
	return nil
}

// resample changes the pixels, too.
type resample struct{ resolution }

func (r *resample) write(o *order) error {
	o.asStored()
	o.add("t.resample", "x", r.x, "y", r.y)
	o.add("t.density", "d", r.x, "y", r.y)
	return nil
}

// newImage is a field of one color.
type newImage struct {
	box

	color  op.Color
	export export
}

func (n *newImage) params(p *params) {
	n.box.params(p, "of the picture", maxSide)
	p.Color(&n.color, "color", op.Color{R: 0x80, G: 0x80, B: 0x80, A: 255}, "Color of the field.")
	n.export.params(p, "png")
}

func (n *newImage) write(o *order) error {
	if err := n.settle(o); err != nil {
		return err
	}
	o.add("t.resize", "w", n.w, "h", n.h, "f", "fill", "k", "nearest")
	if n.color.A != 0 {
		o.add("t.flatten", "b", op.Color{R: n.color.R, G: n.color.G, B: n.color.B, A: 255})
	}
	n.export.write(o)
	return nil
}

func sizes() []endpoint {
	blank := makes("newimage", "Make a picture of one color.", getOnly, newImage{})
	blank.picture = nil
	return []endpoint{
		blank,
		makes("resize", "Make a picture exactly so large.", both, resize{}),
		makes("ar", "The short name of adaptiveresize.", both, adaptiveResize{}),
		makes("adaptiveresize", "Make a picture exactly so large, or as large as fits.", both, adaptiveResize{}),
		makes("smartresize", "Fit a picture into a box and keep its shape.", both, smartResize{}),
		makes("thumbnail", "Make a picture exactly so large, without metadata.", both, resize{}),
		makes("avatar", "Make a picture of 100 by 75 pixels.", both, fixed{100, 75}),
		makes("webfit", "Make a picture of 320 by 240 pixels.", both, fixed{320, 240}),
		makes("emailfit", "Make a picture of 320 by 240 pixels.", both, fixed{320, 240}),
		makes("msgfit", "Make a picture of 640 by 480 pixels.", both, fixed{640, 480}),
		makes("scale", "Scale by a percentage.", both, scale{}),
		makes("minify", "Halve the width and the height.", both, half{50}),
		makes("magnify", "Double the width and the height.", both, half{200}),
		makes("setresolution", "Say how many dots an inch a picture has.", both, setResolution{}),
		makes("resample", "Scale to so many dots an inch.", both, resample{}),
	}
}
