package transform

import (
	"testing"

	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// TestHaste asks how hard pictures of two sizes are searched for something to save.
func TestHaste(t *testing.T) {
	for _, tt := range []struct {
		name   string
		format media.Format
		w, h   int
		o      Output
		want   int
	}{
		{"webp of 2 Mi pixels", media.WebP, 2048, 1024, Output{}, 3},
		{"larger", media.WebP, 2048, 1025, Output{}, 2},
		{"larger, without a loss", media.WebP, 2048, 1025, Output{Lossless: true}, 3},
		{"jpeg of 2 Mi pixels", media.JPEG, 2048, 1024, Output{}, 1},
		{"larger jpeg", media.JPEG, 2048, 1025, Output{}, 0},
		{"larger avif", media.AVIF, 2048, 1025, Output{}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, err := vips.Plain(tt.w, tt.h, []float64{1, 2, 3})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			if got := encoderFor(tt.format).settings(img, tt.o, false).Effort; got != tt.want {
				t.Errorf("effort %d, want %d", got, tt.want)
			}
		})
	}
}
