package inspect_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

const (
	gifScreen  = "GIF89a\x09\x00\x08\x00\x00\x00\x00"
	gifFrame   = "\x2c\x00\x00\x00\x00\x09\x00\x08\x00\x00\x02\x02\x4c\x01\x00"
	gifControl = "\x21\xf9\x04\x01\x00\x00\x00\x00"
	gifNote    = "\x21\xfe\x02\x2c\x2c\x01\x2c\x00" // looks like images
)

// moving returns a GIF of so many frames, with a color table of their own if
// colors differ from those of the whole.
func moving(tb testing.TB, frames int, ownColors bool) []byte {
	tb.Helper()
	g := &gif.GIF{Config: image.Config{Width: 9, Height: 8, ColorModel: color.Palette{color.Black, color.White}}}
	for i := range frames {
		palette := color.Palette{color.Black, color.White}
		if ownColors {
			palette = append(palette, color.Gray{Y: byte(i)})
		}
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 9, 8), palette))
		g.Delay = append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestGIF(t *testing.T) {
	of := func(frames, w, h int, alpha bool) inspect.Header {
		bands := 3
		if alpha {
			bands = 4
		}
		return inspect.Header{Format: media.GIF, Width: w, Height: h, Bands: bands, Depth: 8, Alpha: alpha, Frames: frames, Samples: 1, Whole: true}
	}
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"one frame", moving(t, 1, false), of(1, 9, 8, false)},
		{"frames", moving(t, 12, false), of(12, 9, 8, false)},
		{"colors of their own", moving(t, 5, true), of(5, 9, 8, false)},
		{"an old one", []byte("GIF87a" + gifScreen[6:] + gifFrame + ";"), of(1, 9, 8, false)},
		{"clear", []byte(gifScreen + gifControl + gifFrame + ";"), of(1, 9, 8, true)},
		{"comments", []byte(gifScreen + gifNote + gifFrame + gifNote + gifFrame + "\x21\xfe\x00;"), of(2, 9, 8, false)},
		{"nonsense after it", []byte(gifScreen + gifFrame + "\x00\x00" + gifFrame), of(1, 9, 8, false)},
		{"frames after the end", []byte(gifScreen + gifFrame + ";" + gifFrame), of(1, 9, 8, false)},
		{"a frame beyond the screen", []byte(gifScreen + "\x2c\x05\x00\x01\x00\x09\x00\x08\x00\x00\x02\x02\x4c\x01\x00;"), of(1, 14, 9, false)},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, []byte(gifScreen+gifFrame), len(gifScreen+gifFrame))
}

func TestGIFRefuses(t *testing.T) {
	checkSamples(t, []sample{
		{"a header alone", []byte("GIF89a"), "ends too early"},
		{"no trailer", []byte(gifScreen + gifFrame + gifFrame), "ends too early"},
		{"no frame", []byte(gifScreen + ";"), "no frame"},
		{"nonsense", []byte(gifScreen + "\x00" + gifFrame), "no frame"},
		{"no size", []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x4c\x01\x00;"), "no pixels"},
		{"colors that are not there", []byte("GIF89a\x01\x00\x01\x00\xf7\x00\x00" + gifFrame), "no frame"},
		{"a frame cut in its descriptor", []byte(gifScreen + gifFrame + gifFrame[:7]), "ends too early"},
		{"a frame cut in its pixels", []byte(gifScreen + gifFrame + gifFrame[:len(gifFrame)-2]), "ends too early"},
		{"blocks beyond the file", []byte(gifScreen + "\x21\xf9\xff" + strings.Repeat("\xff", 20)), "ends too early"},
	})
}

// FuzzGIF must find what Go's own decoder finds.
func FuzzGIF(f *testing.F) {
	f.Add(moving(f, 1, false))
	f.Add(moving(f, 3, true))
	f.Add([]byte(gifScreen + gifControl + gifFrame + gifNote + gifFrame + ";"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if format, _ := media.Sniff(data); format != media.GIF || len(data) > 1<<16 {
			return
		}
		if c, err := gif.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width*c.Height > 1<<14 {
			return
		}
		g, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			return
		}
		h, err := inspect.Read(data)
		if err != nil || h.Frames != len(g.Image) || h.Animated() != (len(g.Image) > 1) {
			t.Errorf("%+v, %v of a GIF of %d frames", h, err, len(g.Image))
		}
	})
}
