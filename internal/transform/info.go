package transform

import (
	"context"
	"encoding/base64"
	"fmt"
	"image"

	"github.com/bbrks/go-blurhash"
	"github.com/galdor/go-thumbhash"

	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// Info describes a picture. Its JSON is what the info pattern answers with.
type Info struct {
	Format        string `json:"format"`
	Width         int    `json:"width"`  // upright, in pixels
	Height        int    `json:"height"` // of one frame
	Frames        int    `json:"frames"`
	Orientation   int    `json:"orientation"` // as EXIF counts, 1 to 8
	Alpha         bool   `json:"alpha"`
	Size          int    `json:"size"` // of the file, in bytes
	DominantColor string `json:"dominantColor"`
	BlurHash      string `json:"blurHash"`
	ThumbHash     string `json:"thumbHash"` // base64
}

// thumb is the longer side, in pixels, of the picture that colors and hashes are
// computed from: ThumbHash takes no larger one, and nobody sees the difference.
const thumb = 100

// Inspect describes a picture. Its errors are those of Render.
func (r *Renderer) Inspect(ctx context.Context, picture media.Image, most Limits) (Info, error) {
	if err := r.acquire(ctx); err != nil {
		return Info{}, err
	}
	defer r.release()
	var info Info
	err := vips.Do(func() (err error) {
		info, err = r.inspect(picture, most)
		return err
	})
	return info, err
}

func (r *Renderer) inspect(picture media.Image, most Limits) (Info, error) {
	source, err := sourceOf(picture, most)
	if err != nil {
		return Info{}, err
	}
	img, err := source.lazy(most)
	if err != nil {
		return Info{}, err
	}
	defer img.Close()
	exif := img.Orientation()
	full := orientation(exif).of(imageSize(img))
	info := Info{
		Format: picture.Format.String(), Width: full.w, Height: full.h, Frames: source.frames(img),
		Orientation: max(1, exif), Alpha: img.HasAlpha(), Size: len(picture.Data),
	}
	small, err := r.thumbnail(source, most)
	if err != nil {
		return Info{}, err
	}
	info.DominantColor = dominant(small)
	if info.BlurHash, err = blurhash.Encode(4, 3, small); err != nil {
		return Info{}, fmt.Errorf("blurhash: %w", err)
	}
	info.ThumbHash = base64.StdEncoding.EncodeToString(thumbhash.EncodeImage(small))
	return info, nil
}

// thumbnail renders a picture so small that it fits into thumb by thumb pixels.
func (r *Renderer) thumbnail(source source, most Limits) (*image.NRGBA, error) {
	plan := tiny()
	c, done, err := r.canvas(source, plan, most, false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := plan.apply(context.Background(), c, done); err != nil {
		return nil, err
	}
	if err := c.do(func(img *vips.Image) error {
		if err := img.To(vips.SRGB); err != nil {
			return err
		}
		return img.AddAlpha()
	}); err != nil {
		return nil, err
	}
	first, err := c.first()
	if err != nil {
		return nil, err
	}
	pixels, err := first.Pixels()
	if err != nil {
		return nil, damaged(err)
	}
	return &image.NRGBA{Pix: pixels, Stride: 4 * c.size.w, Rect: image.Rect(0, 0, c.size.w, c.size.h)}, nil
}

// tiny is the plan that makes a picture fit into thumb by thumb pixels.
func tiny() Plan {
	step := &resize{box: size{thumb, thumb}, fit: string(inside), kernel: "lanczos3", dpr: 1}
	return Plan{steps: []Operation{step}}
}

// dominant returns the color that most opaque pixels have, or nearly have: the
// mean of the fullest of 4096 boxes of 16 steps a channel.
func dominant(img *image.NRGBA) string {
	var boxes [4096]struct{ n, r, g, b int }
	best := 0
	for i := 0; i < len(img.Pix); i += 4 {
		r, g, b, a := int(img.Pix[i]), int(img.Pix[i+1]), int(img.Pix[i+2]), img.Pix[i+3]
		if a < 128 {
			continue
		}
		k := r>>4<<8 | g>>4<<4 | b>>4
		boxes[k].n++
		boxes[k].r += r
		boxes[k].g += g
		boxes[k].b += b
		if boxes[k].n > boxes[best].n {
			best = k
		}
	}
	m := boxes[best]
	n := max(1, m.n)
	return fmt.Sprintf("#%02x%02x%02x", m.r/n, m.g/n, m.b/n)
}
