package transform_test

import (
	"bytes"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"math/rand/v2"
	"slices"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// A specimen is a sound picture that tests damage.
type specimen struct {
	name string
	data []byte
}

// specimens are pictures of 90 by 70 pixels in every format that is read and can
// be made here. They show noise: nothing of them can be guessed from the rest.
func specimens(tb testing.TB) []specimen {
	tb.Helper()
	still := noise(90, 70)
	deep := image.NewNRGBA64(still.Bounds())
	draw.Draw(deep, deep.Rect, still, image.Point{}, draw.Src)
	roll := gif.GIF{}
	for i := range 4 {
		frame := image.NewPaletted(still.Bounds(), palette.Plan9)
		draw.Draw(frame, frame.Rect, still, image.Pt(3*i, 0), draw.Src)
		roll.Image, roll.Delay = append(roll.Image, frame), append(roll.Delay, 10)
	}
	var animation bytes.Buffer
	if err := gif.EncodeAll(&animation, &roll); err != nil {
		tb.Fatal(err)
	}
	png, png16, moving := imgtest.PNG(tb, still), imgtest.PNG(tb, deep), animation.Bytes()
	list := []specimen{
		{"png", png},
		{"png of 16 bits", png16},
		{"png, palette", imgtest.PNG(tb, roll.Image[0])},
		{"gif, animated", moving},
		{"webp, animated", mustRender(tb, "t.toFormat(f:webp)", moving).Data},
		{"webp, animated, lossless", mustRender(tb, "t.toFormat(f:webp,lossless:true)", moving).Data},
		{"tiff of 16 bits", mustRender(tb, "t.toFormat(f:tiff)", png16).Data},
		{"tiff, directory first", cmykTIFF(90, [4]byte{10, 200, 30, 40})},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="70"><rect width="90" height="70" fill="red"/>` +
			`<circle cx="20" cy="20" r="10" fill="blue"/><path d="M10 60 L80 60 L45 10 Z" fill="#00ff00"/></svg>`)},
	}
	compiler := newCompiler()
	for _, output := range []string{
		"jpeg", "jpeg,progressive:true", "png,progressive:true", "webp", "webp,lossless:true", "avif", "avif,lossless:true",
		"heif", "gif", "tiff", "bmp", "jxl", "jxl,lossless:true",
	} {
		if _, err := compiler.Compile(calls("t.toFormat(f:"+output+")"), transform.Hints{}); err != nil {
			tb.Logf("%s cannot be made here: %v", output, err)
			continue
		}
		list = append(list, specimen{output, mustRender(tb, "t.toFormat(f:"+output+")", png).Data})
	}
	return list
}

// tried are ways to look at a picture: whole, made smaller by the decoder, in
// part, with all frames and by its description.
func tried() []string {
	return []string{"t.flip()~t.toFormat(f:png)", "t.resize(w:20)~t.toFormat(f:png)", "t.crop(w:9,h:7)~t.toFormat(f:png)", "t.flop()~t.toFormat(f:webp)", "info"}
}

// A viewer looks at pictures.
type viewer struct {
	compiler *transform.Compiler
	renderer *transform.Renderer
}

func newViewer() viewer {
	return viewer{newCompiler(), transform.NewRenderer(transform.Config{Workers: 1})}
}

// look does what a request for a picture would: it returns the size of the
// result.
func (v viewer) look(tb testing.TB, how string, data []byte) (image.Point, error) {
	tb.Helper()
	format, ok := media.Sniff(data)
	if !ok {
		return image.Point{}, fault.Errorf(fault.Unsupported, "this is no picture") // what the fetcher says
	}
	picture := media.Image{Data: data, Format: format}
	if how == "info" {
		info, err := v.renderer.Inspect(tb.Context(), picture, limits())
		return image.Pt(info.Width, info.Height), err
	}
	plan, err := v.compiler.Compile(calls(how), transform.Hints{})
	if err != nil {
		tb.Fatal(err)
	}
	made, err := v.renderer.Render(tb.Context(), transform.Job{Plan: plan, Original: picture, Limits: limits()})
	if err != nil {
		return image.Point{}, err
	}
	info, err := v.renderer.Inspect(tb.Context(), made, limits())
	if err != nil {
		tb.Errorf("%s: what was made cannot be read: %v", how, err)
	}
	return image.Pt(info.Width, info.Height), nil
}

// blamesPicture reports whether an error is one that web answers with 4xx.
func blamesPicture(err error) bool {
	return slices.Contains([]fault.Kind{fault.Unprocessable, fault.Unsupported, fault.Invalid, fault.TooLarge}, fault.Of(err))
}

// TestCutOff shows nothing of a picture that is not there as a whole, in whatever
// way one looks at it. This holds for the very last byte of all of them, though a
// PNG without its last checksum and a GIF without its trailer have all pixels: of
// a GIF nobody could tell.
func TestCutOff(t *testing.T) {
	v := newViewer()
	for _, s := range specimens(t) {
		t.Run(s.name, func(t *testing.T) {
			lengths := []int{len(s.data) - 1, len(s.data) - 2, len(s.data) - 13}
			for eighth := range 8 {
				lengths = append(lengths, len(s.data)*eighth/8)
			}
			for _, how := range tried() {
				if _, err := v.look(t, how, s.data); err != nil {
					t.Fatalf("%s of the sound picture: %v", how, err)
				}
				for _, n := range lengths {
					if size, err := v.look(t, how, s.data[:n:n]); err == nil || !blamesPicture(err) {
						t.Errorf("%s: %d bytes of %d: size %v, %v (%v)", how, n, len(s.data), size, fault.Of(err), err)
					}
				}
			}
		})
	}
}

// TestFlipped changes bytes in the middle half of pictures. Formats without sums
// cannot tell, and may show other colors; but what is shown has the size it should
// have, and what is not is the picture's fault.
func TestFlipped(t *testing.T) {
	const rounds = 5
	v := newViewer()
	for _, s := range specimens(t) {
		t.Run(s.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 6))
			sound := make(map[string]image.Point)
			for _, how := range tried() {
				size, err := v.look(t, how, s.data)
				if err != nil {
					t.Fatal(err)
				}
				sound[how] = size
			}
			shown, refused := 0, 0
			for round := range rounds {
				data := bytes.Clone(s.data)
				for range 1 + 3*round {
					data[len(data)/4+random.IntN(len(data)/2)] ^= byte(1 + random.IntN(255))
				}
				for how, want := range sound {
					switch got, err := v.look(t, how, data); {
					case err == nil && got == want:
						shown++
					case err == nil:
						t.Errorf("%s, round %d: size %v, want %v", how, round, got, want)
					case !blamesPicture(err):
						t.Errorf("%s, round %d: %v: %v", how, round, fault.Of(err), err)
					default:
						refused++
					}
				}
			}
			t.Logf("%d shown, %d refused", shown, refused)
		})
	}
}
