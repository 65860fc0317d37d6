package transform

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"pixedge/internal/face"
	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxSide is the longest side of a picture we will make. PixelBin documents
// 10,000 pixels, and libwebp stops at 16,383: one limit for all formats keeps a
// URL valid when only its format changes.
const maxSide = 10000

// A Canvas holds the picture that a plan's operations change, one after
// another: one frame, or all those of an animation, which change alike. Sizes and
// places are in pixels of the upright picture: one that is still to be turned
// does not show it.
type Canvas struct {
	roll   *vips.Image   // all frames, one below the other, until something is done to each; nil if there is one
	source *vips.Image   // what the frames are cut from; nil while nothing is cut
	frames []*vips.Image // all of one size; none while there is a roll
	count  int           // of frames
	timing vips.Timing
	size   size
	turn   turn // still to be done
	most   int  // pixels a picture may have at any step, its frames counted
	shrunk shrunk
	levels []*vips.Image // of what is shrunk, as it is decoded smaller again and again

	subsampled bool // colors come from a picture that stores them at half its size, and nothing finer was added

	late   func() error // why it is too late to go on with another frame; nil if it is not
	finder *face.Finder
	open   func(name string, plan Plan) (*Canvas, error) // another picture, after a plan; nil within such a picture
}

// second returns another picture of the same job, after a plan of its own. It
// does not move.
func (c *Canvas) second(name string, plan Plan) (*Canvas, error) {
	if c.open == nil {
		return nil, invalid("a second picture may not need a third")
	}
	return c.open(name, plan)
}

// newCanvas takes over an image that was opened with all its frames and is still to
// be turned.
func newCanvas(img *vips.Image, t turn, most int, finder *face.Finder) (*Canvas, error) {
	c := &Canvas{late: func() error { return nil }, finder: finder, count: 1, turn: t, most: most}
	w, h := img.Size()
	one := img.FrameHeight()
	if c.size = c.turn.of(size{w, one}); one == h {
		c.frames = []*vips.Image{img}
		return c, nil
	}
	c.roll, c.count, c.timing = img, h/one, img.Timing()
	if err := img.Opaque(); err != nil {
		img.Close()
		return nil, damaged(err)
	}
	return c, nil
}

// split cuts the roll into frames, for what is done to each.
func (c *Canvas) split() error {
	if c.roll == nil {
		return nil
	}
	frames, err := c.roll.Split()
	if err != nil {
		return damaged(err)
	}
	c.source, c.roll, c.frames = c.roll, nil, frames
	return nil
}

// first returns the first frame.
func (c *Canvas) first() (*vips.Image, error) {
	if err := c.split(); err != nil {
		return nil, err
	}
	return c.frames[0], nil
}

// Close frees the picture.
func (c *Canvas) Close() {
	for _, f := range slices.Concat(c.frames, c.levels) {
		f.Close()
	}
	for _, whole := range []*vips.Image{c.source, c.roll} {
		if whole != nil {
			whole.Close()
		}
	}
}

// Size returns the width and height in pixels.
func (c *Canvas) Size() (w, h int) { return c.size.w, c.size.h }

// Animated reports whether there are several frames.
func (c *Canvas) Animated() bool { return c.count > 1 }

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
// picture as it was decoded and turns it afterwards, when there are fewer pixels
// to turn. A second Scale finds it upright: half a pixel too many is cut off at
// one end, and which end that is must not depend on how the camera was held.
func (c *Canvas) Scale(h, v float64, k vips.Kernel) error {
	to := scaled(c.size, h, v)
	if err := c.allow(to); err != nil {
		return err
	}
	if h == 1 && v == 1 {
		return nil
	}
	if c.Animated() {
		// sharp has the frames in one column, where each must be of whole pixels.
		v = float64(c.size.h) / float64(to.h)
	}
	if c.roll != nil && c.turn == (turn{}) {
		return c.scaleRoll(h, v, k)
	}
	if c.turn.quarters%2 == 1 {
		h, v = v, h
	}
	if err := c.each(func(f *vips.Image) error { return f.Resize(1/h, 1/v, k) }); err != nil {
		return err
	}
	c.size = c.turn.of(imageSize(c.frames[0]))
	return c.upright()
}

// scaleRoll scales all frames as one picture, as sharp does: each then begins at a
// whole row, and their edges differ by what reaches over from the next.
func (c *Canvas) scaleRoll(h, v float64, k vips.Kernel) error {
	if err := c.roll.Resize(1/h, 1/v, k); err != nil {
		return damaged(err)
	}
	w, all := c.roll.Size()
	c.size = size{w, all / c.count}
	return damaged(c.roll.Page(c.size.h))
}

// upright does what is left of the turn.
func (c *Canvas) upright() error {
	t := c.turn
	if t == (turn{}) {
		return nil
	}
	c.turn = turn{}
	return c.each(func(f *vips.Image) error {
		if t.flop {
			if err := f.Flop(); err != nil {
				return err
			}
		}
		if t.quarters == 0 {
			return nil
		}
		return f.Quarter(t.quarters)
	})
}

// each changes each frame with verb. Some verbs compute what was asked for so
// far, so that an animation can be late in the middle of a step.
func (c *Canvas) each(verb func(*vips.Image) error) error {
	if err := c.split(); err != nil {
		return err
	}
	for _, f := range c.frames {
		if err := c.late(); err != nil {
			return err
		}
		if err := verb(f); err != nil {
			return damaged(err)
		}
	}
	return nil
}

// do turns the picture upright, changes each frame with verb and takes its new
// size.
func (c *Canvas) do(verb func(*vips.Image) error) error {
	if err := c.upright(); err != nil {
		return err
	}
	if err := c.each(verb); err != nil {
		return err
	}
	before := c.size
	c.size = imageSize(c.frames[0])
	if max(c.size.w, c.size.h) <= max(before.w, before.h) && c.size.w*c.size.h <= before.w*before.h {
		return nil // an original may be larger than what we make, and is not made larger
	}
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
		return img.Embed(x, y, to.w, to.h, vips.Background, ink)
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
	if s.w > maxSide || s.h > maxSide || s.w*s.h*c.count > c.most {
		return invalid("a step makes %s%dx%d pixels; at most %d a side and %d in all are allowed",
			framesOf(c.count), s.w, s.h, maxSide, c.most)
	}
	return nil
}

// framesOf counts frames in words, if they are worth a word.
func framesOf(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("%d frames of ", n)
}

func invalid(format string, args ...any) error { return fault.Errorf(fault.Invalid, format, args...) }

// damaged explains an error of libvips. All arguments were checked before, so what goes
// wrong in the middle of pixels, and not for want of memory, is taken to be the picture's
// fault.
func damaged(err error) error {
	failed, ours := errors.AsType[*vips.Error](err)
	switch {
	case !ours:
		return err
	case failed.OutOfMemory():
		return fault.Wrap(err, fault.Unprocessable, "the picture takes too much memory to render")
	}
	return fault.Wrap(err, fault.Unprocessable, "the picture is damaged or of a kind that cannot be read")
}

func imageSize(img *vips.Image) size {
	w, h := img.Size()
	return size{w, h}
}
