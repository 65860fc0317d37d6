package transform

import (
	"maps"
	"math"
	"slices"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// resize scales the picture into a box.
type resize struct {
	box        size
	fit        string
	background op.Color
	position   string
	kernel     string
	dpr        float64
	enlarge    bool
}

func (r *resize) Params(p *op.ParamSet) {
	p.Int(&r.box.w, "w", 0, 0, maxSide, "Width of the box in pixels; 0 follows the height.")
	p.Int(&r.box.h, "h", 0, 0, maxSide, "Height of the box in pixels; 0 follows the width.")
	p.Choice(&r.fit, "f", string(cover), words(cover, contain, fill, inside, outside), "What to do when the shapes of picture and box differ.")
	p.Color(&r.background, "b", op.Black(), "Color of the bars that contain adds.")
	declarePosition(p, &r.position, "center", "Which part stays with cover, and where the picture lies with contain, which takes the nine places alone. "+
		"attention, entropy, face and fp_x_y, a point in percent of the picture, are extensions.")
	p.Choice(&r.kernel, "k", "lanczos3", slices.Sorted(maps.Keys(kernels())), "How pixels between pixels are made.")
	p.Float(&r.dpr, "dpr", 1, minDPR, maxDPR, "Device pixels a CSS pixel; multiplies width and height.")
	p.Bool(&r.enlarge, "e", true, "Whether the picture may become larger than it is. An extension.")
}

func positions() map[string]position {
	return map[string]position{
		"center": {}, "top": {0, -1}, "bottom": {0, 1}, "left": {-1, 0}, "right": {1, 0},
		"left_top": {-1, -1}, "left_bottom": {-1, 1}, "right_top": {1, -1}, "right_bottom": {1, 1},
	}
}

func kernels() map[string]vips.Kernel {
	return map[string]vips.Kernel{
		"nearest": vips.Nearest, "cubic": vips.Cubic, "mitchell": vips.Mitchell,
		"lanczos2": vips.Lanczos2, "lanczos3": vips.Lanczos3,
	}
}

func (r *resize) hint(h Hints, ownDPR bool) {
	if r.box == (size{}) && h.Width > 0 {
		r.box.w = h.Width // in device pixels already
		return
	}
	r.dpr = h.density(r.dpr, ownDPR)
}

// device returns the box in device pixels. A side that dpr would take over the
// limit is cut to it, and the other side by as much, so that a page that asks
// for more density than can be had still gets its picture.
func (r *resize) device() size {
	dpr := r.dpr
	if longest := max(r.box.w, r.box.h); float64(longest)*dpr > maxSide {
		dpr = maxSide / float64(longest)
	}
	return size{times(r.box.w, dpr), times(r.box.h, dpr)}
}

func times(side int, dpr float64) int {
	if side == 0 {
		return 0
	}
	return max(1, int(math.Round(float64(side)*dpr)))
}

// pass holds if no size is asked for.
func (r *resize) pass(from size) (to size, ok bool) { return from, r.box == size{} }

func (r *resize) shrinks(from size) (h, v float64) {
	h, v = shrinks(from, r.device(), fit(r.fit))
	if !r.enlarge {
		h, v = max(1, h), max(1, v)
	}
	return h, v
}

// keepsColors holds but where bars are added.
func (r *resize) keepsColors() bool { return fit(r.fit) != contain }

func (r *resize) Apply(c *Canvas) error {
	box, how := r.device(), fit(r.fit)
	h, v := r.shrinks(c.size)
	if err := c.Scale(h, v, kernels()[r.kernel]); err != nil {
		return err
	}
	if box.w == 0 || box.h == 0 {
		return nil
	}
	switch how {
	case cover:
		return c.keep(box, r.position)
	case contain:
		x, y := lay(c.size, box, positions()[r.position])
		if c.size == box {
			return nil
		}
		return c.Embed(x, y, box, r.background)
	default:
		return nil
	}
}

func (r *resize) weigh(d *draft) {
	box, how := r.device(), fit(r.fit)
	d.scale(r.shrinks(d.size))
	switch {
	case box.w == 0 || box.h == 0:
	case how == cover:
		d.keepPart(box, r.position)
	case how == contain:
		d.size = box
		d.ink(r.background.A)
	}
}

func words[T ~string](list ...T) []string {
	s := make([]string, len(list))
	for i, w := range list {
		s[i] = string(w)
	}
	return s
}

func resizing() []Spec {
	return []Spec{
		spec[resize]("t.resize", "Scale to fill, fit or cover a box.", "t.resize(w:240,h:160,f:contain,b:ffffff)"),
	}
}
