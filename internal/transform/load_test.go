package transform_test

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// load renders with limits for large originals and returns the size of the result
// and how many pixels were opened for it.
func load(t testing.TB, chain string, original []byte) (of image.Point, pixels int64, err error) {
	t.Helper()
	plan, err := newCompiler().Compile(calls(chain+"~t.toFormat(f:png)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, _ := media.Sniff(original)
	r := transform.NewRenderer(transform.Config{Workers: 1})
	got, err := r.Render(t.Context(), transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format},
		Limits: transform.Limits{MaxPixels: 30_000_000, MaxSide: 10_000, MaxFrames: 1},
	})
	if err != nil {
		return image.Point{}, 0, err
	}
	return imgtest.Decode(t, got.Data).Bounds().Size(), r.Stats().Pixels, nil
}

// TestShrinkOnLoad counts the pixels that are decoded. Steps that do the same to
// a smaller picture do not keep the decoder from making one.
func TestShrinkOnLoad(t *testing.T) {
	const w, h = 803, 601
	card := imgtest.Card(w, h, false)
	upright := imgtest.JPEG(t, card, 0)
	turned := imgtest.JPEG(t, card, 6)
	// libvips leaves out what does not make a whole pixel.
	by := func(n int64) int64 { return (w / n) * (h / n) }
	tests := []struct {
		chain    string
		original []byte
		want     int64
		size     image.Point
	}{
		{"t.resize(w:800)", upright, by(1), image.Pt(800, 599)},
		{"t.resize(w:250)", upright, by(2), image.Pt(250, 187)},
		{"t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		{"t.resize(w:50)", upright, by(8), image.Pt(50, 38)},
		{"t.resize(w:10)", upright, by(8), image.Pt(10, 8)},
		{"t.resize(w:120,h:30)", upright, by(4), image.Pt(120, 30)},
		{"t.resize(w:120,h:30,f:inside)", upright, by(8), image.Pt(40, 30)},
		{"t.resize(w:90)", turned, by(4), image.Pt(90, 120)},
		{"t.flip()~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		{"t.flop()~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		{"t.flip()~t.flop()~t.rotate(a:180)~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		// The sides are exchanged before the box is laid on them.
		{"t.rotate(a:90)~t.resize(w:90)", upright, by(4), image.Pt(90, 120)},
		{"t.rotate(a:-90)~t.resize(w:149)", upright, by(2), image.Pt(149, 199)},
		{"t.rotate(a:270)~t.resize(w:202)", upright, by(1), image.Pt(202, 270)},
		{"t.rotate(a:90)~t.resize(w:120,h:30)", upright, by(4), image.Pt(120, 30)},
		{"t.rotate(a:450)~t.rotate(a:90)~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		{"t.rotate(a:90)~t.resize(w:120)", turned, by(4), image.Pt(120, 90)},
		// Steps that do nothing.
		{"t.rotate(a:360)~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		{"t.resize()~t.crop()~t.crop(w:803,h:5000)~t.extend(t:0,l:0,b:0,r:0)~t.resize(w:120)", upright, by(4), image.Pt(120, 90)},
		// Steps to which the size matters. Of a crop only the part is decoded.
		{"t.rotate(a:45)~t.resize(w:120)", upright, by(1), image.Pt(120, 120)},
		{"t.crop(x:1)~t.resize(w:120)", upright, 802 * 601, image.Pt(120, 90)},
		{"t.crop(w:802)~t.resize(w:120)", upright, 802 * 601, image.Pt(120, 90)},
		{"t.extend(t:1,l:0,b:0,r:0)~t.resize(w:120)", upright, by(1), image.Pt(120, 90)},
		{"t.blur(s:2)~t.resize(w:120)", upright, by(1), image.Pt(120, 90)},
		{"t.flip()", upright, by(1), image.Pt(w, h)},
		// So does a percentage of it.
		{"t.scale(p:10)", upright, by(1), image.Pt(80, 60)},
		{"t.flip()~t.scale(p:30)", upright, by(1), image.Pt(241, 180)},
		{"t.scale(p:200)", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="9" height="9"/></svg>`), 40 * 30, image.Pt(80, 60)},
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			size, pixels, err := load(t, tt.chain, tt.original)
			if err != nil {
				t.Fatal(err)
			}
			if size != tt.size || pixels != tt.want {
				t.Errorf("made %v of %d pixels, want %v of %d", size, pixels, tt.size, tt.want)
			}
		})
	}
}

// TestTurnedAsStored turns while rendering, and before the picture is stored: the
// resize that follows must not see a difference.
func TestTurnedAsStored(t *testing.T) {
	for _, size := range []image.Point{{803, 601}, {801, 1203}, {641, 479}} {
		card := imgtest.Card(size.X, size.Y, false)
		upright := imgtest.JPEG(t, card, 0)
		for _, turn := range []string{"t.flip()", "t.flop()", "t.rotate(a:90)", "t.rotate(a:180)", "t.rotate(a:270)", "t.rotate(a:90)~t.flip()"} {
			stored := imgtest.JPEG(t, imgtest.Decode(t, mustRender(t, turn, imgtest.PNG(t, card)).Data), 0)
			for _, resize := range []string{"t.resize(w:77)", "t.resize(h:131)", "t.resize(w:99,h:99,p:left_top)", "t.resize(w:99,h:99,f:contain)", "t.resize(w:45,h:150,f:fill)"} {
				got := imgtest.Decode(t, mustRender(t, turn+"~"+resize+"~t.toFormat(f:png)", upright).Data)
				want := imgtest.Decode(t, mustRender(t, resize+"~t.toFormat(f:png)", stored).Data)
				if got.Bounds() != want.Bounds() {
					t.Fatalf("%v, %s~%s: size %v, want %v", size, turn, resize, got.Bounds(), want.Bounds())
				}
				if d := imgtest.Distance(got, want); d > 2 {
					t.Errorf("%v, %s~%s: differs by %.2f of 255", size, turn, resize, d)
				}
			}
		}
	}
}

// large is a picture of 24 million pixels.
func large(t testing.TB, format media.Format) []byte {
	t.Helper()
	if format == media.PNG {
		return imgtest.PNG(t, image.NewGray(image.Rect(0, 0, 6000, 4000)))
	}
	return imgtest.JPEG(t, image.NewYCbCr(image.Rect(0, 0, 6000, 4000), image.YCbCrSubsampleRatio420), 0)
}

// noise is a picture whose rows take the same number of bytes each in any format.
func noise(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

// TestReadsNoFurther crops a picture that ends as it should and whose lower part is
// not there: what lies below a crop is not decoded.
func TestReadsNoFurther(t *testing.T) {
	img := noise(1000, 1000)
	for format, original := range map[media.Format][]byte{
		media.JPEG: imgtest.JPEG(t, img, 0),
		media.PNG:  imgtest.PNG(t, img),
	} {
		ending := map[media.Format]int{media.JPEG: 2, media.PNG: 12}[format]
		end := original[len(original)-ending:]
		original = withoutHalf(original, format, end)
		if _, _, err := load(t, "t.crop(x:10,y:10,w:145,h:100)", original); err != nil {
			t.Errorf("%v: a crop at the top reads on to where the picture is cut off: %v", format, err)
		}
		if _, _, err := load(t, "t.crop(x:10,y:850,w:145,h:100)", original); fault.Of(err) != fault.Unprocessable {
			t.Errorf("%v: a crop at the bottom, which is cut off: %v, want Unprocessable", format, err)
		}
	}
}

// withoutHalf takes the second half of a picture away, but for its end. Go writes
// PNGs in chunks of 32 KiB, and those that are left stay whole.
func withoutHalf(data []byte, format media.Format, end []byte) []byte {
	half := len(data) / 2
	if format == media.PNG {
		half = bytes.LastIndex(data[:half], []byte("IDAT")) - 4
	}
	return slices.Concat(data[:half], end)
}

// TestCropMemory crops large pictures, each in a process of its own, because
// libvips tells only the most memory that it ever held. Rows above the crop cost
// memory too, those below it do not.
func TestCropMemory(t *testing.T) {
	const variable, most = "PIXEDGE_TEST_CROP", 8_000_000
	if format := os.Getenv(variable); format != "" {
		if _, _, err := load(t, "t.crop(x:2000,y:100,w:145,h:145)", large(t, media.ByName(format))); err != nil {
			t.Fatal(err)
		}
		_, peak := vips.Memory()
		fmt.Printf("peak=%d\n", peak)
		return
	}
	for _, format := range []media.Format{media.JPEG, media.PNG} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCropMemory$")
		cmd.Env = append(os.Environ(), variable+"="+format.String())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", format, err, out)
		}
		_, text, _ := strings.Cut(string(out), "peak=")
		var peak int64
		if _, err := fmt.Sscan(text, &peak); err != nil {
			t.Fatalf("%v: %v\n%s", format, err, out)
		}
		t.Logf("%v: %d bytes", format, peak)
		if peak == 0 || peak > most {
			t.Errorf("%v: a crop of 145x145 pixels took %d bytes, want at most %d", format, peak, most)
		}
	}
}

// TestGoldenKernels holds each way of resampling to a picture of its own, of dots in
// which any two of them differ by what [imgtest.Golden] allows or more: 1.2 of 255
// with libvips 8.14, 0.98 with 8.16. They shrink: to enlarge, libvips takes bicubic interpolation for all but nearest.
func TestGoldenKernels(t *testing.T) {
	dots := image.NewGray(image.Rect(0, 0, 120, 80))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range dots.Pix {
		dots.Pix[i] = uint8(255 * r.IntN(2))
	}
	original := imgtest.PNG(t, dots)
	var made []image.Image
	for _, kernel := range []string{"nearest", "cubic", "mitchell", "lanczos2", "lanczos3"} {
		got := mustRender(t, "t.resize(w:112,k:"+kernel+")", original)
		imgtest.Golden(t, "resize/shrunk-"+kernel, got.Data)
		img := imgtest.Decode(t, got.Data)
		for _, other := range made {
			if d := imgtest.Distance(img, other); d < 0.9*imgtest.Tolerance {
				t.Errorf("%s: differs by only %.2f of 255 from another kernel", kernel, d)
			}
		}
		made = append(made, img)
	}
}
