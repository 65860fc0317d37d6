package transform

import (
	"errors"
	"testing"

	"pixedge/internal/fault"
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
		{"larger jpeg, for which that is no word", media.JPEG, 2048, 1025, Output{Lossless: true}, 1},
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

// TestEncoderFails holds errors to what they say of whom.
func TestEncoderFails(t *testing.T) {
	img, err := vips.Plain(16384, 1, []float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCanvas(img, turn{}, 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, tooWide := encoderFor(media.WebP).write(t.Context(), c, Output{Format: media.WebP}, nil)
	_, losslessly := encoderFor(media.WebP).write(t.Context(), c, Output{Format: media.WebP, Lossless: true}, nil)
	const much, encoded = "the picture takes too much memory to render", "the result could not be encoded as webp"
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"an encoder of ours", tooWide, encoded},
		{"libvips' encoder", losslessly, encoded},
		{"libheif, which says nothing", hollow([]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf\x00\x00\x00\x08mdat"), media.AVIF), "the result could not be encoded as avif"},
		{"memory for an encoder", unencodable(&vips.Error{Verb: "encode", Text: "avif: Memory allocation error: Unspecified"}, media.AVIF), much},
		{"memory for pixels", damaged(&vips.Error{Verb: "raw", Text: "vips_tracked: out of memory --- size == 141MB"}), much},
		{"pixels, while they are encoded", unencodable(&vips.Error{Verb: "save", Text: "VipsJpeg: premature end of JPEG image"}, media.PNG), "the picture is damaged or of a kind that cannot be read"},
	} {
		if got := fault.Message(tt.err); got != tt.want || fault.Of(tt.err) != fault.Unprocessable {
			t.Errorf("%s: %q, %v: want %q", tt.name, got, tt.err, tt.want)
		}
	}
	if another := errors.New("another"); fault.Of(unencodable(another, media.PNG)) != fault.Internal || unencodable(nil, media.PNG) != nil {
		t.Error("an error that is not libvips' is explained")
	}
}
