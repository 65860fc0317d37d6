package transform

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// A canvas can be frozen between two jobs: its pixels and what is still to be done
// to them, as a picture in the format media.Pixels. What the plan of one job has
// computed, plans of others go on from. See package rendition.

// shrunk says that a canvas shows an original as decoded some times smaller.
type shrunk struct {
	by   int  // 0: it is a picture in its own right
	from size // of the original, as it is stored
}

// sizes are those of the canvas, and of the original as decoded twice as small each time,
// down to 8 times or to a side of one pixel.
func (s shrunk) sizes() (list []size) {
	for n := s.by; n <= 8 && n <= min(s.from.w, s.from.h); n *= 2 {
		list = append(list, size{s.from.w / n, s.from.h / n})
	}
	return list
}

// frozen is the head of a picture in the format media.Pixels: eight numbers of 32
// bits and two of 64, the lowest byte first. The pixels follow, of 8 bits a channel, in
// sRGB or grey; those of an original in all the sizes that it is decoded in.
type frozen struct {
	size   size
	bands  int
	turn   turn
	shrunk shrunk

	subsampled bool // as on a canvas

	x, y float64 // pixels a millimeter, for printers
}

const frozenHead = 8*4 + 2*8

// The flags of a head.
const (
	flopped = 1 << iota // the turn begins with a mirroring
	subsampled
	flagsEnd
)

// maxFrozen is the longest side a head may speak of.
const maxFrozen = 1 << 20

// errNotFrozen is for what no renderer makes.
var errNotFrozen = errors.New("transform: these are not the pixels of a picture")

func readFrozen(data []byte) (f frozen, pixels []byte, err error) {
	if len(data) < frozenHead {
		return f, nil, errNotFrozen
	}
	var n [8]int
	for i := range n {
		n[i] = int(binary.LittleEndian.Uint32(data[4*i:]))
	}
	number := func(at int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(data[at:])) }
	f = frozen{
		size: size{n[0], n[1]}, bands: n[2], turn: turn{n[3]&flopped != 0, n[4]}, subsampled: n[3]&subsampled != 0,
		shrunk: shrunk{n[5], size{n[6], n[7]}}, x: number(32), y: number(40),
	}
	pixels = data[frozenHead:]
	sound := max(f.size.w, f.size.h, f.shrunk.from.w, f.shrunk.from.h) <= maxFrozen && min(f.size.w, f.size.h) > 0 &&
		f.bands >= 1 && f.bands <= 4 && n[3] < flagsEnd && f.turn.quarters <= 3 &&
		f.x >= 0 && f.x <= maxFrozen && f.y >= 0 && f.y <= maxFrozen
	if by := f.shrunk.by; by != 0 {
		sound = sound && (by == 2 || by == 4 || by == 8) && f.size == size{f.shrunk.from.w / by, f.shrunk.from.h / by}
	}
	if !sound || len(pixels) != f.bytes() {
		return f, nil, errNotFrozen
	}
	return f, pixels, nil
}

// sizes are those of the pixels that follow.
func (f frozen) sizes() []size {
	if f.shrunk.by == 0 {
		return []size{f.size}
	}
	return f.shrunk.sizes()
}

// bytes is how many follow.
func (f frozen) bytes() (n int) {
	for _, s := range f.sizes() {
		n += s.w * s.h * f.bands
	}
	return n
}

// level returns the pixels of that size.
func (f frozen) level(pixels []byte, at size) ([]byte, error) {
	for _, s := range f.sizes() {
		n := s.w * s.h * f.bands
		if s == at {
			return pixels[:n], nil
		}
		pixels = pixels[n:]
	}
	return nil, errNotFrozen
}

func (f frozen) append(head []byte) []byte {
	flags := 0
	if f.turn.flop {
		flags |= flopped
	}
	if f.subsampled {
		flags |= subsampled
	}
	for _, n := range []int{f.size.w, f.size.h, f.bands, flags, f.turn.quarters, f.shrunk.by, f.shrunk.from.w, f.shrunk.from.h} {
		head = binary.LittleEndian.AppendUint32(head, uint32(n)) //nolint:gosec // sides of pictures
	}
	for _, x := range []float64{f.x, f.y} {
		head = binary.LittleEndian.AppendUint64(head, math.Float64bits(x))
	}
	return head
}

// freeze computes the picture, its first frame if it moves. A turn that is still to
// be done stays to be done.
func (c *Canvas) freeze(ctx context.Context, place vips.Place) (data []byte, err error) {
	img := c.frames[0]
	if img.Wide() || img.Bands() > 4 {
		return nil, fault.Errorf(fault.Unsupported, "these pixels cannot be passed on")
	}
	f := frozen{size: imageSize(img), bands: img.Bands(), turn: c.turn, shrunk: c.shrunk, subsampled: c.subsampled}
	f.x, f.y = img.Resolution()
	if place == nil {
		place = func(n int) ([]byte, error) { return make([]byte, n), nil }
	}
	if data, err = place(frozenHead + f.bytes()); err != nil {
		return nil, err
	}
	rest := data[len(f.append(data[:0])):]
	for _, level := range append([]*vips.Image{img}, c.levels...) {
		w, h := level.Size()
		n := w * h * f.bands
		if err = level.Into(ctx, rest[:n]); err != nil {
			break
		}
		rest = rest[n:]
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, damaged(err)
	}
	return data, nil
}

// thaw makes the canvas that was frozen. One of an original that was decoded smaller
// becomes as small as the plan would have had it decoded, of the same pixels.
func (r *Renderer) thaw(data []byte, plan Plan, most Limits) (*Canvas, error) {
	f, pixels, err := readFrozen(data)
	if err != nil {
		return nil, err
	}
	at := f.size
	if full := f.shrunk.from; f.shrunk.by != 0 {
		to := max(f.shrunk.by, int(vips.LoadJPEG.Reduction(plan.shrink(vips.LoadJPEG, f.turn.of(full)))))
		at = size{full.w / to, full.h / to}
	}
	if pixels, err = f.level(pixels, at); err != nil {
		return nil, err
	}
	img, err := vips.FromPixels(pixels, at.w, at.h, f.bands)
	if err != nil {
		return nil, damaged(err)
	}
	if err = img.SetResolution(f.x, f.y); err != nil {
		img.Close()
		return nil, damaged(err)
	}
	c, err := newCanvas(img, f.turn, int(most.MaxPixels), &r.finder)
	if err != nil {
		return nil, err
	}
	c.subsampled = f.subsampled
	return c, nil
}

// Reduced is the plan that decodes a JPEG so many times smaller, 2, 4 or 8, and all
// that is smaller than that, and leaves it at that: a picture in the format media.Pixels,
// that plans which could do with one of these go on from.
func Reduced(by int) Plan {
	return Plan{least: by, output: Output{Format: media.Pixels}}
}

// Frozen is the plan with the same steps whose result are the pixels, in the format
// media.Pixels; and the one that makes the result of them. original is the format of
// the original.
func (p Plan) Frozen(original media.Format) (steps, rest Plan) {
	rest = Plan{output: p.output}
	if rest.output.Format == media.None {
		rest.output.Format = natural(original)
	}
	p.output = Output{Format: media.Pixels}
	return p, rest
}

// Reduces reports whether the plan may be one that Freezes, whatever the picture.
func (p Plan) Reduces() bool {
	o := p.output
	return len(p.steps) > 0 && len(p.Files()) == 0 && !o.Copyright && !o.Profile && o.Density == 0 && o.Orientation == upright
}

// Freezes reports whether the plan's result is the same when it is made by way of
// Frozen, for an original of the given shape, and whether that may be of use to
// others: it makes a picture smaller that does not move, of its pixels alone.
func (p Plan) Freezes(of Shape) bool {
	if !p.Reduces() || of.Depth > 8 || of.Frames > 1 || of.Format == media.SVG {
		return false
	}
	return p.reduction(of.upright(), false) > 1
}

// Shrink says how many times smaller than it is a picture of the given shape is
// decoded for the plan: 2, 4 or 8 for a JPEG, and otherwise 1.
func (p Plan) Shrink(of Shape) int {
	l := loaderOf(of.Format)
	if !l.Halves() {
		return 1
	}
	return int(l.Reduction(p.shrink(l, of.upright())))
}

// FrozenShape is that of the pixels which the plan makes of a picture of the given
// shape, by estimate.
func (p Plan) FrozenShape(of Shape) Shape {
	d := newDraft(p, of, false)
	d.apply(p)
	return Shape{
		Format: media.Pixels, Width: d.size.w, Height: d.size.h, Bands: d.bands, Alpha: d.alpha,
		Subsampled: of.Subsampled && p.keepsColors(),
	}
}

// FrozenBytes is how many bytes they have.
func (p Plan) FrozenBytes(of Shape) int64 {
	to := p.FrozenShape(of)
	if p.least > 0 {
		return frozenHead + int64(p.levels(of, to.Bands).bytes())
	}
	return frozenHead + int64(to.Width)*int64(to.Height)*int64(to.Bands)
}

// levels is what a plan that is Reduced leaves of a picture of the given shape.
func (p Plan) levels(of Shape, bands int) frozen {
	return frozen{bands: bands, shrunk: shrunk{p.least, size{of.Width, of.Height}}}
}

// lower returns the bytes of all levels but the first, which is the picture itself; 0 for
// a plan that is not Reduced.
func (p Plan) lower(of Shape, bands int) (n float64) {
	if p.least == 0 {
		return 0
	}
	for i, s := range p.levels(of, bands).sizes() {
		if i > 0 {
			n += float64(s.w) * float64(s.h) * float64(bands)
		}
	}
	return n
}

// upright returns the size of a picture of the shape, as it is to be seen.
func (of Shape) upright() size {
	return orientation(of.Orientation).of(size{max(1, of.Width), max(1, of.Height)})
}
