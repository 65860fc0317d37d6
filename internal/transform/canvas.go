package transform

import (
	"context"
	"image"

	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxSide is the longest side of a picture we will make. PixelBin documents
// 10,000 pixels, and libwebp stops at 16,383: one limit for all formats keeps a
// URL valid when only its format changes.
const maxSide = 10000

// A Canvas holds the picture that a plan's operations change, one after
// another. Sizes and places are in pixels of the upright picture: one that is
// still to be turned does not show it.
type Canvas struct {
	img  *vips.Image
	size size
	turn turn // still to be done
	most int  // pixels a picture may have at any step
}

// Size returns the width and height in pixels.
func (c *Canvas) Size() (w, h int) { return c.size.w, c.size.h }

// A turn is what an EXIF orientation asks for: quarters of a circle clockwise,
// after a mirroring of left and right.
type turn struct {
	flop     bool
	quarters int
}

// orientation returns what is to be done for an EXIF orientation (Exif 2.32,
// tag 274), 1 to 8. Undefined values mean upright.
func orientation(exif int) turn {
	switch exif {
	case 2:
		return turn{flop: true}
	case 3:
		return turn{quarters: 2}
	case 4:
		return turn{flop: true, quarters: 2}
	case 5:
		return turn{flop: true, quarters: 3}
	case 6:
		return turn{quarters: 1}
	case 7:
		return turn{flop: true, quarters: 1}
	case 8:
		return turn{quarters: 3}
	}
	return turn{}
}

// of returns the size of a picture after the turn, or before it: both ways are
// the same exchange of sides.
func (t turn) of(s size) size {
	if t.quarters%2 == 1 {
		return size{s.h, s.w}
	}
	return s
}

// Scale makes each side of the picture so many times smaller. It works on the
// picture as it was decoded and leaves the turn for later, when there are fewer
// pixels to turn.
func (c *Canvas) Scale(h, v float64, k vips.Kernel) error {
	to := scaled(c.size, h, v)
	if err := c.allow(to); err != nil {
		return err
	}
	if h == 1 && v == 1 {
		return nil
	}
	if c.turn.quarters%2 == 1 {
		h, v = v, h
	}
	if err := c.img.Resize(1/h, 1/v, k); err != nil {
		return damaged(err)
	}
	c.size = c.turn.of(imageSize(c.img))
	return nil
}

// upright does what is left of the turn.
func (c *Canvas) upright() error {
	t := c.turn
	c.turn = turn{}
	if t.flop {
		if err := c.img.Flop(); err != nil {
			return damaged(err)
		}
	}
	if t.quarters == 0 {
		return nil
	}
	return damaged(c.img.Quarter(t.quarters))
}

// do turns the picture upright, changes it with verb and takes its new size.
func (c *Canvas) do(verb func(*vips.Image) error) error {
	if err := c.upright(); err != nil {
		return err
	}
	if err := verb(c.img); err != nil {
		return damaged(err)
	}
	c.size = imageSize(c.img)
	return c.allow(c.size)
}

// Extract keeps a part of the picture, which must be inside it.
func (c *Canvas) Extract(r image.Rectangle) error {
	if r == image.Rect(0, 0, c.size.w, c.size.h) {
		return nil
	}
	return c.do(func(img *vips.Image) error { return img.Extract(r.Min.X, r.Min.Y, r.Dx(), r.Dy()) })
}

// Embed places the picture at (x, y) on a field of a size and color.
func (c *Canvas) Embed(x, y int, to size, color op.Color) error {
	if err := c.allow(to); err != nil {
		return err
	}
	return c.do(func(img *vips.Image) error {
		ink, err := mix(img, color)
		if err != nil {
			return err
		}
		return img.Embed(x, y, to.w, to.h, ink)
	})
}

// mix returns color as numbers a band of img, which gets an alpha channel if
// the color is not opaque.
func mix(img *vips.Image, color op.Color) ([]float64, error) {
	if color.A != 255 {
		if err := img.AddAlpha(); err != nil {
			return nil, err
		}
	}
	scale := 1.0
	if img.Wide() {
		scale = 257 // 255 to 65535
	}
	ink := []float64{float64(color.R) * scale, float64(color.G) * scale, float64(color.B) * scale}
	if img.Bands() < 3 {
		// Relative luminance of ITU-R BT.709, as sharp has it.
		ink = []float64{0.2126*ink[0] + 0.7152*ink[1] + 0.0722*ink[2]}
	}
	if img.HasAlpha() {
		ink = append(ink, float64(color.A)*scale)
	}
	return ink, nil
}

// allow refuses a size that is over the limits. Each step is held to them, so
// that no chain passes through a huge picture on its way to a small one.
func (c *Canvas) allow(s size) error {
	if s.w > maxSide || s.h > maxSide || s.w*s.h > c.most {
		return fault.Errorf(fault.Invalid, "a step makes %dx%d pixels; at most %d a side and %d in all are allowed",
			s.w, s.h, maxSide, c.most)
	}
	return nil
}

// encode finishes the picture.
func (c *Canvas) encode(ctx context.Context, e encoder, quality int) ([]byte, error) {
	if err := c.upright(); err != nil {
		return nil, err
	}
	data, err := c.img.Save(ctx, e.saver(c.img), quality, e.effort)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return data, damaged(err)
}

// damaged explains an error of libvips. All arguments were checked before, so
// what goes wrong in the middle of pixels is taken to be the picture's fault.
func damaged(err error) error {
	return fault.Wrap(err, fault.Unprocessable, "the picture is damaged or of a kind that cannot be read")
}

func imageSize(img *vips.Image) size {
	w, h := img.Size()
	return size{w, h}
}
