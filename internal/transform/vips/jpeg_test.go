package vips_test

import (
	"bytes"
	"context"
	"image"
	"math/rand/v2"
	"os"
	"testing"

	"pixedge/internal/transform/vips"
	"pixedge/internal/transform/vips/vipstest"
)

func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// photo encodes noise on a gradient: every pixel differs from its neighbours.
func photo(t *testing.T, w, h, bands int, options string) []byte {
	t.Helper()
	pixels := make([]byte, w*h*bands)
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range pixels {
		pixels[i] = byte(i/bands%w*200/w + noise.IntN(56))
	}
	img, err := vips.FromPixels(pixels, w, h, bands)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	data, err := img.Save(context.Background(), vips.SaveJPEG, vips.Settings{Quality: 90, Options: options}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t *testing.T, data []byte, shrink float64) *vips.Image {
	t.Helper()
	img, err := vips.Open(data, vips.LoadJPEG, shrink, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(img.Close)
	return img
}

func pixels(t *testing.T, img *vips.Image) []byte {
	t.Helper()
	p, err := img.Pixels()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPart cuts parts out of JPEGs of every kind and holds them to what libvips
// makes of the whole.
func TestPart(t *testing.T) {
	const w, h = 151, 117
	kinds := map[string][]byte{
		"4:2:0":       photo(t, w, h, 3, "subsample-mode=on"),
		"4:4:4":       photo(t, w, h, 3, "subsample-mode=off"),
		"progressive": photo(t, w, h, 3, "subsample-mode=on,interlace=true"),
		"restarts":    photo(t, w, h, 3, "subsample-mode=on,restart-interval=3"),
		"grey":        photo(t, w, h, 1, ""),
	}
	for kind, data := range kinds {
		for _, shrink := range []int{1, 2, 4, 8} {
			whole := open(t, data, float64(shrink))
			ww, wh := whole.Size()
			all := pixels(t, whole)
			bands := whole.Bands()
			for _, part := range parts(ww, wh) {
				img := open(t, data, 1)
				ok, err := img.Part(data, vips.LoadJPEG, float64(shrink), part)
				if err != nil {
					t.Errorf("%s at 1/%d, %v: %v", kind, shrink, part, err)
					continue
				}
				if !ok {
					if shrink > 1 || part != image.Rect(0, 0, ww, wh) && !part.Empty() {
						t.Errorf("%s at 1/%d, %v: not done", kind, shrink, part)
					}
					continue
				}
				if part.Empty() {
					part = image.Rect(0, 0, ww, wh)
				}
				if !bytes.Equal(pixels(t, img), cut(all, ww, bands, part)) {
					t.Errorf("%s at 1/%d, %v: other pixels than those of the whole", kind, shrink, part)
				}
			}
		}
	}
}

// parts lists rectangles at the edges, in the middle, and of one pixel.
func parts(w, h int) []image.Rectangle {
	list := []image.Rectangle{
		{},
		image.Rect(0, 0, w, h), image.Rect(0, 0, 1, 1), image.Rect(w-1, h-1, w, h), image.Rect(0, h-1, w, h),
		image.Rect(w-1, 0, w, h), image.Rect(w/2, h/2, w/2+1, h/2+1),
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		x, y := random.IntN(w), random.IntN(h)
		list = append(list, image.Rect(x, y, x+1+random.IntN(w-x), y+1+random.IntN(h-y)))
	}
	return list
}

func cut(all []byte, w, bands int, part image.Rectangle) []byte {
	var out []byte
	for y := part.Min.Y; y < part.Max.Y; y++ {
		out = append(out, all[(y*w+part.Min.X)*bands:(y*w+part.Max.X)*bands]...)
	}
	return out
}

// TestLevels decodes JPEGs of every kind in all sizes at once, and holds each to what
// libvips makes of the file for it alone.
func TestLevels(t *testing.T) {
	kinds := map[string]struct {
		bands   int
		options string
		cut     func([]byte) []byte
	}{
		"4:2:0":                    {3, "subsample-mode=on", nil},
		"4:4:4":                    {3, "subsample-mode=off", nil},
		"coarse":                   {3, "subsample-mode=on,Q=3", nil},
		"restarts":                 {3, "subsample-mode=on,restart-interval=3", nil},
		"grey":                     {1, "", nil},
		"progressive":              {3, "subsample-mode=on,interlace=true", nil},
		"progressive, 4:4:4":       {3, "subsample-mode=off,interlace=true", nil},
		"progressive, a scan less": {3, "subsample-mode=on,interlace=true", withoutLastScan},
	}
	for kind, tt := range kinds {
		for _, side := range []image.Point{{8, 8}, {15, 9}, {16, 16}, {17, 33}, {151, 117}, {640, 480}, {1001, 70}} {
			data := photo(t, side.X, side.Y, tt.bands, tt.options)
			if tt.cut != nil {
				data = tt.cut(data)
			}
			for _, shrink := range []int{2, 4, 8} {
				levels, err := open(t, data, 1).Levels(data, shrink)
				if err != nil {
					t.Errorf("%s, %v, 1/%d: %v", kind, side, shrink, err)
				}
				n := shrink
				for _, level := range levels {
					t.Cleanup(level.Close)
					whole := open(t, data, float64(n))
					if !bytes.Equal(pixels(t, level), pixels(t, whole)) {
						t.Errorf("%s, %v, 1/%d of 1/%d: other pixels than those of libvips", kind, side, n, shrink)
					}
					n *= 2
				}
				if n != 16 {
					t.Errorf("%s, %v: from 1/%d to 1/%d", kind, side, shrink, n/2)
				}
			}
		}
	}
}

// withoutLastScan cuts a progressive JPEG off where its last scan begins.
func withoutLastScan(data []byte) []byte {
	at := bytes.LastIndex(data, []byte{0xff, 0xda})
	return append(bytes.Clone(data[:at]), 0xff, 0xd9)
}

// TestLevelsOfDamaged has half a file, and a picture that is too small.
func TestLevelsOfDamaged(t *testing.T) {
	data := photo(t, 151, 117, 3, "subsample-mode=on")
	for _, half := range [][]byte{data[:len(data)/2], append(bytes.Clone(data[:len(data)/2]), 0xff, 0xd9)} {
		if levels, err := open(t, half, 1).Levels(half, 2); err == nil {
			t.Errorf("half a file has %d levels", len(levels))
		}
	}
	small := photo(t, 3, 20, 3, "")
	if levels, err := open(t, small, 1).Levels(small, 4); err == nil {
		t.Errorf("a picture of 3 pixels at 1/4 has %d levels", len(levels))
	}
	if levels, err := open(t, small, 1).Levels(small, 2); err != nil || len(levels) != 1 {
		t.Errorf("a picture of 3 pixels at 1/2 has %d levels, %v", len(levels), err)
	}
}

// TestPartOfDamaged reads parts of a file that ends early: what lies before the
// end is there, and what does not is an error.
func TestPartOfDamaged(t *testing.T) {
	data := photo(t, 151, 117, 3, "subsample-mode=on")
	half := data[:len(data)/2]
	img := open(t, half, 1)
	if ok, err := img.Part(half, vips.LoadJPEG, 1, image.Rect(0, 0, 100, 20)); !ok || err != nil {
		t.Errorf("the upper part: %t, %v", ok, err)
	}
	img = open(t, half, 1)
	if _, err := img.Part(half, vips.LoadJPEG, 1, image.Rect(0, 90, 100, 110)); err == nil {
		t.Error("the lower part is served though it is not there")
	}
	img = open(t, half, 1)
	if _, err := img.Part(half, vips.LoadJPEG, 2, image.Rectangle{}); err == nil {
		t.Error("the whole is served though half of it is not there")
	}
}

// TestPartOfAnother asks for a part that is none of the picture which the data turn out to
// be: nothing beyond its rows is read.
func TestPartOfAnother(t *testing.T) {
	img := open(t, photo(t, 200, 100, 3, ""), 1)
	for _, small := range []image.Point{{100, 100}, {200, 50}} {
		if done, err := img.Part(photo(t, small.X, small.Y, 3, ""), vips.LoadJPEG, 1, image.Rect(90, 40, 190, 90)); done || err == nil {
			t.Errorf("a part of %v: %v, %v", small, done, err)
		}
	}
}

// TestPartNotForAll leaves pictures of four channels to libvips.
func TestPartNotForAll(t *testing.T) {
	data := photo(t, 64, 64, 3, "")
	img := open(t, data, 1)
	if ok, err := img.Part(data, vips.LoadPNG, 2, image.Rectangle{}); ok || err != nil {
		t.Errorf("a PNG: %t, %v", ok, err)
	}
	if ok, err := img.Part(data, vips.LoadJPEG, 1, image.Rect(0, 0, 65, 1)); ok || err != nil {
		t.Errorf("a part that is not inside: %t, %v", ok, err)
	}
}
