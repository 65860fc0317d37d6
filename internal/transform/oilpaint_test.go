package transform_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"math/rand/v2"
	"testing"
	"time"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// paintSlowly is the algorithm of ImageMagick's OilPaintImage as it is told: for
// each pixel a new histogram of those around it, in which the pixel counts that
// first makes a bin fuller than all before.
func paintSlowly(in *image.NRGBA64, radius int) *image.NRGBA64 {
	b := in.Bounds()
	out := image.NewNRGBA64(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			var histogram [256]int
			most, best := 0, color.NRGBA64{}
			for v := y - radius; v <= y+radius; v++ {
				for u := x - radius; u <= x+radius; u++ {
					c := in.NRGBA64At(min(max(0, u), b.Dx()-1), min(max(0, v), b.Dy()-1))
					k := intensity(c)
					if histogram[k]++; histogram[k] > most {
						most, best = histogram[k], c
					}
				}
			}
			out.SetNRGBA64(x, y, best)
		}
	}
	return out
}

// intensity is the relative luminance of ITU-R BT.709, 0 to 255.
func intensity(c color.NRGBA64) int {
	y := 13937*uint64(c.R) + 46869*uint64(c.G) + 4730*uint64(c.B)
	return int((y + 257<<15) / (257 << 16))
}

// speckled is a picture of so few levels that bins are often equally full.
func speckled(w, h, levels int, alpha bool) *image.NRGBA64 {
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	img := image.NewNRGBA64(image.Rect(0, 0, w, h))
	level := func() uint16 { return uint16(random.IntN(levels)) * uint16(65535/max(1, levels-1)/257) * 257 }
	for y := range h {
		for x := range w {
			c := color.NRGBA64{level(), level(), level(), 0xffff}
			if alpha {
				c.A = level()
			}
			img.SetNRGBA64(x, y, c)
		}
	}
	return img
}

func TestOilPaint(t *testing.T) {
	tests := []struct {
		radius       string
		half         int
		w, h, levels int
		alpha, deep  bool
	}{
		{"0", 0, 20, 10, 256, false, false},
		{"0.2", 1, 40, 30, 256, false, false},
		{"1", 1, 40, 30, 3, false, false},
		{"2.5", 3, 40, 30, 2, true, false},
		{"3", 3, 61, 47, 8, true, false},
		{"3", 3, 61, 47, 30, false, true},
		{"3", 3, 5, 4, 3, false, false},
		{"4", 4, 1, 1, 3, false, false},
		{"7", 7, 200, 3, 4, true, true},
		{"10", 10, 33, 40, 256, false, false},
		{"10", 10, 60, 50, 2, false, false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			in := speckled(tt.w, tt.h, tt.levels, tt.alpha)
			var original image.Image = in
			if !tt.deep {
				eight := image.NewNRGBA(in.Bounds())
				draw.Draw(eight, in.Bounds(), in, image.Point{}, draw.Src)
				if tt.alpha { // draw.Draw passes through premultiplied colors
					for y := range tt.h {
						for x := range tt.w {
							c := in.NRGBA64At(x, y)
							eight.SetNRGBA(x, y, color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), uint8(c.A >> 8)})
						}
					}
				}
				original = eight
			}
			want := paintSlowly(in, tt.half)
			got := imgtest.Decode(t, mustRender(t, "t.oilpaint(r:"+tt.radius+")", imgtest.PNG(t, original)).Data)
			for y := range tt.h {
				for x := range tt.w {
					if g := straight(got.At(x, y)); g != want.NRGBA64At(x, y) {
						t.Fatalf("at %d, %d: %v, want %v", x, y, g, want.NRGBA64At(x, y))
					}
				}
			}
		})
	}
}

// straight is a color as it is stored, whether it is clear or not.
func straight(c color.Color) color.NRGBA64 {
	switch c := c.(type) {
	case color.NRGBA:
		return color.NRGBA64{uint16(c.R) * 257, uint16(c.G) * 257, uint16(c.B) * 257, uint16(c.A) * 257}
	case color.NRGBA64:
		return c
	}
	r, g, b, a := c.RGBA()
	return color.NRGBA64{uint16(r), uint16(g), uint16(b), uint16(a)} // opaque
}

// TestOilPaintDeadline ends a render in the middle of the painting.
func TestOilPaintDeadline(t *testing.T) {
	r := transform.NewRenderer(transform.Config{Workers: 1})
	plan, err := newCompiler().Compile(calls("t.oilpaint(r:10)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	original := media.Image{Data: imgtest.PNG(t, image.NewPaletted(image.Rect(0, 0, 1900, 1500), palette.Plan9)), Format: media.PNG}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Render(ctx, transform.Job{Plan: plan, Original: original, Limits: limits()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}
