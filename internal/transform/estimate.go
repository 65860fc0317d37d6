package transform

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// A Shape is what the header of a picture says about it.
type Shape struct {
	Format        media.Format
	Width, Height int // of one frame, as it is stored
	Bands         int // channels, alpha included; 0: 3
	Depth         int // bits a channel; 0: 8
	Frames        int // 0: 1
	Orientation   int // as EXIF counts; 0: upright
	Progressive   bool
	Canvas        bool    // of a WebP: it is made of frames, which are never decoded smaller
	Subsampled    bool    // colors are stored at half the width and height, or there are none
	Samples       float64 // numbers stored for each pixel; 0: as in most pictures of its format
	Alpha         bool
	Pyramid       inspect.Pyramid // of a TIFF
}

// ShapeOf reads the header of a picture and holds it to the limits. Its errors are
// those that a render of the picture would begin with.
func ShapeOf(picture media.Image, most Limits) (Shape, error) {
	h, err := inspect.Read(picture.Data)
	if err != nil {
		return Shape{}, err
	}
	return Shape{
		Format: h.Format, Width: h.Width, Height: h.Height, Bands: h.Bands, Depth: h.Depth, Frames: h.Frames,
		Orientation: h.Orientation, Progressive: h.Whole, Canvas: h.Canvas, Subsampled: h.Subsampled(), Samples: h.Samples, Alpha: h.Alpha,
		Pyramid: h.Pyramid,
	}, most.check(h.Width, h.Height, h.Frames)
}

// A Need is what a render takes, by estimate.
type Need struct {
	Bytes  int64         // of memory at its peak, over what an idle worker holds and without the original's own bytes
	Decode int64         // of them, those that any one of its pictures takes as it is decoded, before the first step
	Time   time.Duration // of a CPU
	Pixels int64         // of what any one step makes, all frames counted

	work   peak // before the result is encoded
	result result
}

// A peak is a moment at which a render takes more than before.
type peak struct {
	bytes int64
	step  string // the operation; "": the picture is decoded
	size  size   // of the picture then
}

// A result is what is known of one before it is made.
type result struct {
	format media.Format
	size   size
	vague  bool // the size is a guess
}

// Estimate says what it takes to apply the plan to a picture of the given shape.
// files are the shapes of the other pictures, by the names that Files has; one that
// is missing is taken to be like the first.
//
// The memory is within a factor of 2 of what is really taken for ordinary
// pictures; TestEstimate measures it. The time is good for comparing renders with
// each other and not for much else.
func (p Plan) Estimate(of Shape, files map[string]Shape) Need {
	if p.Original() {
		return Need{}
	}
	format := cmp.Or(p.output.Format, natural(of.Format))
	e := encoderFor(format)
	d := newDraft(p, of, e.save.Frames())
	d.subsampled = of.Subsampled && p.keepsColors()
	d.other = func(name string, plan Plan) *draft {
		shape, ok := files[name]
		if !ok {
			shape = of
		}
		o := newDraft(plan, shape, false)
		d.opened = max(d.opened, o.opened)
		return o
	}
	d.apply(p)
	d.step = ""
	d.write(format, e, p.output)
	n := d.need()
	n.result = result{format, d.size, d.vague}
	return n
}

// Affords holds what a render takes to the limits of a picture, and the size of its
// result, where that is known, to the format's.
func (l Limits) Affords(n Need) error {
	most := cmp.Or(l.MaxRender, math.MaxInt64)
	decode := min(most, l.MaxMemory)
	work, made := n.work, n.result
	// Where a step is told what it makes only by the pixels, a draft takes too much.
	const slack = 2
	pixels := int64(l.MaxPixels)
	switch {
	case n.Decode > int64(decode):
		return tooMuch(n.Decode, decode, "the picture", "to be decoded")
	case n.Pixels > slack*pixels, n.Pixels > pixels && n.Bytes > int64(most):
		return invalid("a step makes some %d pixels; at most %d are allowed", n.Pixels, pixels)
	case work.bytes > int64(most) && work.step == "":
		return tooMuch(work.bytes, most, "the picture", "to be looked at")
	case work.bytes > int64(most):
		return tooMuch(work.bytes, most, work.step, fmt.Sprintf("with a picture of %dx%d pixels", work.size.w, work.size.h))
	case n.Bytes > int64(most):
		return tooMuch(n.Bytes, most, fmt.Sprintf("a result of %dx%d pixels", made.size.w, made.size.h), fmt.Sprintf("to be made and encoded as %v", made.format))
	}
	if made.vague {
		return nil // until it is made
	}
	return made.fits()
}

// tooMuch says of what takes so many bytes for something that it may not.
func tooMuch(bytes int64, most config.Size, what, reason string) error {
	return fault.Errorf(fault.Unprocessable, "%s takes some %d MiB of memory %s; at most %d MiB are allowed",
		what, (bytes+1<<20-1)>>20, reason, most>>20)
}

// fits holds a result to what its format can hold.
func (r result) fits() error {
	most := encoderFor(r.format).maxSide
	if side := max(r.size.w, r.size.h); most > 0 && side > most {
		return invalid("%v holds at most %d pixels a side; the result has %d", r.format, most, side)
	}
	return nil
}

// EstimateInspect says what it takes to describe a picture of the given shape.
func EstimateInspect(of Shape) Need {
	plan := tiny()
	d := newDraft(plan, of, false)
	d.apply(plan)
	d.settle()
	return d.need()
}

// A decoding is what it takes to decode a format, a pixel of what comes out. The
// bytes are besides the rows that are passed on. They and the times are of
// TestEstimate's cases with libvips 8.14.1 and the codecs of Debian 12.
type decoding struct {
	bytes float64 // of the whole picture: frames, planes, and what they are copied to
	wide  bool    // as much again with more than 8 bits
	ns    float64
}

func decodingOf(format media.Format) decoding {
	return map[media.Format]decoding{
		media.JPEG: {ns: 4},
		media.PNG:  {ns: 20},
		media.WebP: {bytes: 8, ns: 20}, // RGBA twice: the frame, and all frames so far
		media.AVIF: {bytes: 13, wide: true, ns: 40},
		media.HEIF: {bytes: 7.5, wide: true, ns: 60},
		media.JXL:  {bytes: 7.5, wide: true, ns: 45},
		media.GIF:  {bytes: 4.6, ns: 8},
		media.TIFF: {ns: 6},
		media.BMP:  {bytes: 4, ns: 20},
		media.SVG:  {ns: 15},
	}[format]
}

// The memory of rows on their way, measured as the decodings are: libvips works on
// strips, and keeps as many of them as a step may come back to.
const (
	decodedRows = 600
	resizedRows = 400
	shrunkRows  = 100 // for each time that the picture becomes smaller
	aheadRows   = 64  // that package vips asks for at a time where it averages
	averaged    = 4   // times smaller, and more: package vips averages rows of 8 bits as they come
	workedRows  = 400 // of a step that mixes rows or computes with floats
)

// perFrame is what each frame of an animation takes besides its pixels, in bytes: it
// has operations and buffers of its own.
const perFrame = 128 << 10

// floor is what every render takes, in bytes: stacks, tables, the smallest blocks
// of the allocator.
const floor = 2 << 20

// reduced returns the size that a picture is decoded in.
func reduced(of Shape, shrink float64) size {
	by := loaderOf(of.Format).Reduction(shrink)
	if of.Canvas {
		by = 1
	}
	return scaled(size{max(1, of.Width), max(1, of.Height)}, by, by)
}
