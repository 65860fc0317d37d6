package vips_test

import (
	"bytes"
	"testing"

	"pixedge/internal/transform/vips"
)

// TestPremultiplied resizes every color of every opacity to the size it has, which
// leaves what multiplying with the opacity and dividing by it leave, in pictures of
// odd and even widths, of two and four channels.
func TestPremultiplied(t *testing.T) {
	for _, bands := range []int{2, 4} {
		for _, w := range []int{255, 256} {
			var in, want []byte
			for alpha := range 256 {
				for x := range w {
					for b := range bands - 1 {
						color := (x + 7*b) % 256
						in, want = append(in, byte(color)), append(want, byte(color*alpha/255*255/max(1, alpha)))
					}
					in, want = append(in, byte(alpha)), append(want, byte(alpha))
				}
			}
			img, err := vips.FromPixels(in, w, 256, bands)
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			if err := img.Resize(1, 1, vips.Nearest); err != nil {
				t.Fatal(err)
			}
			if got := pixels(t, img); !bytes.Equal(got, want) {
				t.Errorf("%d channels, %d wide: other pixels", bands, w)
			}
		}
	}
}
