package transform_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// roomy are limits for photographs.
func roomy() transform.Limits {
	return transform.Limits{MaxPixels: 50_000_000, MaxSide: 30000, MaxFrames: 10}
}

func compiled(t *testing.T, text string) transform.Plan {
	t.Helper()
	plan, err := newCompiler().Compile(calls(text), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func carryOut(t *testing.T, plan transform.Plan, original media.Image) media.Image {
	t.Helper()
	made, err := transform.NewRenderer(transform.Config{Workers: 1}).Render(t.Context(), transform.Job{Plan: plan, Original: original, Limits: roomy()})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// jpegs are pictures as JPEG: photographs, and what is hardest to make smaller in
// two ways alike.
func jpegs(t *testing.T) map[string][]byte {
	t.Helper()
	list := make(map[string][]byte)
	files, err := filepath.Glob("../demo/photos/*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no photographs: %v", err)
	}
	for _, file := range files {
		if list[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(name string, w, h int, at func(x, y int) color.Color) {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.Set(x, y, at(x, y))
			}
		}
		var data bytes.Buffer
		if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: 90}); err != nil {
			t.Fatal(err)
		}
		list[name] = data.Bytes()
	}
	draw("grain", 2403, 1801, func(x, y int) color.Color {
		v := 40 + 150*x/2403 + 40*y/1801 + random.IntN(12)
		return color.RGBA{uint8(v), uint8(255 - v), uint8(v / 2), 255}
	})
	draw("lines", 2000, 1500, func(x, y int) color.Color {
		d := math.Hypot(float64(x-1000), float64(y-700))
		if int(d)%37 < 4 || (x+y)%61 < 3 {
			return color.RGBA{20, 30, 60, 255}
		}
		return color.White
	})
	list["turned"] = imgtest.JPEG(t, imgtest.Card(1001, 747, false), 6)
	return list
}

// pixels splits what a frozen plan makes.
func pixels(data []byte) (w, h int, channels []byte) {
	n := func(i int) int { return int(binary.LittleEndian.Uint32(data[4*i:])) }
	return n(0), n(1), data[48:]
}

// TestReduced makes sizes of a picture that was decoded at 1/2, 1/4 and 1/8 and of the
// original, and compares them: the same size and the same pixels, but for a few roundings.
func TestReduced(t *testing.T) {
	for name, data := range jpegs(t) {
		original := media.Image{Data: data, Format: media.JPEG}
		shape, err := transform.ShapeOf(original, roomy())
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []int{2, 4, 8} {
			reduced := carryOut(t, transform.Reduced(by), original)
			if n := transform.Reduced(by).Estimate(shape, nil).Bytes; n < 2*int64(len(reduced.Data)) {
				t.Errorf("1/%d is estimated to take %d bytes: there are %d twice, as they are made and to be kept", by, n, len(reduced.Data))
			}
			if n := transform.Reduced(by).FrozenBytes(shape); n != int64(len(reduced.Data)) {
				t.Errorf("%s at 1/%d: %d bytes, want %d", name, by, len(reduced.Data), n)
			}
			for _, width := range []float64{.48, .32, .24, .16, .12, .08} {
				plan := compiled(t, fmt.Sprintf("t.resize(w:%d)", int(width*float64(shape.Width))))
				if plan.Shrink(shape) >= by {
					alike(t, fmt.Sprintf("%s at %.2f, of 1/%d", name, width, by), plan, original, reduced)
				}
			}
		}
	}
}

// alike holds what a plan makes of a reduced picture to what it makes of the original.
func alike(t *testing.T, name string, plan transform.Plan, original, reduced media.Image) {
	t.Helper()
	steps, _ := plan.Frozen(media.JPEG)
	w, h, a := pixels(carryOut(t, steps, original).Data)
	gw, gh, b := pixels(carryOut(t, steps, reduced).Data)
	if gw != w || gh != h {
		t.Errorf("%s: %dx%d, want %dx%d", name, gw, gh, w, h)
		return
	}
	var sum, most int
	for i := range a {
		d := max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
		sum, most = sum+d, max(most, d)
	}
	// libvips sums places up as it goes, and begins anew with every strip.
	if most > 1 || sum*1000 > len(a) {
		t.Errorf("%s: %d of %d channels differ, by up to %d", name, sum, len(a), most)
	}
}

// TestReducedSizes has odd sizes, turned in every way, resized in every way. The size
// must be the same, and so must the pixels' place.
func TestReducedSizes(t *testing.T) {
	for exif := 1; exif <= 8; exif++ {
		original := media.Image{Data: imgtest.JPEG(t, imgtest.Card(517+exif, 389-exif, false), exif), Format: media.JPEG}
		shape, err := transform.ShapeOf(original, roomy())
		if err != nil {
			t.Fatal(err)
		}
		reduced := carryOut(t, transform.Reduced(2), original)
		for _, text := range []string{
			"t.resize(w:97)", "t.resize(h:61)", "t.resize(w:90,h:90)", "t.resize(w:101,h:40,f:contain)", "t.resize(w:31,h:77,f:inside)",
			"t.resize(w:45,h:45,f:outside)", "t.resize(w:50,h:20,p:left_top)", "t.resize(w:40,h:40,p:attention)",
			"t.flip()~t.resize(w:80)~t.rotate(a:90)", "t.rotate(a:90)~t.resize(w:70)", "t.resize(w:120)~t.blur(s:2)~t.extend()",
		} {
			plan := compiled(t, text)
			if plan.Shrink(shape) < 2 {
				t.Fatalf("%s does not shrink", text)
			}
			want, got := carryOut(t, plan.In(media.PNG), original), carryOut(t, plan.In(media.PNG), reduced)
			a, b := imgtest.Decode(t, want.Data), imgtest.Decode(t, got.Data)
			if a.Bounds() != b.Bounds() {
				t.Errorf("%s of orientation %d: %v, want %v", text, exif, b.Bounds(), a.Bounds())
			} else if d := imgtest.Distance(a, b); d > 2 {
				t.Errorf("%s of orientation %d: %.1f apart", text, exif, d)
			}
		}
	}
}

// TestFrozen makes pictures in one job and in two. The bytes must be the same.
func TestFrozen(t *testing.T) {
	card, clear := imgtest.Card(300, 200, false), imgtest.Card(300, 200, true)
	originals := map[media.Format][]byte{media.PNG: imgtest.PNG(t, clear), media.JPEG: imgtest.JPEG(t, card, 6)}
	for _, f := range []media.Format{media.WebP, media.TIFF, media.BMP, media.GIF} {
		originals[f] = carryOut(t, compiled(t, "t.toFormat(f:"+f.String()+")"), media.Image{Data: imgtest.PNG(t, clear), Format: media.PNG}).Data
	}
	for from, data := range originals {
		original := media.Image{Data: data, Format: from}
		shape, err := transform.ShapeOf(original, roomy())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			"t.resize(w:100)", "t.resize(w:100)~t.toFormat(f:webp)", "t.resize(w:90,h:90,f:contain,b:00000000)~t.toFormat(f:png)",
			"t.resize(w:90)~t.grey()~t.toFormat(f:jpeg,q:60,progressive:true)", "t.flop()~t.resize(w:60,h:60)~t.rotate(a:30)~t.toFormat(f:webp,lossless:true)",
			"t.resize(w:80)~t.toFormat(f:png,palette:true)", "t.resize(w:80)~t.round()~t.toFormat(f:gif)", "t.resize(w:80)~t.toFormat(f:tiff)", "t.resize(w:80)~t.toFormat(f:bmp)",
			"t.resize(w:80)~t.toFormat(f:avif,q:50)", "t.resize(w:80)~t.round()~t.toFormat(f:avif,q:50)", "t.resize(w:80)~t.toFormat(f:avif,q:95)",
		} {
			plan := compiled(t, text)
			if !plan.Freezes(shape) {
				t.Errorf("%s of %v cannot be made in two jobs", text, from)
				continue
			}
			steps, rest := plan.Frozen(from)
			half := carryOut(t, steps, original)
			if most := plan.FrozenBytes(shape); int64(len(half.Data)) > most {
				t.Errorf("%s of %v: %d bytes of pixels, at most %d by estimate", text, from, len(half.Data), most)
			}
			want, got := carryOut(t, plan, original), carryOut(t, rest, half)
			if got.Format != want.Format || !bytes.Equal(got.Data, want.Data) {
				t.Errorf("%s of %v: %d bytes of %v, want the %d of %v", text, from, len(got.Data), got.Format, len(want.Data), want.Format)
			}
		}
	}
}

func TestDoesNotFreeze(t *testing.T) {
	shape := transform.Shape{Format: media.JPEG, Width: 300, Height: 200, Bands: 3}
	for _, text := range []string{
		"t.crop(w:20)", "t.resize(w:300)", "t.resize(w:400)", "t.toFormat(f:png)", "t.resize(w:30)~t.metadata()", "t.resize(w:30)~t.srgb(on:false)",
		"t.resize(w:30)~t.density(d:72)", "t.resize(w:30)~t.merge(i:Y2FyZC5wbmc)", "t.blur(s:2)~t.resize(w:30)",
	} {
		if compiled(t, text).Freezes(shape) {
			t.Errorf("%s is to be made in two jobs", text)
		}
	}
	plan := compiled(t, "t.resize(w:30)")
	for _, shape := range []transform.Shape{
		{Format: media.PNG, Width: 300, Height: 200, Depth: 16}, {Format: media.GIF, Width: 300, Height: 200, Frames: 2}, {Format: media.SVG, Width: 300, Height: 200},
	} {
		if plan.Freezes(shape) {
			t.Errorf("%+v is to be made in two jobs", shape)
		}
	}
}

// TestNotPixels thaws what a worker that was taken over might have left.
func TestNotPixels(t *testing.T) {
	whole := carryOut(t, transform.Reduced(2), media.Image{Data: imgtest.JPEG(t, imgtest.Card(64, 48, false), 1), Format: media.JPEG}).Data
	broken := [][]byte{nil, whole[:20], whole[:len(whole)-1], append(bytes.Clone(whole), 0)}
	for i, n := range []uint32{1 << 31, 0, 5, 7, 9, 3, 1 << 21, 4} {
		b := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(b[4*i:], n)
		broken = append(broken, b)
	}
	r := transform.NewRenderer(transform.Config{Workers: 1})
	for i, data := range broken {
		_, err := r.Render(t.Context(), transform.Job{Plan: compiled(t, "t.resize(w:10)").In(media.PNG), Original: media.Image{Data: data, Format: media.Pixels}, Limits: roomy()})
		if err == nil {
			t.Errorf("%d: no error", i)
		}
	}
}
