package pixlab

import (
	"math"

	"pixedge/internal/media"
	"pixedge/internal/op"
)

// oilpaint paints in oil. A radius above the most is taken for it.
type oilpaint struct{ radius float64 }

func (r *oilpaint) params(p *params) {
	p.Float(&r.radius, "radius", 3, 0, 1000, "Radius of the neighborhood in pixels; more than 10 is 10.")
	p.need("radius")
}

func (r *oilpaint) write(o *order) error {
	o.asStored()
	o.add("t.oilpaint", "r", min(r.radius, 10))
	return nil
}

// blur softens a picture.
type blur struct{ radius, sigma float64 }

func (b *blur) params(p *params) {
	p.Float(&b.radius, "radius", 0, 0, 1000, "How far, in pixels, a point spreads at most; 0: by sigma.")
	p.Alias("rad")
	p.Float(&b.sigma, "sigma", 0, 0, 1000, "Standard deviation in pixels; without it, the radius.")
	p.Alias("sig")
}

func (b *blur) write(o *order) error {
	s, ok := spread(b.radius, b.sigma)
	if !ok {
		return o.errorf("radius and sigma are missing, or too small")
	}
	o.asStored()
	o.add("t.blur", "s", s)
	return nil
}

// spread returns the standard deviation of ImageMagick's Gaussian of sigma that is
// cut radius pixels away (MagickCore/effect.c), as t.blur takes it. ok is false if
// it changes nothing.
func spread(radius, sigma float64) (s float64, ok bool) {
	const least, most = 0.3, 100
	if sigma == 0 {
		sigma = radius
	}
	if sigma < least {
		return 0, false
	}
	s = sigma
	if radius > 0 && radius < 3*sigma {
		var weights, moments float64
		for i := -math.Ceil(radius); i <= math.Ceil(radius); i++ {
			g := math.Exp(-i * i / (2 * sigma * sigma))
			weights += g
			moments += i * i * g
		}
		s = math.Sqrt(moments / weights)
	}
	return math.Round(max(least, min(s, most))*1000) / 1000, true
}

// plain is one operation that needs no telling how.
type plain struct{ name string }

func (*plain) params(*params) {}

func (r *plain) write(o *order) error {
	o.asStored()
	o.add(r.name)
	return nil
}

// export is a format of the result.
type export struct{ name string }

func (e *export) params(p *params, def string) {
	p.format(&e.name, "export", def, "Format of the result.")
}

// exports are the names of formats that can be made, and others that are used for them.
func exports() []string {
	list := []string{"jpg", "tif", "heic", media.ICO.String()}
	for _, f := range media.Formats(media.Format.CanEncode) {
		if f != media.ICO {
			list = append(list, f.String())
		}
	}
	return list
}

func (e *export) write(o *order, args ...any) {
	name := e.name
	switch name {
	case "jpg":
		name = "jpeg"
	case "tif":
		name = "tiff"
	case "heic":
		name = "heif"
	}
	o.add("t.toFormat", append([]any{"f", name}, args...)...)
}

// convert makes a file of another format.
type convert struct {
	export     export
	background op.Color
	quality    int
}

func (c *convert) params(p *params) {
	c.export.params(p, "")
	p.need("export")
	p.Color(&c.background, "background", op.Color{}, "Color behind what is transparent.")
	p.Int(&c.quality, "compression", 0, 0, 100, "Quality of the result; 0: the usual one.")
}

func (c *convert) write(o *order) error {
	if c.background.A != 0 {
		o.add("t.flatten", "b", c.background)
	}
	if c.quality == 0 {
		c.export.write(o)
	} else {
		c.export.write(o, "q", c.quality)
	}
	return nil
}

// compress encodes anew.
type compress struct{ quality int }

func (c *compress) params(p *params) {
	p.Int(&c.quality, "quality", fine, 1, 100, "Quality of the result.")
	p.need("quality")
}

func (c *compress) write(o *order) error { return (*strip)(c).write(o) }

// strip is compress for those who know how much.
type strip compress

func (*strip) params(*params) {}

func (s *strip) write(o *order) error {
	o.add("t.compress", "q", s.quality)
	return nil
}

// flatten puts a picture on white.
type flatten struct{ export export }

func (f *flatten) params(p *params) { f.export.params(p, "png") }

func (f *flatten) write(o *order) error {
	o.add("t.flatten", "b", white())
	f.export.write(o)
	return nil
}

// favicon makes an icon.
type favicon struct{}

func (*favicon) params(*params) {}

func (*favicon) write(o *order) error {
	(&export{media.ICO.String()}).write(o)
	return nil
}

func looks() []endpoint {
	return []endpoint{
		makes("oilpaint", "Paint in oil.", both, oilpaint{}),
		makes("blur", "Blur a picture.", both, blur{}),
		makes("gaussianblur", "Blur a picture.", both, blur{}),
		makes("grayscale", "Take the colors away.", both, plain{"t.grey"}),
		makes("convert", "Make a file of another format.", both, convert{}),
		makes("compress", "Encode with another quality.", both, compress{}),
		makes("strip", "Take the metadata away.", both, strip{fine}),
		makes("flatten", "Put a picture on white.", both, flatten{}),
		makes("favicon", "Make an icon of 128, 64 and 32 pixels.", both, favicon{}),
	}
}
