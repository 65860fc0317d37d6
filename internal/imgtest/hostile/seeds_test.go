package hostile_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips/vipstest"
)

func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// TestSeeds renders what the corpus is made of: each seed is right, so that what
// is refused of its descendants is refused for what was done to them. With -update
// it encodes the seeds anew.
func TestSeeds(t *testing.T) {
	for _, s := range []struct {
		file, chain string
		original    []byte
		format      media.Format
	}{
		{"progressive.jpg", "t.toFormat(f:jpeg,progressive:true)", card(t, false), media.JPEG},
		{"lossy.webp", "t.toFormat(f:webp)", card(t, false), media.WebP},
		{"alpha.webp", "t.toFormat(f:webp)", card(t, true), media.WebP},
		{"lossless.webp", "t.toFormat(f:webp,lossless:true)", card(t, true), media.WebP},
		{"moving.webp", "t.toFormat(f:webp)", moving(t), media.WebP},
		{"moving.gif", "t.toFormat(f:gif)", moving(t), media.GIF},
		{"still.avif", "t.toFormat(f:avif)", card(t, false), media.AVIF},
		{"alpha.avif", "t.toFormat(f:avif)", card(t, true), media.AVIF},
		{"still.heic", "t.toFormat(f:heif)", card(t, false), media.HEIF},
		{"still.jxl", "t.toFormat(f:jxl)", card(t, false), media.JXL},
		{"lossless.jxl", "t.toFormat(f:jxl,lossless:true)", card(t, true), media.JXL},
		{"still.tif", "t.toFormat(f:tiff)", card(t, false), media.TIFF},
	} {
		path := filepath.Join("seeds", s.file)
		if imgtest.Updating() {
			if err := os.WriteFile(path, render(t, s.chain, s.original).Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		seed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := media.Sniff(seed); f != s.format {
			t.Errorf("%s is %v, want %v", s.file, f, s.format)
		}
		if size := imgtest.Decode(t, render(t, "t.toFormat(f:png)", seed).Data).Bounds().Size(); size != image.Pt(96, 64) {
			t.Errorf("%s has %v pixels", s.file, size)
		}
	}
}

func card(t *testing.T, alpha bool) []byte {
	t.Helper()
	return imgtest.PNG(t, imgtest.Card(96, 64, alpha))
}

// moving is a GIF of three frames.
func moving(t *testing.T) []byte {
	t.Helper()
	g := &gif.GIF{Config: image.Config{Width: 96, Height: 64}}
	for i := range 3 {
		p := image.NewPaletted(image.Rect(0, 0, 96, 64), color.Palette{color.Black, color.White, color.RGBA{255, 0, 0, 255}})
		for at := range p.Pix {
			p.Pix[at] = uint8((at/7 + i) % 3)
		}
		g.Image, g.Delay = append(g.Image, p), append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// render carries out operations, as URLs write them.
func render(t *testing.T, chain string, original []byte) media.Image {
	t.Helper()
	calls, err := op.Parse(chain)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := transform.NewCompiler(transform.Catalog(), transform.Encodable()).Compile(calls, transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, _ := media.Sniff(original)
	made, err := transform.NewRenderer(transform.Config{Workers: 1}).Render(t.Context(), transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format},
		Limits: transform.Limits{MaxPixels: 1e6, MaxSide: 1000, MaxFrames: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
