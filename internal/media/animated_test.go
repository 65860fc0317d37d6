package media_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"

	"pixedge/internal/media"
)

// moving returns a GIF of so many frames, with a color table of their own if
// colors differ from those of the whole.
func moving(tb testing.TB, frames int, ownColors bool) []byte {
	tb.Helper()
	g := &gif.GIF{Config: image.Config{Width: 9, Height: 9, ColorModel: color.Palette{color.Black, color.White}}}
	for i := range frames {
		palette := color.Palette{color.Black, color.White}
		if ownColors {
			palette = append(palette, color.Gray{Y: byte(i)})
		}
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 9, 9), palette))
		g.Delay = append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func webp(chunk string, flags byte) []byte {
	return append([]byte("RIFF\x40\x00\x00\x00WEBP"+chunk+"\x0a\x00\x00\x00"), flags)
}

func TestAnimated(t *testing.T) {
	const (
		screen = "GIF89a\x01\x00\x01\x00\x00\x00\x00"
		frame  = "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x4c\x01\x00"
		note   = "\x21\xfe\x02\x2c\x2c\x01\x2c\x00" // a comment that looks like images
	)
	for _, tt := range []struct {
		name string
		data []byte
		want bool
	}{
		{"nothing", nil, false},
		{"GIF, one frame", moving(t, 1, false), false},
		{"GIF, two frames", moving(t, 2, false), true},
		{"GIF, colors of its own", moving(t, 1, true), false},
		{"GIF, two with colors of their own", moving(t, 2, true), true},
		{"GIF, cut in the first frame", moving(t, 2, true)[:60], false},
		{"GIF, a header alone", []byte("GIF89a"), false},
		{"GIF, no frame", []byte(screen + ";"), false},
		{"GIF, a comment", []byte(screen + note + frame + note + ";"), false},
		{"GIF, comments between", []byte(screen + note + frame + note + frame + ";"), true},
		{"GIF, frames after the end", []byte(screen + frame + ";" + frame + frame), false},
		{"GIF, colors that are not there", []byte("GIF89a\x01\x00\x01\x00\xf7\x00\x00" + frame + frame), false},
		{"GIF, an old one", []byte("GIF87a" + screen[6:] + frame + frame), true},
		{"GIF, blocks beyond the end", []byte(screen + "\x21\xf9\xff" + strings.Repeat("\xff", 20)), false},
		{"WebP, plain", webp("VP8 ", 0xff), false},
		{"WebP, lossless", webp("VP8L", 0xff), false},
		{"WebP, extended", webp("VP8X", 0xfd), false},
		{"WebP, animated", webp("VP8X", 0x02), true},
		{"WebP, cut before its flags", webp("VP8X", 0x02)[:20], false},
		{"WebP, cut in its name", webp("VP8X", 0x02)[:15], false},
		{"PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), false},
		{"JPEG", []byte("\xff\xd8\xff" + frame + frame), false},
	} {
		if got := media.Animated(tt.data); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestAnimatedAllocatesNothing(t *testing.T) {
	data := moving(t, 3, true)
	if n := testing.AllocsPerRun(10, func() { media.Animated(data) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// FuzzAnimated must not panic, and must find what Go's own decoder finds.
func FuzzAnimated(f *testing.F) {
	f.Add(moving(f, 1, false))
	f.Add(moving(f, 3, true))
	f.Add(webp("VP8X", 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := media.Animated(data)
		if format, _ := media.Sniff(data); got && format != media.GIF && format != media.WebP {
			t.Errorf("%v moves", format)
		}
		if len(data) > 1<<16 {
			return
		}
		if c, err := gif.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width*c.Height > 1<<14 {
			return
		}
		if g, err := gif.DecodeAll(bytes.NewReader(data)); err == nil && got != (len(g.Image) > 1) {
			t.Errorf("%t of a GIF of %d frames", got, len(g.Image))
		}
	})
}
