package vips_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"pixedge/internal/transform/vips"
)

// random returns w by h pixels of random channels.
func random(w, h, bands int) []byte {
	source := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, w*h*bands)
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	return data
}

// mean is Smaller, written plainly.
func mean(in []byte, width, bands, n, w, h int) (out []byte) {
	for y := range h {
		for x := range w {
			for b := range bands {
				sum := n * n / 2
				for v := range n {
					for u := range n {
						sum += int(in[((y*n+v)*width+x*n+u)*bands+b])
					}
				}
				out = append(out, byte(sum/(n*n)))
			}
		}
	}
	return out
}

func TestSmaller(t *testing.T) {
	for _, n := range []int{2, 4} {
		for _, bands := range []int{1, 3} {
			for _, w := range []int{1, 7, 255, 256, 257, 1000} {
				t.Run(fmt.Sprintf("%d times, %d bands, %d wide", n, bands, w), func(t *testing.T) {
					width, h := w*n+n-1, 3
					data := random(width, h*n+1, bands)
					img, err := vips.FromPixels(data, width, h*n+1, bands)
					if err != nil {
						t.Fatal(err)
					}
					defer img.Close()
					if err := img.Smaller(n, w, h); err != nil {
						t.Fatal(err)
					}
					got, err := img.Pixels()
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, mean(data, width, bands, n, w, h)) {
						t.Error("some pixels are not the mean")
					}
				})
			}
		}
	}
}

// TestInto computes pixels into given memory: as they are, and through an operation, of
// one row and of more than are computed at a time.
func TestInto(t *testing.T) {
	for _, h := range []int{1, 64, 65, 300} {
		data := random(50, h, 3)
		img, err := vips.FromPixels(data, 50, h, 3)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		for range 2 {
			want, err := img.Pixels()
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if err := img.Into(t.Context(), got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d rows: other pixels, %v", h, err)
			}
			if err := img.Resize(0.5, 1, vips.Lanczos3); err != nil {
				t.Fatal(err)
			}
		}
		if err := img.Into(t.Context(), make([]byte, 7)); err == nil {
			t.Error("pixels are put where there is no room")
		}
	}
}
