package transform

import (
	"fmt"
	"image"
	"math"
	"strings"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// A pen is what lines and rectangles are drawn with.
type pen struct {
	color   op.Color
	width   float64
	opacity float64
}

func (n *pen) params(p *op.ParamSet, width float64) {
	p.Color(&n.color, "c", op.Color{R: 255, G: 255, B: 255, A: 255}, "Color of the strokes.")
	p.Float(&n.width, "w", width, 0, 1000, "Width of the strokes in pixels.")
	p.Float(&n.opacity, "o", 0.9, 0, 1, "Opacity of the strokes, multiplied with the color's.")
}

// stroke is the pen as attributes of SVG.
func (n *pen) stroke() string {
	return fmt.Sprintf(`stroke="%s" stroke-opacity="%g" stroke-width="%g"`, paint(n.color), float64(n.color.A)/255*n.opacity, n.width)
}

// paint is a color in SVG, without its opacity.
func paint(c op.Color) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// around returns what of the picture strokes touch that go around or through a
// rectangle.
func (n *pen) around(r image.Rectangle, picture size) image.Rectangle {
	// Strokes reach half their width to each side; one pixel more is softened.
	reach := int(math.Ceil(n.width/2)) + 1
	r.Max = r.Max.Add(image.Pt(1, 1))
	return r.Inset(-reach).Intersect(image.Rect(0, 0, picture.w, picture.h))
}

// drawOn lays elements of SVG on the part of the picture that they touch.
func drawOn(c *Canvas, part image.Rectangle, elements string) error {
	if part.Empty() {
		return nil
	}
	drawing, err := vips.Drawing(fmt.Sprintf(
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="%d %d %d %d">%s</svg>`,
		part.Dx(), part.Dy(), part.Min.X, part.Min.Y, part.Dx(), part.Dy(), elements))
	if err != nil {
		return damaged(err)
	}
	defer drawing.Close()
	return c.do(func(img *vips.Image) error { return img.Composite(drawing, "over", part.Min.X, part.Min.Y) })
}

// drawn is drawOn for a draft: what is drawn in tiles is then settled.
func (d *draft) drawn(part image.Rectangle) {
	if part.Empty() {
		return
	}
	pixels := float64(part.Dx()) * float64(part.Dy())
	d.most(8 * pixels)
	d.cover(pixels)
}

// drawLines draws straight lines.
type drawLines struct {
	pen

	lines []op.Line
}

func (l *drawLines) Params(p *op.ParamSet) {
	p.Lines(&l.lines, "l", "The lines, each as x_y_x_y: where it begins and where it ends.")
	l.params(p, 2)
}

func (l *drawLines) nest(func(string) (Plan, error)) error {
	if len(l.lines) == 0 {
		return invalid("t.drawLines: l: want at least one line")
	}
	return nil
}

func (l *drawLines) touches(picture size) image.Rectangle {
	var all image.Rectangle
	for _, line := range l.lines {
		all = all.Union(l.around(bounds([]op.Point{line.From, line.To}), picture))
	}
	return all
}

func (l *drawLines) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	var b strings.Builder
	for _, line := range l.lines {
		fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>`, line.From.X, line.From.Y, line.To.X, line.To.Y, l.stroke())
	}
	return drawOn(c, l.touches(c.size), b.String())
}

func (l *drawLines) weigh(d *draft) {
	d.upright()
	d.drawn(l.touches(d.size))
}

// drawRectangles draws rectangles.
type drawRectangles struct {
	pen

	boxes []op.Box
	fill  op.Color
}

func (r *drawRectangles) Params(p *op.ParamSet) {
	p.Boxes(&r.boxes, "bboxes", "The rectangles. Strokes lie on their edges, half inside and half outside.")
	r.params(p, 1.2)
	p.Color(&r.fill, "f", op.Color{}, "Color inside.")
}

func (r *drawRectangles) nest(func(string) (Plan, error)) error {
	if len(r.boxes) == 0 {
		return invalid("t.drawRectangles: bboxes: want at least one rectangle")
	}
	return nil
}

func (r *drawRectangles) touches(picture size) image.Rectangle {
	var all image.Rectangle
	for _, box := range r.boxes {
		all = all.Union(r.around(rectangle(box), picture))
	}
	return all
}

func (r *drawRectangles) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	var b strings.Builder
	for _, box := range r.boxes {
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" fill-opacity="%g" %s/>`,
			box.Left, box.Top, box.Width, box.Height, paint(r.fill), float64(r.fill.A)/255, r.stroke())
	}
	return drawOn(c, r.touches(c.size), b.String())
}

func (r *drawRectangles) weigh(d *draft) {
	d.upright()
	d.drawn(r.touches(d.size))
}

func drawing() []Spec {
	return []Spec{
		spec[drawLines]("t.drawLines", "Draw lines. An extension.", "t.drawLines(l:[[20_20_220_140]_[20_140_220_20]],c:ff8800,w:6)"),
		spec[drawRectangles]("t.drawRectangles", "Draw rectangles. An extension.", "t.drawRectangles(bboxes:[[20_20_60_80]_[80_130_60_90]],c:ff8800,f:00408080,w:4)"),
	}
}
