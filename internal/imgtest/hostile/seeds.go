package hostile

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"strings"
	"testing"

	"golang.org/x/image/bmp"

	"pixedge/internal/imgtest"
)

// seedsOf returns the seeds: those of Go's own codecs made now, the others read.
func seedsOf(tb testing.TB) seeds {
	tb.Helper()
	card, clear := imgtest.Card(seedWidth, seedHeight, false), imgtest.Card(seedWidth, seedHeight, true)
	list := seeds{
		{name: "png", data: imgtest.PNG(tb, card)},
		{name: "png-alpha", data: imgtest.PNG(tb, clear)},
		{name: "jpeg", data: imgtest.JPEG(tb, card, 0)},
		{name: "gif", data: gifOf(tb, card)},
		{name: "bmp", data: bmpOf(tb, card)},
		{name: "svg", data: drawing(`<rect width="50" height="40" fill="#c41"/><circle cx="60" cy="40" r="20" fill="navy"/>`)},
	}
	files, err := seedFiles.ReadDir("seeds")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		data, err := seedFiles.ReadFile("seeds/" + f.Name())
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, seed{
			name: strings.ReplaceAll(f.Name(), ".", "-"), data: data,
			codec: strings.HasSuffix(f.Name(), ".heic") || strings.HasSuffix(f.Name(), ".jxl"),
		})
	}
	return list
}

func gifOf(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	p := image.NewPaletted(img.Bounds(), color.Palette{color.Black, color.White, color.RGBA{200, 30, 30, 255}, color.RGBA{30, 30, 200, 255}})
	draw.Draw(p, p.Bounds(), img, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := gif.Encode(&b, p, nil); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func bmpOf(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
