package vips_test

import (
	"bytes"
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
