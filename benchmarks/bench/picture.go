package main

import (
	"errors"
	"fmt"

	"pixedge/benchmarks"
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// open decodes a picture in full size, an animation's first frame alone.
func open(data []byte) (*vips.Image, error) {
	format, _ := media.Sniff(data)
	loader, ok := map[media.Format]vips.Loader{
		media.JPEG: vips.LoadJPEG, media.PNG: vips.LoadPNG, media.WebP: vips.LoadWebP,
		media.AVIF: vips.LoadHEIF, media.GIF: vips.LoadGIF,
	}[format]
	if !ok {
		return nil, errors.New("no picture")
	}
	return vips.Open(data, loader, 1, false)
}

// reference makes what w asks for without any short cut and without loss: all
// pixels decoded, scaled once, laid on grey. It returns the luma, row by row,
// and the width.
func reference(data []byte, w work) ([]byte, int, error) {
	img, err := open(data)
	if err != nil {
		return nil, 0, err
	}
	defer img.Close()
	quarters := map[int]int{3: 2, 6: 1, 8: 3}[img.Orientation()]
	if err := errors.Join(img.Standard(), img.Settle(), img.Quarter(quarters), shape(img, w)); err != nil {
		return nil, 0, err
	}
	return luma(img)
}

func shape(img *vips.Image, w work) error {
	from, high := img.Size()
	switch {
	case w.cover != [2]int{}:
		scale := max(float64(w.cover[0])/float64(from), float64(w.cover[1])/float64(high))
		if err := img.Resize(scale, scale, vips.Lanczos3); err != nil {
			return err
		}
		from, high = img.Size()
		return img.Extract((from-w.cover[0]+1)/2, (high-w.cover[1]+1)/2, w.cover[0], w.cover[1])
	case w.width > 0:
		scale := float64(w.width) / float64(from)
		return img.Resize(scale, scale, vips.Lanczos3)
	default:
		return img.Extract(w.crop[0], w.crop[1], w.crop[2], w.crop[3])
	}
}

func luma(img *vips.Image) ([]byte, int, error) {
	if img.HasAlpha() {
		if err := img.Flatten([]float64{128, 128, 128}); err != nil {
			return nil, 0, err
		}
	}
	if err := img.To(vips.Grey); err != nil {
		return nil, 0, err
	}
	pixels, err := img.Pixels()
	width, _ := img.Size()
	return pixels, width, err
}

// likeness is the SSIM of an answer and the reference, which are of one size or
// the answer is wrong.
func likeness(answer, want []byte, width int) (float64, error) {
	img, err := open(answer)
	if err != nil {
		return 0, err
	}
	defer img.Close()
	got, w, err := luma(img)
	if err != nil {
		return 0, err
	}
	if w != width || len(got) != len(want) {
		return 0, fmt.Errorf("the answer is %d pixels wide and has %d in all, want %d and %d", w, len(got), width, len(want))
	}
	return benchmarks.SSIM(got, want, width), nil
}
