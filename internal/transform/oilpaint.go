package transform

import (
	"math"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// oilpaint makes patches of one color, as if painted in oil.
type oilpaint struct{ radius float64 }

func (o *oilpaint) Params(p *op.ParamSet) {
	p.Float(&o.radius, "r", 3, 0, vips.MaxOilPaint, "Radius of the neighborhood in pixels: a square of 2⌈r⌉+1 a side.")
}

func (o *oilpaint) half() int { return int(math.Ceil(o.radius)) }

func (o *oilpaint) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error { return img.OilPaint(o.half()) })
}

// weigh is of photographs. Noise, in which many intensities are equally frequent,
// takes several times as long.
func (o *oilpaint) weigh(d *draft) {
	d.upright()
	d.strips(workedRows)
	d.spend(30 + 25*float64(o.half()))
}

func painting() []Spec {
	return []Spec{
		spec[oilpaint]("t.oilpaint", "Paint in oil: each pixel becomes the first, row by row, of those around it that brings the most frequent intensity to its count. An extension.", "t.oilpaint(r:3)"),
	}
}
