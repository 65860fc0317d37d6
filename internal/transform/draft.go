package transform

import (
	"cmp"
	"image"
	"strings"
	"time"

	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// A draft is a canvas without pixels: operations say what they would do to it, and
// it adds up what that takes. Like a canvas it is lazy: pixels pass row by row from
// the decoder to the encoder, until a step needs them in another order and they are
// settled.
type draft struct {
	size   size // as on a canvas
	turn   turn
	bands  int
	alpha  bool
	width  int // bytes a channel
	frames int
	roll   bool // all frames are scaled and encoded as one picture

	decoder    float64 // bytes that the decoder holds until the pixels are settled
	rows       float64 // bytes of rows on their way, until then too
	row        float64 // bytes of the decoded rows that one of the picture is made of
	held       float64 // bytes until the end
	levels     float64 // of held, those of the levels below the picture: see Reduced
	peak       float64
	opened     float64      // of peak, the decoder's part
	widest     float64      // pixels of the largest size that a step makes
	work       peak         // before the result is encoded
	step       string       // the operation that is looked at
	makes      media.Format // that the result is being encoded in
	vague      bool         // the size is known only once there are pixels
	subsampled bool         // as on a canvas
	settled    bool
	ns         float64

	other func(name string, plan Plan) *draft // another picture, opened for a plan; nil within such a picture
}

// newDraft opens a picture as Renderer.open does.
func newDraft(p Plan, of Shape, moving bool) *draft {
	t := p.turn(of.Orientation)
	from := t.of(size{max(1, of.Width), max(1, of.Height)})
	d := &draft{
		turn: t, bands: of.Bands, alpha: of.Alpha, width: 1, frames: 1,
	}
	shrink := p.shrink(loaderOf(of.Format), from)
	stored := reduced(of, shrink)
	if level := p.level(of.Pyramid, from, t); level > 0 {
		stored = sizeOf(of.Pyramid, level)
	}
	d.size = d.turn.of(stored)
	if d.bands == 0 || d.bands == 4 && !d.alpha { // CMYK, which becomes sRGB
		d.bands = 3
	}
	if of.Depth > 8 {
		d.width = 2
	}
	d.levels = p.lower(of, d.bands)
	d.held += d.levels
	part, _ := p.part(from)
	if shrink != 1 || d.turn != (turn{}) {
		part = image.Rectangle{}
	}
	switch {
	case of.Format == media.JPEG && !part.Empty():
		d.decodePart(of, part)
	case of.wholePNG(part):
		d.decodePNG(of)
	default:
		d.decode(of, stored)
	}
	if frames := max(1, of.Frames); moving && frames > 1 {
		d.frames = frames
		d.ns *= float64(frames)
		d.held += perFrame * float64(frames)
		d.roll = !d.alpha && p.rolls()
		switch {
		case of.Format == media.WebP:
			d.decoder += 4 * d.area() // all frames, before they are put in order
			if d.roll {
				d.decoder += 4 * d.area() // and after
				d.most(0)
			}
		case of.Format == media.GIF && !d.roll:
			d.decoder += d.area() // they are RGBA, whether they need to be or not
		}
		if !d.roll {
			d.settle() // all of them, to cut them or to see whether they are opaque
		}
	}
	d.opened = d.peak
	return d
}

// rolls reports whether the plan does nothing to single frames.
func (p Plan) rolls() bool {
	for _, step := range p.steps {
		r, ok := step.(*resize)
		if !ok {
			return false
		}
		if how := fit(r.fit); r.box.w > 0 && r.box.h > 0 && (how == cover || how == contain) {
			return false
		}
	}
	return true
}

// decode adds what the decoder takes.
func (d *draft) decode(of Shape, stored size) {
	about := decodingOf(of.Format)
	full, out := float64(max(1, of.Width))*float64(max(1, of.Height)), float64(stored.w)*float64(stored.h)
	d.decoder = about.bytes * out
	if about.wide {
		d.decoder *= float64(d.width)
	}
	switch {
	case of.Format == media.SVG:
		// Drawn in tiles of 2000 pixels, of which two rows are kept.
		d.decoder = 4 * float64(stored.w) * float64(min(stored.h, 4000))
	case of.Format == media.JPEG && of.Progressive:
		d.decoder = ofCoefficients(of, d.bands) * full // however small it is decoded
	case of.Format == media.PNG && of.Progressive:
		d.decoder = d.pixel() * full
	}
	d.row = float64(stored.w) * d.pixel()
	d.strips(decodedRows)
	d.ns += about.ns * out
	if of.Format == media.JPEG {
		d.ns += full // however small: entropy decoding
	}
}

// wholePNG reports whether package vips decodes the picture at once, of which part is
// kept: a PNG of a usual kind that is not large. A palette and a transparent color
// are numbers that are not stored.
func (of Shape) wholePNG(part image.Rectangle) bool {
	bands := cmp.Or(of.Bands, 3)
	usual := of.Format == media.PNG && !of.Progressive && of.Depth <= 8 && (of.Samples == 0 || of.Samples == float64(bands))
	return usual && vips.WholePNG(of.Width, of.Height, bands) && vips.NeedsWholePNG(part, of.Height)
}

// decodePNG adds what it takes to decode a PNG at once. The file's chunks are joined
// for that, and have 0.7 of the bytes of the pixels, more or less, if these are a
// photograph.
func (d *draft) decodePNG(of Shape) {
	pixels := float64(of.Width) * float64(of.Height)
	d.decoder = pixels * d.pixel()
	d.most(0.7 * d.decoder)
	d.ns += 8 * pixels
}

// decodePart adds what it takes to decode a part of a JPEG, which is kept, while
// the rest is skipped.
func (d *draft) decodePart(of Shape, part image.Rectangle) {
	full, kept := float64(of.Width)*float64(of.Height), float64(part.Dx())*float64(part.Dy())
	if of.Progressive {
		d.decoder = ofCoefficients(of, d.bands) * full
	}
	d.keep(kept * d.pixel())
	d.ns += full + decodingOf(media.JPEG).ns*kept
}

// coefficients returns how many bytes of them a JPEG has a pixel: 2 for each, with
// colors at half the width and height, as most have them.
func coefficients(bands int) float64 {
	if bands < 3 {
		return 2
	}
	return 3
}

// ofCoefficients returns how many bytes of them a JPEG of that shape has a pixel.
func ofCoefficients(of Shape, bands int) float64 {
	if of.Samples > 0 {
		return 2 * of.Samples
	}
	return coefficients(bands)
}

// pixel returns the bytes of one.
func (d *draft) pixel() float64 { return float64(d.bands * d.width) }

// area returns the pixels of all frames.
func (d *draft) area() float64 {
	return float64(d.size.w) * float64(d.size.h) * float64(d.frames)
}

// strips adds rows of the picture on their way, in each frame.
func (d *draft) strips(n float64) {
	one := min(n, float64(d.size.h)) * float64(d.size.w) * d.pixel()
	if !d.roll {
		one *= float64(d.frames)
	}
	d.rows += one
	d.most(0)
}

// most notes a moment at which there are so many bytes more.
func (d *draft) most(more float64) {
	all := d.decoder + d.rows + d.held + more
	if all <= d.peak {
		return
	}
	d.peak = all
	if d.makes == media.None {
		d.work = peak{bytesOf(all), d.step, d.size}
	}
}

// bytesOf is a number of bytes, of which an estimate has any.
func bytesOf(n float64) int64 { return floor + integer(n) }

// integer is what was counted as a float, or as much as an integer can hold of it.
func integer(n float64) int64 {
	const most = 1 << 60
	return int64(min(n, most))
}

// spend adds time, in nanoseconds a pixel.
func (d *draft) spend(ns float64) { d.ns += ns * d.area() }

func (d *draft) apply(p Plan) {
	for i, step := range p.steps {
		if i < len(p.texts) { // a plan of ours has none
			d.step, _, _ = strings.Cut(p.texts[i], "(")
		}
		if w, ok := step.(weigher); ok {
			w.weigh(d)
		} else {
			// The most that an operation may do that keeps the size.
			d.settle()
			d.spend(30)
			d.vague = true
		}
		d.widest = max(d.widest, d.area())
	}
}

// settle computes the picture, once.
func (d *draft) settle() {
	if d.settled {
		return
	}
	all := d.area() * d.pixel()
	d.most(all)
	d.held += all
	d.decoder, d.rows, d.settled = 0, 0, true
}

// keep holds so many bytes until the end.
func (d *draft) keep(bytes float64) {
	d.held += bytes
	d.most(0)
}

// upright does what is left of the turn.
func (d *draft) upright() {
	if d.turn.quarters != 0 {
		d.settle()
	}
	d.turn = turn{}
}

// scale is Canvas.Scale.
func (d *draft) scale(h, v float64) {
	if h != 1 || v != 1 {
		rows := d.shrinking(v)
		if d.alpha {
			rows *= 2 // premultiplied, as floats on the way
		}
		d.strips(rows)
		d.spend(5)
		d.size = scaled(d.size, h, v)
		d.row *= v
		d.spend(5)
	}
	d.upright()
}

// shrinking returns the rows on their way while the picture becomes v times smaller.
func (d *draft) shrinking(v float64) float64 {
	if v >= averaged && d.width == 1 {
		return resizedRows + aheadRows
	}
	return resizedRows + shrunkRows*max(1, v)
}

// cut keeps a part of the picture that begins at row y. The decoder is not told:
// the rows above are decoded, in one piece, and thrown away.
func (d *draft) cut(y int, part size) {
	if !d.settled {
		d.rows += float64(min(y, d.size.h)) * d.row
		d.most(0)
	}
	d.size = size{min(part.w, d.size.w), min(part.h, d.size.h)}
}

// wideHistograms is what those take, in bytes, that libvips finds entropy with, however
// small the picture is: of 65,536 values where a channel has more than 8 bits, and
// where there is opacity, with which it multiplies the colors to floats.
const wideHistograms = 50 << 20

// keepPart is Canvas.keep.
func (d *draft) keepPart(box size, position string) {
	box = size{min(box.w, d.size.w), min(box.h, d.size.h)}
	if box == d.size {
		return
	}
	if _, ok := positions()[position]; !ok {
		d.upright()
		d.settle()
		d.spend(10)
		if position == entropy && (d.alpha || d.width > 1) {
			d.most(wideHistograms)
			d.ns += 60e6
		}
	}
	d.cut((d.size.h-box.h)/2, box)
}

// ink is mix: a color that is not opaque makes the picture so.
func (d *draft) ink(opacity uint8) {
	if opacity != 255 {
		d.addAlpha()
	}
}

func (d *draft) addAlpha() {
	if !d.alpha {
		d.alpha, d.bands = true, d.bands+1
	}
}

// opaque is Image.opaque: color and alpha are worked on apart.
func (d *draft) opaque() {
	d.upright()
	if d.alpha {
		d.settle()
	}
}

// cover is Image.Composite with something of so many pixels, which is settled.
func (d *draft) cover(pixels float64) {
	d.upright()
	d.keep(4 * pixels)
	d.bands = max(3, d.bands)
	d.addAlpha()
	d.strips(4 * workedRows) // as floats
	d.spend(40)
}

// stencil is stencil with a mask of the picture's size, which is drawn in tiles and
// then settled.
func (d *draft) stencil() {
	one := float64(d.size.w) * float64(d.size.h)
	d.most(8 * one)
	d.cover(one)
}

func (d *draft) need() Need {
	const start = 2 * time.Millisecond // of a picture of one pixel
	return Need{
		Bytes: bytesOf(d.peak), Decode: bytesOf(d.opened), Time: start + time.Duration(integer(d.ns)),
		Pixels: integer(d.widest), work: d.work,
	}
}
