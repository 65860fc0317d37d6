package vips

import "fmt"

// A Space is a color space, by libvips' name for it.
type Space string

// The spaces.
const (
	SRGB Space = "srgb"
	Grey Space = "b-w"
	LAB  Space = "lab" // L 0 to 100, a and b around 0
	LCH  Space = "lch" // L 0 to 100, C from 0, h in degrees

	linearRGB Space = "scrgb" // the primaries of sRGB in linear light, 0 to 1
)

// To converts the colors; alpha comes along.
func (m *Image) To(s Space) error { return m.call("colourspace", "space=%s", s) }

// space returns the space an image is in, for the way back.
func (m *Image) space() Space {
	switch {
	case m.Bands() < 3 && m.Wide():
		return "grey16"
	case m.Bands() < 3:
		return Grey
	case m.Wide():
		return "rgb16"
	}
	return SRGB
}

// Standard brings the colors to sRGB (or to grey of the same transfer curve),
// through the embedded profile if there is one. Pictures of 16 bits keep them. A
// broken profile is ignored: the picture is still worth showing. One that is sRGB's
// changes nothing and costs nothing.
func (m *Image) Standard() error {
	cmyk := m.isCMYK()
	icc := m.profile()
	if (icc != nil && !isSRGB(icc)) || cmyk {
		input, depth := "srgb", 8
		if cmyk {
			input = "cmyk"
		}
		if m.Wide() {
			depth = 16
		}
		// libvips before 8.15 has sRGB as a profile of version 2, for which black is
		// not made to meet black unless one asks; with version 4 it always is.
		if m.call("icc_transform", "output-profile=srgb,input-profile=%s,embedded=true,intent=perceptual,black-point-compensation=true,depth=%d", input, depth) == nil {
			return nil
		}
	}
	if m.isPlain() {
		return nil
	}
	return m.To(SRGB)
}

// Grey takes away the colors and leaves their luminance.
func (m *Image) Grey() error {
	to := Grey
	if m.Wide() {
		to = "grey16"
	}
	return m.opaque(func(m *Image) error { return m.luminance(to) })
}

// luminance makes an image without alpha grey, by the weights of ITU-R BT.709.
// libvips before 8.16 has other weights, but like any version it leaves greys
// alone, so it gets some.
func (m *Image) luminance(to Space) error {
	if m.Bands() < 3 {
		return m.To(to)
	}
	if err := m.To(linearRGB); err != nil {
		return err
	}
	// The mean of three channels is a third of their sum.
	if err := m.call("linear", "a=%s,b=0", array([]float64{3 * 0.2126, 3 * 0.7152, 3 * 0.0722})); err != nil {
		return err
	}
	if err := m.call("bandmean", ""); err != nil {
		return err
	}
	if err := m.call("linear", "a=1 1 1,b=0 0 0"); err != nil { // three channels again
		return err
	}
	if err := m.call("copy", "interpretation=%s", linearRGB); err != nil {
		return err
	}
	return m.To(to)
}

// Linear multiplies each channel but alpha with a and adds b, both of one number
// or one a channel.
func (m *Image) Linear(a, b []float64) error {
	return m.opaque(func(m *Image) error {
		if !m.Wide() {
			return m.call("linear", "a=%s,b=%s,uchar=true", array(a), array(b))
		}
		if err := m.call("linear", "a=%s,b=%s", array(a), array(b)); err != nil {
			return err
		}
		return m.call("cast", "format=ushort")
	})
}

// Modulate multiplies lightness and saturation, and turns the hue by degrees.
func (m *Image) Modulate(lightness, saturation, hue float64) error {
	return m.opaque(func(m *Image) error {
		back := m.space()
		if err := m.To(LCH); err != nil {
			return err
		}
		if err := m.call("linear", "a=%s,b=%s", array([]float64{lightness, saturation, 1}), array([]float64{0, 0, hue})); err != nil {
			return err
		}
		return m.To(back)
	})
}

// Negate turns each channel but alpha into its opposite.
func (m *Image) Negate() error {
	return m.opaque(func(m *Image) error { return m.call("invert", "") })
}

// Gamma raises each channel but alpha to the power of exponent.
func (m *Image) Gamma(exponent float64) error {
	return m.opaque(func(m *Image) error { return m.call("gamma", "exponent=%g", exponent) })
}

// Flatten lays the image on one color, a number a channel, and drops its alpha.
func (m *Image) Flatten(ink []float64) error {
	if !m.HasAlpha() {
		return nil
	}
	return m.call("flatten", "background=%s", array(ink))
}

// Normalise stretches the lightness from the given percentiles to all there is.
func (m *Image) Normalise(lower, upper int) error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.opaque(func(m *Image) error {
		back := m.space()
		if err := m.To(LAB); err != nil {
			return err
		}
		lo, hi, err := m.lightnessRange(lower, upper)
		if err != nil {
			return err
		}
		if hi-lo > 1 {
			f := 100 / (hi - lo)
			if err := m.call("linear", "a=%s,b=%s", array([]float64{f, 1, 1}), array([]float64{-lo * f, 0, 0})); err != nil {
				return err
			}
		}
		return m.To(back)
	})
}

// lightnessRange returns two percentiles of the first channel, in whole numbers.
func (m *Image) lightnessRange(lower, upper int) (lo, hi float64, err error) {
	l := m.Copy()
	defer l.Close()
	if err := l.call("extract_band", "band=0"); err != nil {
		return 0, 0, err
	}
	low, err := l.numbers("percent", []string{"threshold"}, "percent=%d", lower)
	if err != nil {
		return 0, 0, err
	}
	high, err := l.numbers("percent", []string{"threshold"}, "percent=%d", upper)
	if err != nil {
		return 0, 0, err
	}
	return low[0], high[0], nil
}

// Map replaces each channel of a grey image by what table, an image of 256 by 1
// pixels, has for it.
func (m *Image) Map(table *Image) error { return m.call2("maplut", "in", "lut", table, "") }

// opaque carries out work on the channels but alpha.
func (m *Image) opaque(work func(*Image) error) error {
	if !m.HasAlpha() {
		return work(m)
	}
	// Both halves read the pixels: a sequential source would be read twice.
	if err := m.Settle(); err != nil {
		return err
	}
	alpha := m.Copy()
	defer alpha.Close()
	bands := m.Bands()
	if err := alpha.call("extract_band", "band=%d", bands-1); err != nil {
		return err
	}
	if err := m.call("extract_band", "band=0,n=%d", bands-1); err != nil {
		return err
	}
	if err := work(m); err != nil {
		return err
	}
	return m.Join(alpha)
}

// Join adds the channels of other behind those of m.
func (m *Image) Join(other *Image) error {
	joined, err := join("bandjoin", []*Image{m, other}, "")
	if err != nil {
		return err
	}
	m.adopt(joined)
	return nil
}

// AddAlpha adds a fully opaque alpha channel to an image without one.
func (m *Image) AddAlpha() error {
	if m.HasAlpha() {
		return nil
	}
	opaque := 255
	if m.Wide() {
		opaque = 65535
	}
	return m.call("bandjoin_const", "c=%d", opaque)
}

// At returns the channels of the pixel at (x, y).
func (m *Image) At(x, y int) ([]float64, error) {
	if err := m.Settle(); err != nil {
		return nil, err
	}
	values := make([]float64, m.Bands())
	for band := range values {
		n := m.Copy()
		err := n.call("extract_area", "left=%d,top=%d,width=1,height=1", x, y)
		if err == nil {
			err = n.call("extract_band", "band=%d", band)
		}
		var v []float64
		if err == nil {
			v, err = n.numbers("avg", []string{"out"}, "")
		}
		n.Close()
		if err != nil {
			return nil, fmt.Errorf("pixel at %d, %d: %w", x, y, err)
		}
		values[band] = v[0]
	}
	return values, nil
}

// Tint keeps the lightness and takes the hue of a color in sRGB. It is strongest
// in the middle tones, and black stays black: each lightness L, from 0 to 1, is
// given the color's a and b times 1 - 4(L - ½)², as sharp does.
func (m *Image) Tint(rgb []float64) error {
	table, err := tintTable(rgb)
	if err != nil {
		return err
	}
	defer table.Close()
	return m.opaque(func(m *Image) error {
		wide := m.Wide()
		if err := m.luminance(Grey); err != nil {
			return err
		}
		if err := m.Map(table); err != nil || !wide {
			return err
		}
		return m.To("rgb16") // as its alpha is
	})
}

// tintTable returns the colors, in sRGB, that the 256 shades of grey become.
func tintTable(rgb []float64) (*Image, error) {
	color, err := Plain(1, 1, rgb)
	if err != nil {
		return nil, err
	}
	defer color.Close()
	if err := color.To(LAB); err != nil {
		return nil, err
	}
	lab, err := color.At(0, 0)
	if err != nil {
		return nil, err
	}
	table, err := newImage("identity", "bands=3")
	if err != nil {
		return nil, err
	}
	if err := table.weigh(lab); err != nil {
		table.Close()
		return nil, err
	}
	return table, nil
}

// weigh gives the ramp of greys the chroma of lab, by lightness.
func (m *Image) weigh(lab []float64) error {
	if err := m.call("copy", "interpretation=srgb"); err != nil {
		return err
	}
	if err := m.To(LAB); err != nil {
		return err
	}
	if err := m.call("extract_band", "band=0"); err != nil {
		return err
	}
	weight := m.Copy()
	defer weight.Close()
	// 1 - 4(L/100 - ½)² = 4 L/100 - 4 (L/100)²
	square := m.Copy()
	defer square.Close()
	if err := square.call2("multiply", "left", "right", m, ""); err != nil {
		return err
	}
	if err := square.call("linear", "a=%g,b=0", -4.0/10000); err != nil {
		return err
	}
	if err := weight.call("linear", "a=%g,b=0", 4.0/100); err != nil {
		return err
	}
	if err := weight.call2("add", "left", "right", square, ""); err != nil {
		return err
	}
	chroma := weight.Copy()
	defer chroma.Close()
	if err := weight.call("linear", "a=%g,b=0", lab[1]); err != nil {
		return err
	}
	if err := chroma.call("linear", "a=%g,b=0", lab[2]); err != nil {
		return err
	}
	if err := m.Join(weight); err != nil {
		return err
	}
	if err := m.Join(chroma); err != nil {
		return err
	}
	if err := m.call("copy", "interpretation=lab"); err != nil {
		return err
	}
	return m.To(SRGB)
}
