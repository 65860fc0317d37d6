package transform

import (
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// scale makes the picture some percent of its size.
type scale struct{ percent float64 }

func (s *scale) Params(p *op.ParamSet) {
	p.Float(&s.percent, "p", 50, 1, 500, "Percent of the width and of the height that the picture becomes.")
}

// times says how many times smaller the sides become. No side shrinks to nothing. It
// is no reducer: a percentage of what was decoded smaller would be another size.
func (s *scale) times(from size) (h, v float64) {
	by := 100 / s.percent
	return min(by, float64(from.w)), min(by, float64(from.h))
}

// pass holds for all of the size.
func (s *scale) pass(from size) (to size, ok bool) { return from, s.percent == 100 }

func (s *scale) Apply(c *Canvas) error {
	h, v := s.times(c.size)
	return c.Scale(h, v, vips.Lanczos3)
}

func (s *scale) weigh(d *draft) { d.scale(s.times(d.size)) }

// resample gives the picture the pixels that it needs to be printed as large as
// before at another resolution.
type resample struct{ x, y int }

func (r *resample) Params(p *op.ParamSet) {
	p.Int(&r.x, "x", 72, 1, 10000, "Dots an inch across that the pixels are made for. A picture that does not say has 72.")
	p.Int(&r.y, "y", 0, 0, 10000, "Dots an inch down; 0: as across.")
}

// A picture that does not say how large its pixels are has 72 an inch, as with
// ImageMagick and libvips' PNG loader; its other loaders give it one a millimeter.
const (
	unsaid = 1.0
	usual  = 72 / inch
)

func (r *resample) shrinks(from size, x, y float64) (h, v float64) {
	if x == unsaid && y == unsaid {
		x, y = usual, usual
	}
	down := r.y
	if down == 0 {
		down = r.x
	}
	h, v = x*inch/float64(r.x), y*inch/float64(down)
	return min(h, float64(from.w)), min(v, float64(from.h))
}

// inch is one in millimeters.
const inch = 25.4

func (r *resample) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	first, err := c.first()
	if err != nil {
		return err
	}
	x, y := first.Resolution()
	h, v := r.shrinks(c.size, x, y)
	return c.Scale(h, v, vips.Lanczos3)
}

// weigh takes the picture not to say how large its pixels are.
func (r *resample) weigh(d *draft) {
	d.upright()
	d.scale(r.shrinks(d.size, unsaid, unsaid))
	d.vague = true
}

func scaling() []Spec {
	return []Spec{
		spec[scale]("t.scale", "Scale by a percentage. An extension.", "t.scale(p:50)"),
		spec[resample]("t.resample", "Scale to another resolution: as many pixels as it takes to print the picture as large as before. t.density says so in the file. An extension.", "t.resample(x:36)"),
	}
}
