// Package imgtest makes and compares pictures in tests.
//
// It uses the standard library's codecs, so that what libvips makes is judged
// by somebody else. It is imported by tests only.
package imgtest

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	_ "image/gif" // decoders for Decode
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

// Updating reports whether the test runs with -update: what it compares with is
// to be written anew.
func Updating() bool { return *update }

// Tolerance is how far, of 255, the mean channel may be from the golden picture.
// Another libvips or another CPU rounds differently by less than this; a wrong
// kernel, crop or color space is well over it.
const Tolerance = 1.0

// Golden fails the test unless the encoded picture looks like
// testdata/golden/name.png. With -update it writes that file instead. On a
// mismatch it leaves the picture it got in t.ArtifactDir, which go test
// -artifacts keeps.
func Golden(t *testing.T, name string, data []byte) {
	t.Helper()
	got := Decode(t, data)
	path := filepath.Join("testdata", "golden", name+".png")
	if *update {
		write(t, path, got)
		return
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Decode(t, file)
	if got.Bounds().Size() != want.Bounds().Size() {
		t.Fatalf("%s: size %v, want %v", name, got.Bounds().Size(), want.Bounds().Size())
	}
	if d := Distance(got, want); d > Tolerance {
		kept := filepath.Join(t.ArtifactDir(), filepath.Base(path))
		write(t, kept, got)
		t.Errorf("%s: differs by %.2f of 255, allowed %.2f; see %s", name, d, Tolerance, kept)
	}
}

// Decode reads a PNG, JPEG or GIF.
func Decode(tb testing.TB, data []byte) image.Image {
	tb.Helper()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

// Card draws a picture of w by h pixels in which every mistake shows: colors
// run from left to right and from top to bottom, a white F stands in the upper
// left, which no mirroring or turning leaves as it is, and a red disc lies in the
// lower right. With alpha the disc is half clear and what is around it clear.
func Card(w, h int, alpha bool) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, pixel(float64(x)/float64(w), float64(y)/float64(h), alpha))
		}
	}
	return img
}

// pixel is the color at (x, y), both from 0 to 1.
func pixel(x, y float64, alpha bool) color.NRGBA {
	dx, dy := x-0.75, y-0.7
	switch disc := dx*dx + dy*dy; {
	case isF(x, y):
		return color.NRGBA{255, 255, 255, 255}
	case disc < 0.03 && alpha:
		return color.NRGBA{220, 20, 30, 128}
	case disc < 0.03:
		return color.NRGBA{220, 20, 30, 255}
	case disc < 0.05 && alpha:
		return color.NRGBA{0, 255, 0, 0}
	}
	return color.NRGBA{uint8(40 + 60*y), uint8(60 + 150*x), uint8(200 - 120*y), 255}
}

func isF(x, y float64) bool {
	if x < 0.08 || x > 0.35 || y < 0.1 || y > 0.7 {
		return false
	}
	return x < 0.16 || y < 0.22 || y > 0.36 && y < 0.48 && x < 0.28
}

// Portrait is the photograph of a face that comes with the module of the detector.
func Portrait(tb testing.TB) image.Image {
	tb.Helper()
	list := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/esimov/pigo")
	list.Stderr = tb.Output()
	dir, err := list.Output()
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "sample.jpg"))
	if err != nil {
		tb.Fatal(err)
	}
	return Decode(tb, data)
}

// PNG encodes a picture without loss.
func PNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// JPEG encodes a picture at quality 95, with an EXIF orientation from 2 to 8 if
// orientation is not 0.
func JPEG(tb testing.TB, img image.Image, orientation int) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		tb.Fatal(err)
	}
	if orientation == 0 {
		return b.Bytes()
	}
	return withEXIF(b.Bytes(), orientation)
}

// withEXIF puts an APP1 segment with nothing but an orientation behind the
// start of a JPEG: "Exif", then a big-endian TIFF directory of one entry.
func withEXIF(data []byte, orientation int) []byte {
	app1 := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	app1[len(app1)-7] = byte(orientation)
	return bytes.Join([][]byte{data[:2], app1, data[2:]}, nil)
}

func write(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, PNG(t, img), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Distance is the mean absolute difference of the channels of two pictures of
// one size, from 0 to 255. Colors count as far as they are opaque.
func Distance(a, b image.Image) float64 {
	size := a.Bounds().Size()
	var sum float64
	for y := range size.Y {
		for x := range size.X {
			r1, g1, b1, a1 := a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y).RGBA()
			r2, g2, b2, a2 := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			sum += gap(r1, r2) + gap(g1, g2) + gap(b1, b2) + gap(a1, a2)
		}
	}
	return sum / float64(4*size.X*size.Y) / 257
}

func gap(a, b uint32) float64 { return max(float64(a)-float64(b), float64(b)-float64(a)) }
