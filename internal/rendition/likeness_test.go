package rendition_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pixedge/benchmarks"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/rendition"
	"pixedge/internal/transform"
)

// drawn returns w by h pixels.
func drawn(w, h int, at func(x, y int) color.NRGBA) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	return img
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func demo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../demo/photos/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lines is line art: rings and slanted lines.
func lines(x, y int) color.NRGBA {
	if d := math.Hypot(float64(x-500), float64(y-350)); int(d)%37 < 4 || (x+y)%61 < 3 {
		return color.NRGBA{20, 30, 60, 255}
	}
	return color.NRGBA{255, 255, 255, 255}
}

// TestLikeness makes pictures in many sizes and shapes by way of renditions and without,
// and compares them. Nobody is to tell them apart: each channel has an SSIM of 0.998 and
// more, and a mean error of less than 1 of 255. Of formats that are kept whole they are
// the same to the byte.
func TestLikeness(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	grain := drawn(2400, 1800, func(x, y int) color.NRGBA {
		v := 40 + 150*x/2400 + 40*y/1800 + random.IntN(12)
		return color.NRGBA{uint8(v), uint8(255 - v), uint8(v / 2), 255}
	})
	clear := drawn(900, 700, func(x, y int) color.NRGBA {
		return color.NRGBA{uint8(x / 4), uint8(y / 3), lines(x, y).R, uint8((x + y) / 7)}
	})
	for name, data := range map[string][]byte{
		"photograph, 6 MP": demo(t, "turned.jpg"), "photograph, 5 MP": demo(t, "bird.jpg"), "photograph, small": demo(t, "square.jpg"),
		"grain": asJPEG(t, grain), "line art, JPEG": asJPEG(t, drawn(1000, 750, lines)), "turned card": imgtest.JPEG(t, imgtest.Card(1001, 747, false), 6),
		"line art, PNG": imgtest.PNG(t, drawn(1000, 750, lines)), "alpha, PNG": imgtest.PNG(t, clear), "photograph, PNG": encodedAs(t, "png", demo(t, "square.jpg")),
		"alpha, WebP": encodedAs(t, "webp", imgtest.PNG(t, clear)),
	} {
		t.Run(name, func(t *testing.T) { likeness(t, data) })
	}
}

// encodedAs returns a picture in another format.
func encodedAs(t *testing.T, format string, data []byte) []byte {
	t.Helper()
	made, err := transform.NewRenderer(transform.Config{Workers: 1}).Render(t.Context(), job(t, "t.toFormat(f:"+format+")", data))
	if err != nil {
		t.Fatal(err)
	}
	return made.Data
}

func likeness(t *testing.T, data []byte) {
	t.Helper()
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	whole := job(t, "t.flip()", data)
	shape, err := transform.ShapeOf(whole.Original, whole.Limits)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, 0, 20)
	for _, times := range []float64{1.5, 2, 2.05, 2.5, 3.1, 4, 4.2, 6.3, 8, 8.3, 12} {
		texts = append(texts, fmt.Sprintf("t.resize(w:%d)", int(float64(shape.Width)/times)))
	}
	for _, side := range []int{shape.Width / 3, shape.Width / 6, shape.Width / 11} {
		texts = append(texts, fmt.Sprintf("t.resize(w:%d,h:%d,p:left_top)", side, side), fmt.Sprintf("t.resize(w:%d,h:%d,f:contain)", side, side),
			fmt.Sprintf("t.resize(w:%d)~t.extract(l:5,t:7,w:%d,h:%d)", side, side/2, side/3))
	}
	least, most := 1.0, 0.0
	for _, text := range texts {
		j := job(t, text+"~t.toFormat(f:png)", data)
		want, err := c.Renderer.Render(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		j.InDemand = true
		got := render(t, s, j)
		if bytes.Equal(got.Data, want.Data) {
			continue
		}
		if shape.Format != media.JPEG {
			t.Errorf("%s: other bytes", text)
		}
		ssim, apart := compared(t, text, imgtest.Decode(t, got.Data), imgtest.Decode(t, want.Data))
		if ssim < 0.998 || apart >= 1 {
			t.Errorf("%s: SSIM %.4f, mean error %.2f", text, ssim, apart)
		}
		least, most = min(least, ssim), max(most, apart)
	}
	if decoded := c.jobs[reduced] == 1; c.jobs[plain] > 0 || decoded != (shape.Format == media.JPEG) {
		t.Errorf("not by way of renditions: %v", c.jobs)
	}
	t.Logf("SSIM %.5f, mean error %.4f at worst", least, most)
}

// compared returns the least SSIM of a channel, opacity included, and the mean error of all.
func compared(t *testing.T, text string, a, b image.Image) (least, apart float64) {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%s: %v, want %v", text, a.Bounds(), b.Bounds())
	}
	p, q := channels(a), channels(b)
	least = 1
	for i := range p {
		least = min(least, benchmarks.SSIM(p[i], q[i], a.Bounds().Dx()))
		var sum float64
		for k := range p[i] {
			sum += math.Abs(float64(p[i][k]) - float64(q[i][k]))
		}
		apart = max(apart, sum/float64(len(p[i])))
	}
	return least, apart
}

// channels returns red, green, blue and opacity, each apart.
func channels(img image.Image) (list [4][]byte) {
	flat := image.NewNRGBA(img.Bounds())
	draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Src)
	for i, v := range flat.Pix {
		list[i%4] = append(list[i%4], v)
	}
	return list
}
