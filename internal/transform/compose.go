package transform

import (
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// merge lays a second picture over the first, under it, or into parts of it.
type merge struct {
	mode       string
	file       string
	chain      string
	background op.Color
	box        size
	top, left  int
	gravity    string
	centerX    bool
	centerY    bool
	blend      string
	tile       bool
	boxes      []op.Box
	polygons   [][]op.Point

	plan Plan // what chain comes to
}

func (m *merge) Params(p *op.ParamSet) {
	p.Choice(&m.mode, "m", "overlay", []string{"overlay", "underlay", "wrap"}, "Whether the second picture lies over the first, under it, or in each of bboxes and polys.")
	p.File(&m.file, "i", "The second picture: base64 of its path in the same zone.")
	p.Text(&m.chain, "tr", "Operations on the second picture first: base64 of the same text as in a URL.")
	p.Color(&m.background, "bg", op.Color{}, "Color behind both.")
	p.Int(&m.box.h, "h", 0, 0, maxSide, "Height that the second picture is scaled to; 0 follows the width, or keeps it.")
	p.Int(&m.box.w, "w", 0, 0, maxSide, "Width that the second picture is scaled to; 0 follows the height, or keeps it.")
	p.Int(&m.top, "t", 0, -maxSide, maxSide, "Pixels from the top, with g:custom.")
	p.Int(&m.left, "l", 0, -maxSide, maxSide, "Pixels from the left, with g:custom.")
	p.Choice(&m.gravity, "g", "center", append(slices.Sorted(maps.Keys(gravities())), "custom"), "Where the second picture lies.")
	p.Bool(&m.centerX, "cx", false, "With g:custom: in the middle between left and right, whatever l says. An extension.")
	p.Bool(&m.centerY, "cy", false, "With g:custom: in the middle between top and bottom, whatever t says. An extension.")
	p.Choice(&m.blend, "b", "over", blends(), "How the colors of the upper picture mix with those below.")
	p.Bool(&m.tile, "r", false, "Repeat the second picture to fill the first.")
	p.Boxes(&m.boxes, "bboxes", "Rectangles that wrap fills.")
	p.Polygons(&m.polygons, "polys", "Polygons that wrap fills.")
}

func gravities() map[string]position {
	return map[string]position{
		"center": {}, "north": {0, -1}, "south": {0, 1}, "west": {-1, 0}, "east": {1, 0},
		"northwest": {-1, -1}, "southwest": {-1, 1}, "northeast": {1, -1}, "southeast": {1, 1},
	}
}

// blends are libvips' modes, by PixelBin's names. Both spellings of colour are.
func blends() []string {
	return []string{
		"over", "in", "out", "atop", "dest", "dest-over", "dest-in", "dest-out", "dest-atop", "xor", "add", "saturate",
		"multiply", "screen", "overlay", "darken", "lighten", "colour-dodge", "color-dodge", "colour-burn", "color-burn",
		"hard-light", "soft-light", "difference", "exclusion",
	}
}

func (m *merge) nest(compile func(string) (Plan, error)) (err error) {
	m.file = strings.TrimPrefix(m.file, "/")
	if m.file == "" {
		return invalid("t.merge: i: the second picture is missing")
	}
	if m.mode == "wrap" && len(m.boxes)+len(m.polygons) == 0 {
		return invalid("t.merge: bboxes: wrap needs rectangles or polygons")
	}
	if m.chain != "" {
		m.plan, err = compile(m.chain)
	}
	return err
}

func (m *merge) files() []string { return []string{m.file} }

func (m *merge) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	second, err := c.second(m.file, m.plan)
	if err != nil {
		return err
	}
	defer second.Close()
	switch m.mode {
	case "wrap":
		err = m.wrap(c, second)
	case "underlay":
		err = m.underlay(c, second)
	default:
		err = m.overlay(c, second)
	}
	if err != nil || m.background.A == 0 {
		return err
	}
	return m.lay(c)
}

// weigh takes the second picture to be held as it was decoded and as it is laid.
func (m *merge) weigh(d *draft) {
	d.upright()
	if d.other == nil {
		return
	}
	second := d.other(m.file, m.plan)
	second.apply(m.plan)
	second.settle()
	d.most(second.peak)
	d.keep(second.held)
	d.ns += second.ns
	laid := second.area()
	switch {
	case m.tile || m.mode != "overlay":
		laid = max(laid, d.area()/float64(d.frames))
	case m.box.w > 0 && m.box.h > 0:
		laid = float64(m.box.w) * float64(m.box.h)
	}
	d.cover(laid)
}

// prepare scales and repeats the second picture and says where it goes.
func (m *merge) prepare(c, second *Canvas) (x, y int, err error) {
	if m.box != (size{}) {
		h, v := shrinks(second.size, m.box, fill)
		if m.box.w == 0 || m.box.h == 0 {
			h, v = shrinks(second.size, m.box, inside)
		}
		if err := second.Scale(h, v, vips.Lanczos3); err != nil {
			return 0, 0, err
		}
	}
	if m.tile {
		return 0, 0, m.repeat(c, second)
	}
	x, y = layOdd(second.size, c.size, gravities()[m.gravity])
	if m.gravity == "custom" {
		if !m.centerX {
			x = m.left
		}
		if !m.centerY {
			y = m.top
		}
	}
	return x, y, nil
}

// repeat makes the second picture as large as the first, with whole tiles where
// gravity says.
func (m *merge) repeat(c, second *Canvas) error {
	at := gravities()[m.gravity] // the middle with g:custom
	across, down := ceil(c.size.w, second.size.w), ceil(c.size.h, second.size.h)
	if at.x == 0 {
		across |= 1 // a tile in the middle
	}
	if at.y == 0 {
		down |= 1
	}
	all := size{second.size.w * across, second.size.h * down}
	if all.w > 4*maxSide || all.h > 4*maxSide || across*down > 1_000_000 {
		return invalid("t.merge: r: the second picture of %dx%d pixels is too small to repeat", second.size.w, second.size.h)
	}
	part := cut(all, c.size, at)
	if m.gravity == "custom" {
		// As with sharp the offset says where in the tiles the first picture begins.
		from := image.Pt(min(max(0, m.left), all.w-c.size.w), min(max(0, m.top), all.h-c.size.h))
		part = part.Sub(part.Min).Add(from)
	}
	return second.do(func(img *vips.Image) error {
		if err := img.Tile(across, down); err != nil {
			return err
		}
		return img.Extract(part.Min.X, part.Min.Y, part.Dx(), part.Dy())
	})
}

func (m *merge) overlay(c, second *Canvas) error {
	x, y, err := m.prepare(c, second)
	if err != nil {
		return err
	}
	return c.do(func(img *vips.Image) error { return img.Composite(second.frames[0], mode(m.blend), x, y) })
}

// underlay lays the first picture on a clear field on which the second lies.
func (m *merge) underlay(c, second *Canvas) error {
	x, y, err := m.prepare(c, second)
	if err != nil {
		return err
	}
	return c.do(func(img *vips.Image) error {
		field, err := vips.Plain(c.size.w, c.size.h, []float64{0, 0, 0, 0})
		if err != nil {
			return err
		}
		defer field.Close()
		if err := field.Composite(second.frames[0], "over", x, y); err != nil {
			return err
		}
		if err := field.Composite(img, mode(m.blend), 0, 0); err != nil {
			return err
		}
		img.Become(field)
		return nil
	})
}

// wrap lays the second picture into each rectangle, and into the bounds of each
// polygon, cut to its shape.
func (m *merge) wrap(c, second *Canvas) error {
	for _, b := range m.boxes {
		r := image.Rect(b.Left, b.Top, b.Left+b.Width, b.Top+b.Height)
		if err := m.place(c, second, r, nil); err != nil {
			return err
		}
	}
	for _, p := range m.polygons {
		if err := m.place(c, second, bounds(p), p); err != nil {
			return err
		}
	}
	return nil
}

func (m *merge) place(c, second *Canvas, r image.Rectangle, shape []op.Point) error {
	if r.Empty() || !r.Overlaps(image.Rect(0, 0, c.size.w, c.size.h)) {
		return invalid("t.merge: bboxes: %d_%d_%d_%d is outside the picture of %dx%d pixels",
			r.Min.Y, r.Min.X, r.Dy(), r.Dx(), c.size.w, c.size.h)
	}
	if err := c.allow(size{r.Dx(), r.Dy()}); err != nil {
		return err
	}
	piece := second.frames[0].Copy()
	defer piece.Close()
	w, h := piece.Size()
	if err := piece.Resize(float64(r.Dx())/float64(w), float64(r.Dy())/float64(h), vips.Lanczos3); err != nil {
		return damaged(err)
	}
	if shape != nil {
		if err := stencil(piece, size{r.Dx(), r.Dy()}, polygon(shape, r.Min)); err != nil {
			return damaged(err)
		}
	}
	return c.do(func(img *vips.Image) error { return img.Composite(piece, mode(m.blend), r.Min.X, r.Min.Y) })
}

// lay puts the background under the result.
func (m *merge) lay(c *Canvas) error {
	return c.do(func(img *vips.Image) error {
		ink := []float64{float64(m.background.R), float64(m.background.G), float64(m.background.B), float64(m.background.A)}
		field, err := vips.Plain(c.size.w, c.size.h, ink)
		if err != nil {
			return err
		}
		defer field.Close()
		if err := field.Composite(img, "over", 0, 0); err != nil {
			return err
		}
		img.Become(field)
		return nil
	})
}

func mode(blend string) string { return strings.Replace(blend, "color-", "colour-", 1) }

func bounds(points []op.Point) image.Rectangle {
	r := image.Rectangle{Min: image.Pt(points[0].X, points[0].Y), Max: image.Pt(points[0].X, points[0].Y)}
	for _, p := range points[1:] {
		r.Min = image.Pt(min(r.Min.X, p.X), min(r.Min.Y, p.Y))
		r.Max = image.Pt(max(r.Max.X, p.X), max(r.Max.Y, p.Y))
	}
	return r
}

// A shape is an SVG element filled with white.
func polygon(points []op.Point, from image.Point) string {
	var b strings.Builder
	for _, p := range points {
		fmt.Fprintf(&b, "%d,%d ", p.X-from.X, p.Y-from.Y)
	}
	return `<polygon fill="#fff" points="` + b.String() + `"/>`
}

// stencil keeps of an image what is inside a shape drawn on a field of its size.
func stencil(img *vips.Image, s size, shape string) error {
	mask, err := vips.Drawing(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">%s</svg>`, s.w, s.h, shape))
	if err != nil {
		return err
	}
	defer mask.Close()
	return img.Composite(mask, "dest-in", 0, 0)
}

// roundCorners cuts off the corners.
type roundCorners struct{ radius int }

func (r *roundCorners) Params(p *op.ParamSet) {
	p.Int(&r.radius, "r", 20, 1, maxSide, "Radius of the corners in pixels; half of the shorter side at most.")
}

func (r *roundCorners) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	radius := min(r.radius, c.size.w/2, c.size.h/2)
	shape := fmt.Sprintf(`<rect fill="#fff" width="%d" height="%d" rx="%d"/>`, c.size.w, c.size.h, radius)
	return c.do(func(img *vips.Image) error { return stencil(img, c.size, shape) })
}

func (r *roundCorners) weigh(d *draft) { d.stencil() }

// circle cuts an ellipse that touches all sides.
type circle struct{}

func (circle) Params(*op.ParamSet) {}

func (circle) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	rx, ry := float64(c.size.w)/2, float64(c.size.h)/2
	shape := fmt.Sprintf(`<ellipse fill="#fff" cx="%g" cy="%g" rx="%g" ry="%g"/>`, rx, ry, rx, ry)
	return c.do(func(img *vips.Image) error { return stencil(img, c.size, shape) })
}

func (circle) weigh(d *draft) { d.stencil() }

func composing() []Spec {
	return []Spec{
		spec[merge]("t.merge", "Lay a second picture over the first, under it, or into parts of it.", "t.merge(i:Y2FyZC5wbmc,w:80,g:southeast)"),
		spec[roundCorners]("t.round", "Round the corners. An extension.", "t.round(r:30)"),
		spec[circle]("t.circle", "Cut a circle, or an ellipse that touches all sides. An extension.", "t.circle()"),
	}
}
