package transform_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"testing"

	"pixedge/benchmarks"
	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// bird is a photograph, in a size of one's own.
func bird(t *testing.T, w, h int) image.Image {
	t.Helper()
	photo, err := os.ReadFile(filepath.Join("..", "demo", "photos", "bird.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return imgtest.Decode(t, mustRender(t, fmt.Sprintf("t.resize(w:%d,h:%d,f:fill)~t.toFormat(f:png)", w, h), photo).Data)
}

// tiffOf encodes a picture as libvips does with the given options, and keeps its profile
// and orientation.
func tiffOf(t *testing.T, img image.Image, options string) []byte {
	t.Helper()
	return tiffFrom(t, imgtest.PNG(t, img), vips.LoadPNG, options)
}

func tiffFrom(t *testing.T, data []byte, l vips.Loader, options string) []byte {
	t.Helper()
	m, err := vips.Open(data, l, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	made, err := m.Save(t.Context(), vips.SaveTIFF, vips.Settings{Quality: 90, Options: options, Keep: []string{"icc-profile-data", "orientation"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const pyramid = "tile=true,tile-width=64,tile-height=64,pyramid=true"

// small renders a picture as PNG, and returns how many pixels were decoded for it.
func small(t *testing.T, chain string, original []byte) (img image.Image, pixels int64, err error) {
	t.Helper()
	// Not newCompiler, which tries every encoder.
	plan, err := transform.NewCompiler(transform.Catalog(), []media.Format{media.PNG}).Compile(calls(chain+"~t.toFormat(f:png)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	r := transform.NewRenderer(transform.Config{Workers: 1})
	made, err := r.Render(t.Context(), transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: media.TIFF}, Limits: limits(),
	})
	if err != nil {
		return nil, 0, err
	}
	return imgtest.Decode(t, made.Data), r.Stats().Pixels, nil
}

// brightness returns a picture as SSIM takes it.
func brightness(img image.Image) []byte {
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Rect, img, img.Bounds().Min, draw.Src)
	return g.Pix
}

// checkLike renders a picture and its pyramid: the same size, hardly another look, and
// of as many pixels as are expected; 0 for some, but fewer than all.
func checkLike(t *testing.T, name, chain string, whole, pyramid []byte, want int64) {
	t.Helper()
	a, all, err := small(t, chain, whole)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	b, pixels, err := small(t, chain, pyramid)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if a.Bounds() != b.Bounds() {
		t.Errorf("%s, %s: %v, want %v", name, chain, b.Bounds(), a.Bounds())
		return
	}
	apart, alike := imgtest.Distance(a, b), benchmarks.SSIM(brightness(a), brightness(b), a.Bounds().Dx())
	t.Logf("%s, %s: %d pixels instead of %d: mean error %.2f, SSIM %.4f", name, chain, pixels, all, apart, alike)
	if apart > 1.5 || alike < 0.99 {
		t.Errorf("%s, %s: mean error %.2f, SSIM %.4f", name, chain, apart, alike)
	}
	if want > 0 && pixels != want {
		t.Errorf("%s, %s: %d pixels were decoded of %d, want %d", name, chain, pixels, all, want)
	}
}

// TestPyramidForms has pyramids as libvips writes them, of all kinds of pixels.
func TestPyramidForms(t *testing.T) {
	const w, h = 768, 576
	photo := bird(t, w, h)
	is := func(model draw.Image) image.Image {
		draw.Draw(model, model.Bounds(), photo, image.Point{}, draw.Src)
		return model
	}
	clear := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBAModel.Convert(photo.At(x, y)).(color.NRGBA)
			c.A = uint8(x / 3)
			clear.SetNRGBA(x, y, c)
		}
	}
	for _, tt := range []struct {
		name    string
		img     image.Image
		options string
	}{
		{"deflate", photo, "compression=deflate"},
		{"JPEG", photo, "compression=jpeg"},
		{"LZW with differences", photo, "compression=lzw,predictor=horizontal"},
		{"not compressed", photo, "compression=none"},
		{"SubIFDs", photo, "compression=deflate,subifd=true"},
		{"BigTIFF", photo, "compression=deflate,bigtiff=true"},
		{"BigTIFF and SubIFDs", photo, "compression=jpeg,bigtiff=true,subifd=true"},
		{"grey", is(image.NewGray(photo.Bounds())), "compression=deflate"},
		{"16 bits", is(image.NewRGBA64(photo.Bounds())), "compression=deflate"},
		{"opacity", clear, "compression=deflate,subifd=true"},
	} {
		levels := tiffOf(t, tt.img, tt.options+","+pyramid)
		checkLike(t, tt.name, "t.resize(w:100)", tiffOf(t, tt.img, "compression=none"), levels, w/4*h/4)
		info, err := transform.NewRenderer(transform.Config{Workers: 1}).Inspect(t.Context(), media.Image{Data: levels, Format: media.TIFF},
			transform.Limits{MaxPixels: w * h, MaxSide: w, MaxFrames: 1})
		if err != nil || info.Width != w || info.Height != h || info.Frames != 1 {
			t.Errorf("%s: described as %+v, %v", tt.name, info, err)
		}
	}
	turned := imgtest.JPEG(t, photo, 6)
	checkLike(t, "turned", "t.resize(w:100)", tiffFrom(t, turned, vips.LoadJPEG, "compression=none"), tiffFrom(t, turned, vips.LoadJPEG, pyramid), w/2*h/2)
	cmyk := cmykTIFF(512, [4]byte{10, 200, 30, 40})
	checkLike(t, "CMYK", "t.resize(w:30)", cmyk, tiffFrom(t, cmyk, vips.LoadTIFF, pyramid), 64*64)
}

// TestPyramidSizes has sides that can be divided and such that cannot. What is made is
// as large as it would be without the pyramid.
func TestPyramidSizes(t *testing.T) {
	chains := []string{
		"t.resize(h:%d)", "t.resize(w:%[1]d,h:%[1]d)", "t.resize(w:%[1]d,h:%[1]d,p:right_bottom)", "t.resize(w:%[1]d,h:%[1]d,f:contain)", "t.resize(w:%[1]d,h:%[1]d,f:inside)",
		"t.resize(w:%[1]d,h:%[1]d,f:outside)", "t.resize(w:%[1]d,h:%[1]d,f:fill)", "t.resize(w:%d,dpr:0.5)", "t.resize(w:%d,e:false)",
		"t.flip()~t.rotate(a:90)~t.resize(w:%d)~t.rotate(a:90)", "t.resize(w:%d)~t.crop(x:3,y:5,w:20,h:20)~t.blur(s:1)",
	}
	for _, size := range []image.Point{{1024, 768}, {1000, 750}, {1001, 751}, {1023, 511}, {777, 999}} {
		photo := bird(t, size.X, size.Y)
		whole, levels := tiffOf(t, photo, "compression=none"), tiffOf(t, photo, pyramid)
		for i, chain := range chains {
			for _, side := range []int{37, 54, 64, 109, 150} {
				a, _, err := small(t, fmt.Sprintf(chain, side), whole)
				if err != nil {
					t.Fatal(err)
				}
				b, _, err := small(t, fmt.Sprintf(chain, side), levels)
				if err != nil || a.Bounds() != b.Bounds() {
					t.Errorf("%v, "+chain+": %v, %v; want %v", size, side, b.Bounds(), err, a.Bounds())
				}
				if i == 0 {
					checkLike(t, size.String(), fmt.Sprintf(chain, side), whole, levels, 0)
				}
			}
		}
	}
}

// An ifd is a directory of a TIFF, little-endian: where the entries of tags are.
type ifd map[uint16]int

// ifds returns the directories of a file, with the place that says where the next is as
// tag 0.
func ifds(file []byte) (list []ifd) {
	le := binary.LittleEndian
	for at := int(le.Uint32(file[4:])); at != 0; {
		d, n := ifd{}, int(le.Uint16(file[at:]))
		for i := range n {
			d[le.Uint16(file[at+2+12*i:])] = at + 2 + 12*i
		}
		d[0] = at + 2 + 12*n
		list = append(list, d)
		at = int(le.Uint32(file[d[0]:]))
	}
	return list
}

// TestPyramidLies has pyramids with something wrong in the first level: the whole
// picture is decoded then. What is wrong only in pixels is an error.
func TestPyramidLies(t *testing.T) {
	const w, h, all, level = 512, 384, 512 * 384, 256 * 192
	const tagSubfile, tagWidth, tagHeight, tagSamples, tagTiles, tagSubIFDs = 254, 256, 257, 277, 324, 330
	le := binary.LittleEndian
	photo := bird(t, w, h)
	pages := tiffOf(t, photo, "compression=deflate,"+pyramid)
	subs := tiffOf(t, photo, "compression=deflate,subifd=true,"+pyramid)
	// value sets the value of an entry, or where its values are.
	value := func(page int, tag uint16, n int) func([]byte, []ifd) []byte {
		return func(file []byte, list []ifd) []byte {
			le.PutUint32(file[list[page][tag]+8:], uint32(n))
			return file
		}
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		change func(file []byte, list []ifd) []byte
		want   int64 // pixels; 0 if the picture is refused
	}{
		{"nothing", pages, func(file []byte, _ []ifd) []byte { return file }, level},
		{"nothing, SubIFDs", subs, func(file []byte, _ []ifd) []byte { return file }, level},
		{"not said to be smaller", pages, value(1, tagSubfile, 0), all},
		{"another width", pages, value(1, tagWidth, 255), all},
		{"another height", pages, value(1, tagHeight, 384), all},
		{"another number of channels", pages, value(1, tagSamples, 1), all},
		{"tiles beyond the file", pages, value(1, tagTiles, 1<<30), all},
		{"followed by itself", pages, func(file []byte, list []ifd) []byte {
			le.PutUint32(file[list[1][0]:], uint32(list[1][tagSubfile]-2))
			return file
		}, 0},
		{"followed by what is not there", pages, func(file []byte, list []ifd) []byte {
			le.PutUint32(file[list[1][0]:], 1<<30)
			return file
		}, 0},
		{"cut off in a directory", pages, func(file []byte, list []ifd) []byte { return file[:list[len(list)-1][tagSamples]] }, 0},
		{"no JPEG", tiffOf(t, photo, "compression=jpeg,"+pyramid), func(file []byte, list []ifd) []byte {
			tiles := int(le.Uint32(file[list[1][tagTiles]+8:]))
			clear(file[le.Uint32(file[tiles:]):][:1000])
			return file
		}, 0},
		{"SubIFDs that are not there", subs, value(0, tagSubIFDs, 1<<30), all},
		{"10,000 SubIFDs", subs, func(file []byte, list []ifd) []byte {
			entry := file[list[0][tagSubIFDs]:]
			first := le.Uint32(file[le.Uint32(entry[8:]):])
			le.PutUint32(entry[4:], 10_000)
			le.PutUint32(entry[8:], uint32(len(file)))
			for range 10_000 {
				file = le.AppendUint32(file, first)
			}
			return file
		}, level},
	} {
		file := append([]byte(nil), tt.file...)
		img, pixels, err := small(t, "t.resize(w:100)", tt.change(file, ifds(file)))
		switch {
		case tt.want == 0 && fault.Of(err) != fault.Unprocessable:
			t.Errorf("%s: %v, want Unprocessable", tt.name, err)
		case tt.want == 0:
		case err != nil || pixels != tt.want || img.Bounds().Size() != image.Pt(100, 75):
			t.Errorf("%s: %d pixels were decoded, %v; want %d", tt.name, pixels, err, tt.want)
		}
	}
}

// TestPyramidEstimate holds the memory for a level to that for a picture of its size,
// and what is made by way of frozen pixels to what is made at once.
func TestPyramidEstimate(t *testing.T) {
	photo := bird(t, 1024, 768)
	original := media.Image{Data: tiffOf(t, photo, pyramid), Format: media.TIFF}
	shape, err := transform.ShapeOf(original, limits())
	if err != nil {
		t.Fatal(err)
	}
	plan, whole, level := compiled(t, "t.resize(w:140)"), shape, shape
	whole.Pyramid, level.Pyramid = inspect.Pyramid{}, inspect.Pyramid{}
	level.Width, level.Height = 256, 192
	got, small, large := plan.Estimate(shape, nil), plan.Estimate(level, nil), plan.Estimate(whole, nil)
	if got != small || got.Bytes >= large.Bytes || got.Time >= large.Time {
		t.Errorf("by estimate it takes %+v; a picture as large as the level %+v, and as the whole %+v", got, small, large)
	}
	if !plan.Freezes(shape) {
		t.Fatal("it cannot be made in two jobs")
	}
	steps, rest := plan.Frozen(media.TIFF)
	if !bytes.Equal(carryOut(t, plan, original).Data, carryOut(t, rest, carryOut(t, steps, original)).Data) {
		t.Error("made in two jobs it is another picture")
	}
}
