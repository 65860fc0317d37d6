package transform

import (
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// flatten lays the picture on a color.
type flatten struct{ background op.Color }

func (f *flatten) Params(p *op.ParamSet) {
	p.Color(&f.background, "b", op.Black(), "Color that shows where the picture is clear. Its own opacity does not count.")
}

func (f *flatten) Apply(c *Canvas) error {
	f.background.A = 255
	return c.do(func(img *vips.Image) error {
		ink, err := mix(img, f.background)
		if err != nil || !img.HasAlpha() {
			return err
		}
		return img.Flatten(ink[:len(ink)-1])
	})
}

func (f *flatten) weigh(d *draft) {
	d.upright()
	if d.alpha {
		d.alpha, d.bands = false, d.bands-1
	}
	d.spend(5)
}

type negate struct{}

func (negate) Params(*op.ParamSet) {}

func (negate) Apply(c *Canvas) error { return c.do((*vips.Image).Negate) }

func (negate) weigh(d *draft) {
	d.opaque()
	d.spend(2)
}

type normalise struct{}

func (normalise) Params(*op.ParamSet) {}

// The percentiles that become black and white are sharp's.
func (normalise) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error { return img.Normalise(1, 99) })
}

func (normalise) weigh(d *draft) {
	d.upright()
	d.settle()
	d.strips(workedRows)
	d.spend(70)
}

// linear multiplies and adds.
type linear struct{ a, b float64 }

func (l *linear) Params(p *op.ParamSet) {
	p.Float(&l.a, "a", 1, -100, 100, "Number that each channel but opacity is multiplied with.")
	p.Float(&l.b, "b", 0, -255, 255, "Number, in steps of 255, that is added then.")
}

func (l *linear) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error {
		return img.Linear([]float64{l.a}, []float64{l.b * depth(img)})
	})
}

func (l *linear) weigh(d *draft) {
	d.opaque()
	d.spend(5)
}

// depth is what a step of 255 is worth in an image.
func depth(img *vips.Image) float64 {
	if img.Wide() {
		return 257 // 255 to 65535
	}
	return 1
}

// modulate changes lightness, saturation and hue.
type modulate struct {
	brightness, saturation float64
	hue                    int
}

func (m *modulate) Params(p *op.ParamSet) {
	p.Float(&m.brightness, "b", 1, 0, 10, "Number that the lightness is multiplied with. PixelBin documents 1 to 10; below 1 darkens.")
	p.Float(&m.saturation, "s", 1, 0, 10, "Number that the saturation is multiplied with.")
	p.Int(&m.hue, "h", 90, -360, 360, "Degrees that hues are turned by. The default is PixelBin's.")
}

func (m *modulate) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error {
		return img.Modulate(m.brightness, m.saturation, float64(m.hue))
	})
}

func (m *modulate) weigh(d *draft) {
	d.opaque()
	d.strips(workedRows)
	d.spend(85)
}

type grey struct{}

func (grey) Params(*op.ParamSet) {}

func (grey) keepsColors() bool { return true }

func (grey) Apply(c *Canvas) error {
	return c.do((*vips.Image).Grey)
}

func (grey) weigh(d *draft) {
	d.opaque()
	d.strips(workedRows)
	d.bands = 1
	if d.alpha {
		d.bands = 2
	}
	d.spend(25)
}

// tint keeps the lightness and takes the hue of a color.
type tint struct{ color op.Color }

func (t *tint) Params(p *op.ParamSet) {
	p.Color(&t.color, "c", op.Black(), "Color to tint with.")
	p.Alias("b") // as a page of PixelBin's documents has it
}

func (t *tint) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error {
		return img.Tint([]float64{float64(t.color.R), float64(t.color.G), float64(t.color.B)})
	})
}

func (t *tint) weigh(d *draft) {
	d.opaque()
	d.strips(workedRows)
	d.bands = 3
	if d.alpha {
		d.bands = 4
	}
	d.spend(30)
}

// gamma brightens or darkens the middle tones.
type gamma struct{ exponent float64 }

func (g *gamma) Params(p *op.ParamSet) {
	p.Float(&g.exponent, "g", 2.2, 0.1, 10, "Above 1 brightens the middle tones, below 1 darkens them.")
}

func (g *gamma) Apply(c *Canvas) error {
	return c.do(func(img *vips.Image) error { return img.Gamma(g.exponent) })
}

func (g *gamma) weigh(d *draft) {
	d.opaque()
	d.spend(5)
}

func colors() []Spec {
	return []Spec{
		spec[flatten]("t.flatten", "Lay the picture on a color and drop its opacity.", "t.flatten(b:ff8800)"),
		spec[negate]("t.negate", "Turn colors into their opposites.", "t.negate()"),
		spec[normalise]("t.normalise", "Stretch the contrast to all there is.", "t.normalise()"),
		spec[linear]("t.linear", "Change the levels: a times each channel, plus b.", "t.linear(a:0.5,b:100)"),
		spec[modulate]("t.modulate", "Change lightness, saturation and hue.", "t.modulate(b:1.2,s:0.5,h:40)"),
		spec[grey]("t.grey", "Take away the colors.", "t.grey()"),
		spec[tint]("t.tint", "Keep the lightness and take the hue of a color.", "t.tint(c:ff8800)"),
		spec[gamma]("t.gamma", "Brighten or darken the middle tones. An extension.", "t.gamma(g:2.2)"),
	}
}
