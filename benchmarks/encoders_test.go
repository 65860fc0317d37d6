package benchmarks

import (
	"fmt"
	"os"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/transform/vips"
)

// BenchmarkEncoders draws the curve that encoder settings are chosen on: for each
// format, effort and quality the time, the bytes and the likeness to the
// original. Run it with
//
//	go test ./benchmarks -run '^$' -bench Encoders -benchtime 3x
//
// The pictures are the sample photograph, 800 pixels wide, and the drawn card.
func BenchmarkEncoders(b *testing.B) {
	sources := map[string][]byte{"card": imgtest.PNG(b, imgtest.Card(800, 450, false))}
	if photo, err := os.ReadFile("../internal/demo/photos/bird.jpg"); err == nil {
		sources["photo"] = photo
	}
	for name, data := range sources {
		for _, c := range curve() {
			b.Run(fmt.Sprintf("%s/%s/q%d/effort%d%s", name, c.name, c.with.Quality, c.with.Effort, c.with.Options), func(b *testing.B) {
				encode(b, data, c)
			})
		}
	}
}

type point struct {
	name  string
	saver vips.Saver
	load  vips.Loader
	with  vips.Settings
}

// curve lists the settings to try.
func curve() []point {
	var list []point
	add := func(name string, s vips.Saver, l vips.Loader, qualities, efforts []int, options ...string) {
		for _, q := range qualities {
			for _, e := range efforts {
				for _, o := range append(options, "") {
					list = append(list, point{name, s, l, vips.Settings{Quality: q, Effort: e, Options: o, Subsample: name == "jpeg" || name == "avif420"}})
				}
			}
		}
	}
	add("jpeg", vips.SaveJPEG, vips.LoadJPEG, []int{70, 75, 80, 85}, []int{0}, "interlace=true")
	add("webp", vips.SaveWebP, vips.LoadWebP, []int{70, 75, 80, 85}, []int{2, 3, 4, 5})
	for _, name := range []string{"avif444", "avif420"} {
		add(name, vips.SaveAVIF, vips.LoadHEIF, []int{45, 50, 55, 60, 65}, []int{0, 1, 2, 3, 4})
	}
	add("jxl", vips.SaveJXL, vips.LoadJXL, []int{75, 80}, []int{3, 4, 5, 7})
	add("png", vips.SavePNG, vips.LoadPNG, []int{100}, []int{7}, "compression=6,filter=none", "compression=6,filter=sub", "compression=6,filter=paeth",
		"compression=6,filter=all", "compression=3,filter=all", "compression=9,filter=all", "palette=true")
	return list
}

func encode(b *testing.B, data []byte, c point) {
	b.Helper()
	var out []byte
	for b.Loop() {
		img := scaled(b, data)
		var err error
		if out, err = img.Save(b.Context(), c.saver, c.with, nil); err != nil {
			b.Skip(err)
		}
		img.Close()
	}
	want := luma(b, scaled(b, data))
	back, err := vips.Open(out, c.load, 1, false)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(out)), "bytes")
	b.ReportMetric(SSIM(want, luma(b, back), 800), "ssim")
}

func scaled(b *testing.B, data []byte) *vips.Image {
	b.Helper()
	l := vips.LoadJPEG
	if data[0] != 0xff {
		l = vips.LoadPNG
	}
	img, err := vips.Open(data, l, 1, false)
	if err != nil {
		b.Fatal(err)
	}
	w, _ := img.Size()
	if err := img.Resize(800/float64(w), 800/float64(w), vips.Lanczos3); err != nil {
		b.Fatal(err)
	}
	if err := img.Settle(); err != nil {
		b.Fatal(err)
	}
	return img
}

func luma(b *testing.B, img *vips.Image) []byte {
	b.Helper()
	defer img.Close()
	if err := img.To(vips.Grey); err != nil {
		b.Fatal(err)
	}
	pixels, err := img.Pixels()
	if err != nil {
		b.Fatal(err)
	}
	return pixels
}
