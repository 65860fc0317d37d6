package transform

import (
	"math"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// blur is a Gaussian blur.
type blur struct{ sigma, dpr float64 }

func (b *blur) Params(p *op.ParamSet) {
	p.Float(&b.sigma, "s", 0.3, 0.3, 100, "Standard deviation in pixels: how far a point spreads.")
	p.Float(&b.dpr, "dpr", 1, minDPR, maxDPR, "Device pixels a CSS pixel; multiplies the deviation.")
}

func (b *blur) hint(h Hints, ownDPR bool) { b.dpr = h.density(b.dpr, ownDPR) }

func (*blur) keepsColors() bool { return true }

func (b *blur) Apply(c *Canvas) error {
	// 0.3 is the least that sharp and libvips take; 100 the most worth its time.
	sigma := min(max(0.3, b.sigma*b.dpr), 100)
	return c.do(func(img *vips.Image) error { return img.Blur(sigma) })
}

func (b *blur) weigh(d *draft) {
	d.upright()
	d.settle()
	d.strips(workedRows)
	d.spend(10 * min(b.sigma*b.dpr, 100))
}

// sharpen sharpens.
type sharpen struct{ sigma float64 }

func (s *sharpen) Params(p *op.ParamSet) {
	p.Float(&s.sigma, "s", 1.5, 0.1, 10, "Standard deviation, in pixels, of the blur that is taken away.")
}

func (*sharpen) keepsColors() bool { return true }

func (s *sharpen) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error { return img.Sharpen(s.sigma) })
}

func (s *sharpen) weigh(d *draft) {
	d.upright()
	d.strips(workedRows)
	d.spend(90)
}

// median removes specks.
type median struct{ size int }

func (m *median) Params(p *op.ParamSet) {
	p.Int(&m.size, "s", 3, 1, 10, "Side in pixels of the square whose middle value is taken.")
}

func (*median) keepsColors() bool { return true }

func (m *median) Apply(c *Canvas) error {
	if m.size > min(c.size.w, c.size.h) {
		return invalid("t.median: s: %d is more than a side of the picture of %dx%d pixels", m.size, c.size.w, c.size.h)
	}
	return c.do(func(img *vips.Image) error { return img.Median(m.size) })
}

func (m *median) weigh(d *draft) {
	d.upright()
	d.strips(workedRows)
	d.spend(15 * float64(m.size*m.size))
}

// pixelate makes squares of one color.
type pixelate struct{ side int }

func (s *pixelate) Params(p *op.ParamSet) {
	p.Int(&s.side, "s", 10, 2, 1000, "Side of the squares in pixels.")
}

func (s *pixelate) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	full := c.size
	small := size{ceil(full.w, s.side), ceil(full.h, s.side)}
	h, v := float64(full.w)/float64(small.w), float64(full.h)/float64(small.h)
	return c.do(func(img *vips.Image) error {
		if err := img.Resize(1/h, 1/v, vips.Lanczos3); err != nil {
			return err
		}
		return img.Resize(h, v, vips.Nearest)
	})
}

func (s *pixelate) weigh(d *draft) {
	d.upright()
	d.strips(d.shrinking(float64(s.side)))
	d.spend(20)
}

func ceil(a, b int) int { return int(math.Ceil(float64(a) / float64(b))) }

func filters() []Spec {
	return []Spec{
		spec[sharpen]("t.sharpen", "Sharpen.", "t.sharpen(s:3)"),
		spec[median]("t.median", "Remove specks: each pixel becomes the median of those around it.", "t.median(s:5)"),
		spec[blur]("t.blur", "Blur.", "t.blur(s:4)"),
		spec[pixelate]("t.pixelate", "Make squares of one color. An extension.", "t.pixelate(s:12)"),
	}
}
