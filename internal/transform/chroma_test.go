package transform_test

import (
	"image"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// chromaOriginals are one picture in every way that colors are stored.
func chromaOriginals(t *testing.T) map[string]media.Image {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	copy(img.Pix, imgtest.Card(96, 64, false).Pix)
	png := media.Image{Data: imgtest.PNG(t, img), Format: media.PNG}
	recoded := func(text string, f media.Format) media.Image {
		return media.Image{Data: carryOut(t, compiled(t, text), png).Data, Format: f}
	}
	list := map[string]media.Image{
		"jpeg 4:2:0": recoded("t.toFormat(f:jpeg)", media.JPEG), "grey jpeg": recoded("t.grey()~t.toFormat(f:jpeg)", media.JPEG),
		"jpeg 4:4:4": {Data: fullChroma(t, png.Data), Format: media.JPEG},
		"png":        png, "tiff": recoded("t.toFormat(f:tiff)", media.TIFF), "gif": recoded("t.toFormat(f:gif)", media.GIF),
		"webp": recoded("t.toFormat(f:webp)", media.WebP), "lossless webp": recoded("t.toFormat(f:webp,lossless:true)", media.WebP),
		"clear webp": {Data: carryOut(t, compiled(t, "t.toFormat(f:webp)"), media.Image{Data: imgtest.PNG(t, imgtest.Card(96, 64, true)), Format: media.PNG}).Data, Format: media.WebP},
	}
	return list
}

// fullChroma returns a PNG as a JPEG in 4:4:4.
func fullChroma(t *testing.T, png []byte) []byte {
	t.Helper()
	img, err := vips.Open(png, vips.LoadPNG, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	data, err := img.Save(t.Context(), vips.SaveJPEG, vips.Settings{Quality: 90}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// chroma is how an AVIF stores colors.
func chroma(t *testing.T, avif media.Image) string {
	t.Helper()
	h, err := inspect.Read(avif.Data)
	if err != nil || h.Format != media.AVIF {
		t.Fatalf("%v, %v", h.Format, err)
	}
	if h.Alpha {
		h.Samples--
	}
	return map[float64]string{1.5: "4:2:0", 3: "4:4:4"}[h.Samples]
}

// TestChroma holds AVIF to 4:2:0 exactly where the original has no finer colors, and
// nothing in the plan adds any. What is made of kept pixels must be the same.
func TestChroma(t *testing.T) {
	const half, full = "4:2:0", "4:4:4"
	originals := chromaOriginals(t)
	for _, c := range []struct{ original, steps, want string }{
		{"jpeg 4:2:0", "t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.toFormat(f:avif,q:89)", half},
		{"jpeg 4:2:0", "t.toFormat(f:avif,q:90)", full},
		{"jpeg 4:2:0", "t.toFormat(f:avif,lossless:true)", full},
		{"jpeg 4:4:4", "t.toFormat(f:avif)", full},
		{"grey jpeg", "t.toFormat(f:avif)", half},
		{"webp", "t.toFormat(f:avif)", half},
		{"clear webp", "t.toFormat(f:avif)", half},
		{"lossless webp", "t.toFormat(f:avif)", full},
		{"png", "t.toFormat(f:avif)", full},
		{"tiff", "t.toFormat(f:avif)", full},
		{"gif", "t.toFormat(f:avif)", full},
		{"png", "t.resize(w:30)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.resize(w:40,h:40)~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.resize(w:40,h:40,f:contain)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.crop(w:40,h:40)~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.extract(w:40,h:40)~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.resize(w:30)~t.rotate(a:90)~t.flip()~t.flop()~t.trim()~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.rotate(a:30)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.blur(s:1)~t.sharpen()~t.median()~t.grey()~t.toFormat(f:avif)", half},
		{"jpeg 4:2:0", "t.resize(w:30)~t.text(t:aGk,m:1)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.text(t:aGk,m:1)~t.resize(w:30)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.watermark(t:aGk)~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.extend()~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.round()~t.toFormat(f:avif)", full},
		{"jpeg 4:2:0", "t.resize(w:30)~t.modulate(s:2)~t.toFormat(f:avif)", full},
	} {
		original, plan := originals[c.original], compiled(t, c.steps)
		made := carryOut(t, plan, original)
		if got := chroma(t, made); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.original, c.steps, got, c.want)
		}
		if shape := shapeOf(t, original); plan.Freezes(shape) {
			steps, rest := plan.Frozen(original.Format)
			if plan.Shrink(shape) >= 2 {
				original = carryOut(t, transform.Reduced(2), original)
			}
			if got := chroma(t, carryOut(t, rest, carryOut(t, steps, original))); got != c.want {
				t.Errorf("%s, %s, of kept pixels: %s, want %s", c.original, c.steps, got, c.want)
			}
		}
	}
}

func shapeOf(t *testing.T, original media.Image) transform.Shape {
	t.Helper()
	shape, err := transform.ShapeOf(original, roomy())
	if err != nil {
		t.Fatal(err)
	}
	return shape
}
