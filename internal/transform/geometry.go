package transform

import (
	"cmp"
	"image"
	"math"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxPlace is the farthest a place in a picture may be from its corner, in
// pixels. Originals may be larger than what we make.
const maxPlace = 1_000_000

// crop keeps a rectangle, as far as it is inside the picture.
type crop struct {
	x, y, w, h int
	position   string
}

func (r *crop) Params(p *op.ParamSet) {
	p.Int(&r.x, "x", 0, 0, maxPlace, "Left edge of the rectangle, in pixels.")
	p.Int(&r.y, "y", 0, 0, maxPlace, "Top edge of the rectangle, in pixels.")
	p.Int(&r.w, "w", 0, 0, maxPlace, "Width of the rectangle in pixels; 0 reaches to the right edge of the picture.")
	p.Int(&r.h, "h", 0, 0, maxPlace, "Height of the rectangle in pixels; 0 reaches to the bottom edge of the picture.")
	declarePosition(p, &r.position, "", "Where the rectangle lies, instead of x and y: a place, attention, entropy, face, or fp_x_y, a point in percent of the picture.")
}

// pass holds for a rectangle that leaves nothing out.
func (r *crop) pass(from size) (to size, ok bool) {
	all := (r.w == 0 || r.w >= from.w) && (r.h == 0 || r.h >= from.h)
	return from, all && r.x == 0 && r.y == 0 && r.position == ""
}

// part returns the rectangle, as far as it is inside the picture.
func (r *crop) part(from size) (part image.Rectangle, ok bool) {
	bounds := image.Rect(0, 0, from.w, from.h)
	part = image.Rect(r.x, r.y, r.x+r.w, r.y+r.h)
	if r.w == 0 {
		part.Max.X = max(r.x, bounds.Max.X)
	}
	if r.h == 0 {
		part.Max.Y = max(r.y, bounds.Max.Y)
	}
	part = part.Intersect(bounds)
	return part, r.position == "" && !part.Empty()
}

func (*crop) keepsColors() bool { return true }

func (r *crop) Apply(c *Canvas) error {
	if r.position != "" {
		return c.keep(size{cmp.Or(r.w, c.size.w), cmp.Or(r.h, c.size.h)}, r.position)
	}
	part, ok := r.part(c.size)
	if !ok {
		return invalid("t.crop: the rectangle at x:%d, y:%d is outside the picture of %dx%d pixels",
			r.x, r.y, c.size.w, c.size.h)
	}
	return c.Extract(part)
}

func (r *crop) weigh(d *draft) {
	part := size{cmp.Or(r.w, d.size.w), cmp.Or(r.h, d.size.h)}
	if r.position != "" {
		d.keepPart(part, r.position)
		return
	}
	d.upright()
	d.cut(r.y, size{min(part.w, max(1, d.size.w-r.x)), min(part.h, max(1, d.size.h-r.y))})
}

// extract keeps a rectangle that must be inside the picture, as sharp has it.
type extract struct {
	top, left, height, width int
	box                      op.Box
}

func (e *extract) Params(p *op.ParamSet) {
	p.Int(&e.top, "t", 10, 0, maxPlace, "Top edge of the rectangle, in pixels.")
	p.Int(&e.left, "l", 10, 0, maxPlace, "Left edge of the rectangle, in pixels.")
	p.Int(&e.height, "h", 50, 1, maxPlace, "Height of the rectangle in pixels.")
	p.Int(&e.width, "w", 20, 1, maxPlace, "Width of the rectangle in pixels.")
	p.Box(&e.box, "bbox", "The rectangle as top_left_height_width; replaces the other four.")
}

// part returns the rectangle, if it is inside the picture.
func (e *extract) part(from size) (part image.Rectangle, ok bool) {
	b := op.Box{Top: e.top, Left: e.left, Height: e.height, Width: e.width}
	if e.box != (op.Box{}) {
		b = e.box
	}
	part = image.Rect(b.Left, b.Top, b.Left+b.Width, b.Top+b.Height)
	return part, !part.Empty() && part.In(image.Rect(0, 0, from.w, from.h))
}

func (*extract) keepsColors() bool { return true }

func (e *extract) Apply(c *Canvas) error {
	part, ok := e.part(c.size)
	if !ok {
		return invalid("t.extract: %dx%d pixels at l:%d, t:%d are not inside the picture of %dx%d pixels",
			part.Dx(), part.Dy(), part.Min.X, part.Min.Y, c.size.w, c.size.h)
	}
	return c.Extract(part)
}

func (e *extract) weigh(d *draft) {
	d.upright()
	if e.box != (op.Box{}) {
		d.cut(e.box.Top, size{e.box.Width, e.box.Height})
		return
	}
	d.cut(e.top, size{e.width, e.height})
}

// rotate turns the picture clockwise.
type rotate struct {
	angle      float64
	background op.Color
}

func (r *rotate) Params(p *op.ParamSet) {
	p.Float(&r.angle, "a", 0, -36000, 36000, "Degrees to turn clockwise. Multiples of 90 are exact. Parts of a degree are an extension.")
	p.Color(&r.background, "b", op.Black(), "Color of the corners.")
}

// pass holds for quarters of a circle.
func (r *rotate) pass(from size) (to size, ok bool) {
	quarters, ok := r.quarters()
	return turn{quarters: quarters}.of(from), ok
}

// quarters returns how many quarters of a circle the picture is turned, 0 to 3, if
// that is all.
func (r *rotate) quarters() (n int, ok bool) {
	return int(r.angle/90) & 3, math.Mod(r.angle, 90) == 0
}

func (r *rotate) keepsColors() bool { return math.Mod(r.angle, 90) == 0 }

func (r *rotate) Apply(c *Canvas) error {
	switch quarters, ok := r.quarters(); {
	case ok && quarters == 0:
		return nil
	case ok:
		return c.do(func(img *vips.Image) error { return img.Quarter(quarters) })
	}
	angle := math.Mod(math.Mod(r.angle, 360)+360, 360)
	return c.do(func(img *vips.Image) error {
		ink, err := mix(img, r.background)
		if err != nil {
			return err
		}
		return img.Rotate(angle, ink)
	})
}

func (r *rotate) weigh(d *draft) {
	d.upright()
	switch quarters, ok := r.quarters(); {
	case ok && quarters == 0:
	case ok:
		d.settle()
		d.size = turn{quarters: quarters}.of(d.size)
	default:
		d.settle()
		sin, cos := math.Sincos(r.angle * math.Pi / 180)
		sin, cos = math.Abs(sin), math.Abs(cos)
		w, h := float64(d.size.w), float64(d.size.h)
		d.size = size{max(1, round(w*cos+h*sin)), max(1, round(w*sin+h*cos))}
		d.ink(r.background.A)
		d.spend(15)
	}
}

type flip struct{}

func (flip) Params(*op.ParamSet) {}

func (flip) pass(from size) (to size, ok bool) { return from, true }

func (flip) keepsColors() bool { return true }

func (flip) Apply(c *Canvas) error { return c.do((*vips.Image).Flip) }

func (flip) weigh(d *draft) {
	d.upright()
	d.settle()
}

type flop struct{}

func (flop) Params(*op.ParamSet) {}

func (flop) pass(from size) (to size, ok bool) { return from, true }

func (flop) keepsColors() bool { return true }

func (flop) Apply(c *Canvas) error { return c.do((*vips.Image).Flop) }

func (flop) weigh(d *draft) { d.upright() }

// extend adds a border.
type extend struct {
	top, left, bottom, right int
	color                    op.Color
	border                   string
	dpr                      float64
}

// maxBorder is the widest border, in pixels, as PixelBin has it.
const maxBorder = 500

func (e *extend) Params(p *op.ParamSet) {
	p.Int(&e.top, "t", 10, 0, maxBorder, "Pixels to add above.")
	p.Int(&e.left, "l", 10, 0, maxBorder, "Pixels to add on the left.")
	p.Int(&e.bottom, "b", 10, 0, maxBorder, "Pixels to add below.")
	p.Int(&e.right, "r", 10, 0, maxBorder, "Pixels to add on the right.")
	p.Color(&e.color, "bc", op.Black(), "Color of a constant border.")
	p.Choice(&e.border, "bt", "constant", []string{"constant", "replicate", "reflect", "wrap"}, "What the border is: a color, the pixels of the edge, the picture mirrored, the picture again.")
	p.Float(&e.dpr, "dpr", 1, minDPR, maxDPR, "Device pixels a CSS pixel; multiplies the four widths.")
}

func (e *extend) hint(h Hints, ownDPR bool) { e.dpr = h.density(e.dpr, ownDPR) }

// pass holds for a border of no width.
func (e *extend) pass(from size) (to size, ok bool) {
	return from, max(e.top, e.left, e.bottom, e.right) == 0
}

func (e *extend) Apply(c *Canvas) error {
	scaled := func(side int) int { return int(math.Round(float64(side) * e.dpr)) }
	top, left, bottom, right := scaled(e.top), scaled(e.left), scaled(e.bottom), scaled(e.right)
	to := size{left + c.size.w + right, top + c.size.h + bottom}
	if err := c.allow(to); err != nil {
		return err
	}
	if e.border == "constant" {
		return c.Embed(left, top, to, e.color)
	}
	how := map[string]vips.Extend{"replicate": vips.Replicate, "reflect": vips.Reflect, "wrap": vips.Wrap}[e.border]
	return c.do(func(img *vips.Image) error { return img.Embed(left, top, to.w, to.h, how, nil) })
}

func (e *extend) weigh(d *draft) {
	d.upright()
	if e.border == "constant" {
		d.ink(e.color.A)
	} else {
		d.settle()
	}
	d.size.w += times(e.left+e.right, e.dpr)
	d.size.h += times(e.top+e.bottom, e.dpr)
}

// trim cuts away a border of one color.
type trim struct{ threshold int }

func (t *trim) Params(p *op.ParamSet) {
	p.Int(&t.threshold, "t", 10, 1, 500, "How far, in steps of 255, a pixel must be from the upper left one to count as picture.")
}

func (*trim) keepsColors() bool { return true }

func (t *trim) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	if min(c.size.w, c.size.h) < 3 {
		return nil // libvips looks at pixels with neighbours all around
	}
	var keep image.Rectangle
	if err := c.each(func(f *vips.Image) error {
		part, err := content(f, float64(t.threshold))
		keep = keep.Union(part)
		return err
	}); err != nil {
		return err
	}
	if keep.Empty() {
		return nil // nothing but border: there is nothing better to show
	}
	return c.Extract(keep)
}

// weigh takes the border to be nothing.
func (t *trim) weigh(d *draft) {
	d.upright()
	d.settle()
	d.spend(100)
	d.vague = true
}

// content returns the part of an image that differs from its upper left pixel,
// in color or in opacity.
func content(img *vips.Image, threshold float64) (image.Rectangle, error) {
	corner, err := img.At(0, 0)
	if err != nil {
		return image.Rectangle{}, err
	}
	part, err := img.Differing(threshold*depth(img), corner)
	return image.Rect(part[0], part[1], part[0]+part[2], part[1]+part[3]), err
}

func geometry() []Spec {
	return []Spec{
		spec[crop]("t.crop", "Keep a rectangle, cut to the picture. An extension: PixelBin has t.extract.", "t.crop(x:40,y:20,w:160,h:120)"),
		spec[extract]("t.extract", "Keep a rectangle that lies inside the picture.", "t.extract(t:20,l:40,h:120,w:160)"),
		spec[extend]("t.extend", "Add a border.", "t.extend(t:20,l:20,b:20,r:20,bc:ff8800)"),
		spec[trim]("t.trim", "Cut away a border of one color.", "t.trim(t:40)"),
		spec[rotate]("t.rotate", "Turn clockwise.", "t.rotate(a:30,b:ffffff)"),
		spec[flip]("t.flip", "Mirror top and bottom.", "t.flip()"),
		spec[flop]("t.flop", "Mirror left and right.", "t.flop()"),
	}
}
