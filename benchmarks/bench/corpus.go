package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"pixedge/internal/blob"
	"pixedge/internal/demo"
	"pixedge/internal/transform/vips"
)

// The pictures that the cases are made of.
const (
	photo12 = "photo12mp.jpg"             // 4000 by 3000
	turned  = "photo12mp_rot6.jpg"        // the same, EXIF orientation 6
	waves   = "photo12mp_progressive.jpg" // the same, progressive
	photo2  = "photo2mp.jpg"              // about 1920 by 1080
	cutout  = "cutout.png"                // 1600 by 1200 with alpha
	moving  = "anim.gif"                  // 480 by 270, 24 frames
	card    = "card.png"                  // a drawing of the demo; hits are made of it
)

// readCorpus reads the pictures from a folder, or makes them if there is none,
// their sides divided by part.
func readCorpus(ctx context.Context, folder string, part int) (map[string][]byte, error) {
	store, err := demo.Store()
	if err != nil {
		return nil, err
	}
	corpus := make(map[string][]byte)
	if corpus[card], err = read(ctx, store, card); err != nil {
		return nil, err
	}
	if folder == "" {
		return corpus, paint(ctx, store, corpus, part)
	}
	for _, name := range []string{photo12, turned, waves, photo2, cutout, moving} {
		if corpus[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil { //nolint:gosec // the caller names the folder
			return nil, err
		}
	}
	return corpus, nil
}

func read(ctx context.Context, store blob.Store, name string) ([]byte, error) {
	object, err := store.Open(ctx, name, blob.Range{})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(object)
	return data, errors.Join(err, object.Close())
}

// paint makes the pictures of one of the demo's, its first photograph if there
// is one: laid side by side to the size that is wanted, so that the detail is that
// of a photograph and not of an enlargement.
func paint(ctx context.Context, store blob.Store, corpus map[string][]byte, part int) error {
	names, err := demo.Pictures()
	if err != nil {
		return err
	}
	data, err := read(ctx, store, names[0])
	if err != nil {
		return err
	}
	jpeg := vips.Settings{Quality: 90}
	for _, p := range []struct {
		name string
		w, h int
		save vips.Saver
		with vips.Settings
	}{
		{photo12, 4000, 3000, vips.SaveJPEG, jpeg},
		{waves, 4000, 3000, vips.SaveJPEG, vips.Settings{Quality: 90, Options: "interlace=true"}},
		{photo2, 1920, 1080, vips.SaveJPEG, jpeg},
		{cutout, 1600, 1200, vips.SavePNG, vips.Settings{Effort: 7}},
	} {
		if corpus[p.name], err = sheet(ctx, data, p.w/part, p.h/part, p.save, p.with); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	corpus[turned] = turn(corpus[photo12])
	corpus[moving], err = pan(ctx, data)
	return err
}

// sheet covers w by h pixels with the picture. A PNG gets an alpha channel that
// follows the lightness.
func sheet(ctx context.Context, data []byte, w, h int, save vips.Saver, with vips.Settings) ([]byte, error) {
	img, err := open(data)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	wide, high := img.Size()
	if err := errors.Join(img.Settle(), img.Tile((w+wide-1)/wide, (h+high-1)/high), img.Extract(0, 0, w, h)); err != nil {
		return nil, err
	}
	if save == vips.SavePNG && !img.HasAlpha() {
		mask := img.Copy()
		defer mask.Close()
		if err := errors.Join(mask.To(vips.Grey), img.Join(mask)); err != nil {
			return nil, err
		}
	}
	return img.Save(ctx, save, with, nil)
}

// pan makes an animation that moves over the picture.
func pan(ctx context.Context, data []byte) ([]byte, error) {
	const frames, w, h = 24, 480, 270
	img, err := open(data)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	if err := errors.Join(img.Settle(), img.Tile(2, 2)); err != nil {
		return nil, err
	}
	var roll []*vips.Image
	defer func() {
		for _, f := range roll {
			f.Close()
		}
	}()
	timing := vips.Timing{}
	for i := range frames {
		f := img.Copy()
		roll = append(roll, f)
		if err := f.Extract(8*i, 4*i, w, h); err != nil {
			return nil, err
		}
		timing.Delays = append(timing.Delays, 100)
	}
	whole, err := vips.Assemble(roll, timing)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	return whole.Save(ctx, vips.SaveGIF, vips.Settings{Effort: 1}, nil)
}

// turn puts an APP1 segment with nothing but EXIF orientation 6 behind the start
// of a JPEG: "Exif", then a big-endian TIFF directory of one entry.
func turn(data []byte) []byte {
	app1 := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	return bytes.Join([][]byte{data[:2], app1, data[2:]}, nil)
}
