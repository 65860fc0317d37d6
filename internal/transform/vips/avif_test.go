package vips_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"slices"
	"testing"

	"pixedge/internal/transform/vips"
)

// smooth returns w by h pixels of gradients, and a frame whose color is its own.
func smooth(t *testing.T, w, h, bands int) *vips.Image {
	t.Helper()
	data := make([]byte, 0, w*h*bands)
	for y := range h {
		for x := range w {
			pixel := []byte{byte(40 + x*200/w), byte(230 - y*200/h), byte(60 + (x+y)*100/(w+h)), byte(255 - x*90/w)}
			if bands < 3 {
				pixel = []byte{pixel[0], pixel[3]}
			}
			data = append(data, pixel[:bands]...)
		}
	}
	img, err := vips.FromPixels(data, w, h, bands)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(img.Close)
	return img
}

func saveAVIF(t *testing.T, img *vips.Image, with vips.Settings) []byte {
	t.Helper()
	with.Quality, with.Effort = cmp.Or(with.Quality, 80), 1
	data, err := img.Copy().Save(t.Context(), vips.SaveAVIF, with, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// boxes returns what the boxes of a name in a HEIF begin with, n bytes each.
func boxes(data []byte, name string, n int) (list [][]byte) {
	for _, rest := range bytes.Split(data, []byte(name))[1:] {
		list = append(list, rest[:min(n, len(rest))])
	}
	return list
}

// subsampled reports whether an AVIF stores colors in 4:2:0, by the flags of its av1C
// (AV1-ISOBMFF, 2.3.3): monochrome, which opacity is, and chroma at half the width, the
// height.
func subsampled(t *testing.T, data []byte) bool {
	t.Helper()
	for _, codec := range boxes(data, "av1C", 3) {
		switch codec[2] & 0x1c {
		case 0x0c:
			return true
		case 0:
			return false
		}
	}
	t.Fatal("no colors in 4:2:0 or 4:4:4")
	return false
}

// TestAVIF holds files that are encoded without libvips to those that it makes of the
// same pixels: what their boxes say, and what is to be seen. A field to keep, which the
// image does not have, is what leaves it to libvips.
func TestAVIF(t *testing.T) {
	sizes := []image.Point{{160, 90}, {161, 91}, {1, 1}, {2, 7}}
	for _, size := range sizes {
		for bands := 1; bands <= 4; bands++ {
			for _, subsample := range []bool{true, false} {
				t.Run(fmt.Sprintf("%v, %d bands, subsampled %t", size, bands, subsample), func(t *testing.T) {
					img := smooth(t, size.X, size.Y, bands)
					got := saveAVIF(t, img, vips.Settings{Subsample: subsample})
					want := saveAVIF(t, img, vips.Settings{Subsample: subsample, Keep: []string{"nothing"}})
					if subsampled(t, got) != subsample {
						t.Errorf("subsampled is %t", !subsample)
					}
					// Matrix 6, full range, and nothing said of primaries and transfer.
					if colors := boxes(got, "colr", 11); len(colors) != 1 || string(colors[0]) != "nclx\x00\x02\x00\x02\x00\x06\x80" {
						t.Errorf("colr %x", colors)
					}
					for name, n := range map[string]int{"av1C": 3, "pixi": 4, "ispe": 12} {
						if a, b := boxes(got, name, n), boxes(want, name, n); !slices.EqualFunc(a, b, bytes.Equal) {
							t.Errorf("%s %x, want %x", name, a, b)
						}
					}
					alike(t, img, decoded(t, got), decoded(t, want))
				})
			}
		}
	}
}

func decoded(t *testing.T, data []byte) *vips.Image {
	t.Helper()
	img, err := vips.Open(data, vips.LoadHEIF, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(img.Close)
	return img
}

// alike holds a picture to another one, and to what both were made of, but grey: that
// becomes RGB in AVIF.
func alike(t *testing.T, from, got, want *vips.Image) {
	t.Helper()
	if got.Bands() != want.Bands() {
		t.Fatalf("%d bands, want %d", got.Bands(), want.Bands())
	}
	a, b := pixels(t, got), pixels(t, want)
	if d := distance(a, b); d > 1.5 {
		t.Errorf("%.2f from what libvips makes", d)
	}
	if from.Bands() != got.Bands() {
		return
	}
	original := pixels(t, from)
	if d, least := distance(a, original), distance(b, original); d > least+0.5 {
		t.Errorf("%.2f from the original, and what libvips makes %.2f", d, least)
	}
}

// distance returns the mean difference of two rows of bytes.
func distance(a, b []byte) float64 {
	if len(a) != len(b) {
		return 255
	}
	sum := 0
	for i := range a {
		sum += max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return float64(sum) / float64(len(a))
}

// TestAVIFPhotograph holds a photograph at the qualities of the web to what libvips makes of
// it: aom is told to search less, which must cost few bytes and nothing that is seen.
func TestAVIFPhotograph(t *testing.T) {
	photo, err := os.ReadFile("../../demo/photos/bird.jpg")
	if err != nil {
		t.Fatal(err)
	}
	img, err := vips.Open(photo, vips.LoadJPEG, 4, false)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := img.Settle(); err != nil {
		t.Fatal(err)
	}
	original := pixels(t, img)
	for _, quality := range []int{30, 50, 80} {
		for _, subsample := range []bool{true, false} {
			with := vips.Settings{Quality: quality, Effort: 1, Subsample: subsample}
			got := saveAVIF(t, img, with)
			with.Keep = []string{"nothing"}
			want := saveAVIF(t, img, with)
			if len(got)*100 > len(want)*103 {
				t.Errorf("quality %d, subsampled %t: %d bytes, libvips' %d", quality, subsample, len(got), len(want))
			}
			d, least := distance(pixels(t, decoded(t, got)), original), distance(pixels(t, decoded(t, want)), original)
			if d > least+0.1 {
				t.Errorf("quality %d, subsampled %t: %.2f from the original, libvips' %.2f", quality, subsample, d, least)
			}
		}
	}
}

// TestAVIFColors encodes one color at a time: what is farthest out must not run over.
func TestAVIFColors(t *testing.T) {
	for _, color := range [][]byte{{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}, {0, 255, 255}, {255, 0, 255}, {127, 128, 129}} {
		for _, subsample := range []bool{true, false} {
			want := bytes.Repeat(color, 16*16)
			img, err := vips.FromPixels(want, 16, 16, 3)
			if err != nil {
				t.Fatal(err)
			}
			got := pixels(t, decoded(t, saveAVIF(t, img, vips.Settings{Subsample: subsample})))
			img.Close()
			if d := distance(got, want); d > 3 {
				t.Errorf("%v, subsampled %t: %.2f from it: %v", color, subsample, d, got[:3])
			}
		}
	}
}

// TestAVIFEndsEarly asks for a file that nobody waits for.
func TestAVIFEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := smooth(t, 64, 64, 3).Save(ctx, vips.SaveAVIF, vips.Settings{Quality: 50, Effort: 1}, nil)
	if err == nil {
		t.Error("a file")
	}
	full := errors.New("no room")
	place := func(int) ([]byte, error) { return nil, full }
	if _, err = smooth(t, 64, 64, 3).Save(t.Context(), vips.SaveAVIF, vips.Settings{Quality: 50, Effort: 1}, place); !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
}
