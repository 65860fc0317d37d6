package transform_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/transform"
)

// spotted is a grey picture of 300 by 100 pixels with one spot of 30 by 30 that
// draws the eye: vivid and full of detail.
func spotted(tb testing.TB, at image.Point) []byte {
	tb.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 300, 100))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	noise := rand.New(rand.NewPCG(7, 8))
	for y := range 30 {
		for x := range 30 {
			img.Set(at.X+x, at.Y+y, color.RGBA{uint8(150 + noise.IntN(106)), uint8(noise.IntN(120)), uint8(noise.IntN(60)), 255})
		}
	}
	return imgtest.PNG(tb, img)
}

// vivid returns how much of a picture is not grey, from 0 to 1.
func vivid(img image.Image) float64 {
	n := 0
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, _, _ := img.At(x, y).RGBA()
			if r > g+5000 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}

// TestPositionsThatLook cuts a box out of a picture with one spot, and finds all of
// the spot in it wherever it is.
func TestPositionsThatLook(t *testing.T) {
	for _, at := range []image.Point{{10, 35}, {140, 35}, {260, 35}} {
		picture := spotted(t, at)
		for _, position := range []string{"attention", "entropy"} {
			for _, chain := range []string{"t.resize(w:100,h:100,p:" + position + ")", "t.crop(w:100,h:100,p:" + position + ")"} {
				got := imgtest.Decode(t, mustRender(t, chain, picture).Data)
				if got.Bounds().Size() != image.Pt(100, 100) {
					t.Errorf("%s: size %v", chain, got.Bounds().Size())
				}
				if part := vivid(got); part < 0.08 { // all of it is 0.09
					t.Errorf("%s, spot at %v: %.3f of the box is the spot, want 0.09", chain, at, part)
				}
			}
		}
	}
}

// TestFocalPoint cuts boxes around points in percent. At the edge the box stays
// inside the picture.
func TestFocalPoint(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 200, 100))
	for y := range 100 {
		for x := range 200 {
			img.SetGray(x, y, color.Gray{uint8(x)}) // a pixel tells its column
		}
	}
	picture := imgtest.PNG(t, img)
	for position, left := range map[string]int{"fp_50_50": 80, "fp_75_10": 130, "fp_0_0": 0, "fp_100_100": 160, "fp_12.5_0": 5} {
		for _, chain := range []string{"t.crop(w:40,h:100,p:" + position + ")", "t.resize(w:40,h:100,p:" + position + ")"} {
			got := imgtest.Decode(t, mustRender(t, chain, picture).Data)
			if c, _, _, _ := got.At(0, 50).RGBA(); int(c>>8) != left {
				t.Errorf("%s begins at column %d, want %d", chain, c>>8, left)
			}
		}
	}
}

// TestNotEnlarged asks for more than there is.
func TestNotEnlarged(t *testing.T) {
	picture := imgtest.PNG(t, imgtest.Card(120, 80, false))
	for chain, want := range map[string]image.Point{
		"t.resize(w:240,e:false)":                {120, 80},
		"t.resize(w:240,h:240,f:inside,e:false)": {120, 80},
		"t.resize(w:60,e:false)":                 {60, 40},
		"t.resize(w:100,h:400,e:false)":          {100, 80}, // cover cuts what it may not fill
		"t.resize(w:240)":                        {240, 160},
	} {
		if got := imgtest.Decode(t, mustRender(t, chain, picture).Data).Bounds().Size(); got != want {
			t.Errorf("%s is %v, want %v", chain, got, want)
		}
	}
}

// TestFace hangs a portrait on either end of a long wall, and finds it.
func TestFace(t *testing.T) {
	const wall = 120
	face := imgtest.Portrait(t)
	w, h := face.Bounds().Dx(), face.Bounds().Dy()
	for _, left := range []int{10, 2*w - 10} {
		img := image.NewRGBA(image.Rect(0, 0, 3*w, h))
		draw.Draw(img, img.Rect, image.NewUniform(color.Gray{wall}), image.Point{}, draw.Src)
		draw.Draw(img, face.Bounds().Add(image.Pt(left, 0)), face, image.Point{}, draw.Src)
		chain := fmt.Sprintf("t.crop(w:%d,h:%d,p:face)", w/2, h)
		got := imgtest.Decode(t, mustRender(t, chain, imgtest.PNG(t, img)).Data)
		bare := 0
		for y := range h {
			for x := range w / 2 {
				if c := color.GrayModel.Convert(got.At(x, y)).(color.Gray); c.Y == wall {
					bare++
				}
			}
		}
		if part := float64(bare) / float64(w/2*h); part > 0.3 {
			t.Errorf("portrait at %d: %.2f of what was cut is wall", left, part)
		}
	}
	// Without a face it is what draws the eye.
	got := imgtest.Decode(t, mustRender(t, "t.crop(w:100,h:100,p:face)", spotted(t, image.Pt(260, 35))).Data)
	if vivid(got) < 0.08 {
		t.Error("where there is no face, the spot is not found")
	}
}

// TestTrimTooSmall leaves pictures alone that have no pixel with neighbours all
// around.
func TestTrimTooSmall(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {2, 2}, {200, 1}, {2, 90}} {
		picture := imgtest.PNG(t, image.NewGray(image.Rectangle{Max: size}))
		if got := imgtest.Decode(t, mustRender(t, "t.trim()", picture).Data).Bounds().Size(); got != size {
			t.Errorf("%v becomes %v", size, got)
		}
	}
}

// TestBlankText refuses what would draw nothing, by its name and not as a damaged
// picture.
func TestBlankText(t *testing.T) {
	for _, chain := range []string{"t.text(t:IA)", "t.watermark(t:IAoJ)"} {
		if _, err := newCompiler().Compile(calls(chain), transform.Hints{}); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), ": t: ") {
			t.Errorf("%s: %v", chain, err)
		}
	}
}
