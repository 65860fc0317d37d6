package transform_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/transform"
)

// dot is a PNG of one pixel, of the depth and the channels that c has.
func dot(tb testing.TB, c color.Color) []byte {
	tb.Helper()
	one := image.Rect(0, 0, 1, 1)
	var img draw.Image
	switch c.(type) {
	case color.Gray:
		img = image.NewGray(one)
	case color.Gray16:
		img = image.NewGray16(one)
	case color.NRGBA64:
		img = image.NewNRGBA64(one)
	default:
		img = image.NewNRGBA(one)
	}
	img.Set(0, 0, c)
	return imgtest.PNG(tb, img)
}

// rgb is a color as image/png decodes it where there is no alpha.
func rgb(r, g, b uint8) color.Color       { return color.RGBA{r, g, b, 255} }
func rgba(r, g, b, a uint8) color.Color   { return color.NRGBA{r, g, b, a} }
func grey(y uint8) color.Color            { return color.Gray{Y: y} }
func grey16(y uint16) color.Color         { return color.Gray16{Y: y} }
func wide(r, g, b, a uint16) color.Color  { return color.NRGBA64{R: r, G: g, B: b, A: a} }
func wide3(r, g, b, a uint16) color.Color { return color.RGBA64{R: r, G: g, B: b, A: a} }

// TestPixel changes the color of a picture of one pixel. The numbers are not the
// program's own: those of operations in other spaces follow from the definitions
// of sRGB (IEC 61966-2-1), CIELAB and the weights of ITU-R BT.709, for
// colors that libvips' tables of 8 bits do not round another way.
func TestPixel(t *testing.T) {
	tests := []struct {
		chain    string
		in, want color.Color
	}{
		{"t.grey()", rgba(200, 100, 50, 255), grey(128)},
		{"t.grey()", rgba(255, 0, 0, 255), grey(127)},
		{"t.grey()", rgba(0, 255, 0, 255), grey(220)},
		{"t.grey()", rgba(0, 0, 255, 255), grey(76)},
		{"t.grey()", rgba(200, 100, 50, 77), rgba(128, 128, 128, 77)},
		{"t.grey()", grey(100), grey(100)},
		{"t.grey()", grey16(20000), grey16(20000)},

		{"t.negate()", rgba(200, 100, 50, 255), rgb(55, 155, 205)},
		{"t.negate()", rgba(200, 100, 50, 77), rgba(55, 155, 205, 77)},
		{"t.negate()", rgba(200, 100, 50, 0), rgba(55, 155, 205, 0)},
		{"t.negate()", grey(100), grey(155)},
		{"t.negate()", wide(20000, 40000, 60000, 30000), wide(45535, 25535, 5535, 30000)},
		{"t.negate()~t.negate()", wide(20000, 40000, 60000, 30000), wide(20000, 40000, 60000, 30000)},

		{"t.modulate(h:0)", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.modulate(b:0,h:0)", rgba(128, 128, 128, 255), rgb(0, 0, 0)},
		{"t.modulate(b:0.5,h:0)", rgba(255, 255, 255, 255), rgb(119, 119, 119)}, // lightness 50
		{"t.modulate(b:1.2,h:0)", rgba(200, 100, 50, 255), rgb(233, 128, 76)},
		{"t.modulate(b:0.5,h:0)", rgba(150, 120, 110, 77), rgba(82, 57, 48, 77)},
		{"t.modulate(s:0,h:0)", rgba(200, 100, 50, 77), rgba(128, 128, 128, 77)},
		{"t.modulate(s:0.3,h:0)", rgba(200, 100, 50, 255), rgb(155, 121, 105)},
		{"t.modulate()", rgba(150, 120, 110, 255), rgb(116, 131, 109)}, // the hue by 90
		{"t.modulate(h:180)", rgba(120, 90, 80, 77), rgba(63, 103, 114, 77)},
		{"t.modulate(h:360)", rgba(120, 90, 80, 77), rgba(120, 90, 80, 77)},
		{"t.modulate(h:180)", grey16(20000), grey16(20000)},

		{"t.tint(c:b45a82)", rgba(128, 128, 128, 255), rgb(189, 99, 138)},
		{"t.tint(b:5a8c78)", rgba(200, 100, 50, 77), rgba(88, 138, 118, 77)},
		{"t.tint(c:ff8800)", rgba(200, 100, 50, 255), rgb(206, 97, 0)},
		{"t.tint(c:ff8800)", grey(150), rgb(230, 121, 0)},
		{"t.tint(c:ff8800)", grey(0), rgb(0, 0, 0)},
		{"t.tint(c:ff8800)", rgba(255, 255, 255, 77), rgba(255, 255, 255, 77)},
		{"t.tint()", rgba(200, 100, 50, 77), rgba(128, 128, 128, 77)},

		{"t.linear()", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.linear(a:0.5,b:100)", rgba(200, 100, 50, 77), rgba(200, 150, 125, 77)},
		{"t.linear(a:2,b:-20)", rgba(200, 100, 50, 255), rgb(255, 180, 80)},
		{"t.linear(a:-1)", rgba(200, 100, 50, 77), rgba(0, 0, 0, 77)},
		{"t.linear(a:-1,b:255)", rgba(200, 100, 50, 77), rgba(55, 155, 205, 77)},
		{"t.linear(a:0.5,b:100)", grey(100), grey(150)},
		{"t.linear(a:0.5,b:100)", wide(20000, 40000, 60000, 30000), wide(35700, 45700, 55700, 30000)},
		{"t.linear(a:2,b:-20)", wide(20000, 40000, 60000, 30000), wide(34860, 65535, 65535, 30000)},

		{"t.gamma(g:1)", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.gamma(g:2)", rgba(204, 51, 255, 77), rgba(228, 114, 255, 77)},
		{"t.gamma(g:0.5)", rgba(204, 51, 0, 255), rgb(163, 10, 0)},
		{"t.gamma()", rgba(204, 0, 255, 77), rgba(230, 0, 255, 77)},
		{"t.gamma(g:0.5)", grey(100), grey(39)},
		{"t.gamma(g:2)", wide(52428, 13107, 65535, 30000), wide(58616, 29308, 65535, 30000)},
		{"t.gamma(g:0.5)", wide(52428, 13107, 0, 30000), wide(41942, 2621, 0, 30000)},

		// Where there is no contrast there is nothing to stretch.
		{"t.normalise()", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.normalise()", grey(100), grey(100)},
		{"t.normalise()", grey16(20000), grey16(20000)},

		{"t.flatten()", rgba(200, 100, 50, 77), rgb(60, 30, 15)},
		{"t.flatten(b:ffffff)", rgba(200, 100, 50, 77), rgb(238, 208, 193)},
		{"t.flatten(b:ff880000)", rgba(255, 0, 0, 0), rgb(255, 136, 0)}, // the color's own opacity does not count
		{"t.flatten(b:ff8800)", rgba(200, 100, 50, 255), rgb(200, 100, 50)},
		{"t.flatten()", wide(65535, 0, 13107, 13107), wide3(13107, 0, 2621, 65535)},
		{"t.flatten(b:ffffff)", wide(65535, 0, 13107, 13107), wide3(65535, 52428, 55049, 65535)},

		// What is not about color leaves it alone.
		{"t.srgb()", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.srgb()", wide(20000, 40000, 60000, 30000), wide(20000, 40000, 60000, 30000)},
		{"t.sharpen()", rgba(200, 100, 50, 255), rgb(200, 100, 50)},
		{"t.sharpen()", grey(100), grey(100)},
		{"t.pixelate()", rgba(200, 100, 50, 255), rgb(200, 100, 50)},
		{"t.blur()", grey(100), grey(100)},
		{"t.flip()~t.flop()~t.rotate(a:90)", rgba(200, 100, 50, 77), rgba(200, 100, 50, 77)},
		{"t.flip()~t.flop()~t.rotate(a:90)", wide(20000, 40000, 60000, 30000), wide(20000, 40000, 60000, 30000)},
	}
	tested := make(map[string]bool)
	for _, tt := range tests {
		for _, call := range calls(tt.chain) {
			tested[call.Name] = true
		}
		img := imgtest.Decode(t, mustRender(t, tt.chain+"~t.toFormat(f:png)", dot(t, tt.in)).Data)
		if got := img.At(0, 0); img.Bounds() != image.Rect(0, 0, 1, 1) || got != tt.want {
			t.Errorf("%s: %T%v became %v, %T%v; want %T%v", tt.chain, tt.in, tt.in, img.Bounds(), got, got, tt.want, tt.want)
		}
	}
	for _, s := range transform.Colors() {
		if !tested[s.Name] {
			t.Errorf("no pixel is changed by %s", s.Name)
		}
	}
}

// TestContrast stretches two greys, so that TestPixel's normalise is not all
// there is: the darker becomes black and the lighter white.
func TestContrast(t *testing.T) {
	two := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	two.Set(0, 0, rgba(60, 60, 60, 77))
	two.Set(1, 0, rgba(180, 180, 180, 200))
	got := imgtest.Decode(t, mustRender(t, "t.normalise()~t.toFormat(f:png)", imgtest.PNG(t, two)).Data)
	l, lok := got.At(0, 0).(color.NRGBA)
	r, rok := got.At(1, 0).(color.NRGBA)
	// The percentiles are whole numbers of lightness, as sharp's.
	if !lok || !rok || l.R > 5 || r.R < 250 || l.A != 77 || r.A != 200 {
		t.Errorf("60 and 180 became %v and %v, want black and white, as clear as before", l, r)
	}
}
