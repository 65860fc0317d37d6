package transform

import (
	"cmp"
	"time"

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
		Orientation: h.Orientation, Progressive: h.Whole, Canvas: h.Canvas, Samples: h.Samples, Alpha: h.Alpha,
		Pyramid: h.Pyramid,
	}, most.check(h.Width, h.Height, h.Frames)
}

// A Need is what a render takes, by estimate.
type Need struct {
	Bytes  int64         // of memory at its peak, over what an idle worker holds and without the original's own bytes
	Decode int64         // of them, those that any one of its pictures takes as it is decoded, before the first step
	Time   time.Duration // of a CPU
	Pixels int64         // of what any one step makes, all frames counted
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
	d.write(format, e, p.output)
	return d.need()
}

// Affords holds what a render takes to the limits of a picture.
func (l Limits) Affords(n Need) error {
	if n.Decode > int64(l.MaxMemory) {
		return fault.Errorf(fault.Unprocessable, "the picture takes some %d MiB of memory to be decoded; at most %d MiB are allowed",
			(n.Decode+1<<20-1)>>20, l.MaxMemory>>20)
	}
	// Where a step is told what it makes only by the pixels, a draft takes too much.
	const slack = 2
	if n.Pixels > slack*int64(l.MaxPixels) {
		return invalid("a step makes some %d pixels; at most %d are allowed", n.Pixels, l.MaxPixels)
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

// An encoding is what it takes to encode a format, a pixel, measured as the
// decodings are.
type encoding struct {
	bytes  float64 // that the encoder holds, of one frame
	clear  float64 // as many more with alpha
	result float64 // of the file, generously, for a photograph
	ns     float64
}

func encodingOf(format media.Format, o Output) encoding {
	switch {
	case format == media.PNG && o.Palette:
		return encoding{bytes: 22, result: 0.5, ns: 250}
	case format == media.WebP && o.Lossless:
		return encoding{bytes: 40, result: 1, ns: 600}
	}
	return map[media.Format]encoding{
		media.JPEG: {bytes: 3, result: 0.2, ns: 6}, // coefficients of 2 bytes, with colors at half the size
		media.PNG:  {result: 1.2, ns: 190},
		media.WebP: {bytes: 4.5, clear: 11, result: 0.15, ns: 80},
		media.AVIF: {bytes: 33, result: 0.1, ns: 250},
		media.HEIF: {bytes: 21, result: 0.1, ns: 1500},
		media.JXL:  {bytes: 42, result: 0.15, ns: 165},
		media.GIF:  {bytes: 24, result: 0.5, ns: 220},
		media.TIFF: {result: 0.2, ns: 5},
		media.BMP:  {bytes: 9.5, ns: 8},
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
