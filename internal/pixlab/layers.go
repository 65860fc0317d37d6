package pixlab

import (
	"fmt"
	"strings"

	"pixedge/internal/op"
)

// merge lays pictures over one.
type merge struct {
	cord []overlay
}

// An overlay is a picture and where it lies.
type overlay struct {
	Img     string `json:"img"`
	X       whole  `json:"x"`
	Y       whole  `json:"y"`
	Center  truth  `json:"center"`
	CenterY truth  `json:"center_y"`
}

func (m *merge) params(p *params) {
	objects(p, &m.cord, "cord", "The pictures to lay over it, in order: what they are, and how far from the upper left corner they lie.", "img", "x", "y", "center", "center_y")
}

// maxOverlays is how many pictures can be laid over one: each is an operation.
const maxOverlays = maxCalls - 1

// maxOffset is how far, in pixels, they may lie from its corner.
const maxOffset = 10000

func (m *merge) write(o *order) error {
	if len(m.cord) > maxOverlays {
		return o.errorf("cord: has %d pictures; at most %d are laid over one", len(m.cord), maxOverlays)
	}
	o.asStored()
	for _, c := range m.cord {
		if strings.TrimSpace(c.Img) == "" {
			return o.errorf("cord: img is missing")
		}
		if max(c.X, -c.X, c.Y, -c.Y) > maxOffset {
			return o.errorf("cord: x and y must be in %d..%d", -maxOffset, maxOffset)
		}
		args := []any{"i", o.other(c.Img), "g", "custom", "l", c.X, "t", c.Y}
		if c.Center {
			args = append(args, "cx", true)
		}
		if c.CenterY {
			args = append(args, "cy", true)
		}
		o.add("t.merge", args...)
	}
	return nil
}

// A region is a rectangle of a list. That of a face has other names.
type region struct {
	X      *whole `json:"x"`
	Y      *whole `json:"y"`
	Left   whole  `json:"left"`
	Top    whole  `json:"top"`
	Width  whole  `json:"width"`
	Height whole  `json:"height"`
	Color  string `json:"color"`
}

// text writes the region as URLs have it, cut where it sticks out to the left or
// above. ok is false if nothing is left.
func (r region) text(o *order) (text string, ok bool, err error) {
	if r.Width <= 0 || r.Height <= 0 {
		return "", false, o.errorf("cord: width and height must be 1 at least")
	}
	x, y := r.Left, r.Top
	if r.X != nil {
		x = *r.X
	}
	if r.Y != nil {
		y = *r.Y
	}
	w, h := r.Width+min(0, x), r.Height+min(0, y)
	return fmt.Sprintf("%d_%d_%d_%d", max(0, y), max(0, x), h, w), w > 0 && h > 0, nil
}

// most is how many items a list of an operation may have.
const most = 64

// mogrify blurs regions.
type mogrify struct {
	blur

	cord []region
}

func (m *mogrify) params(p *params) {
	objects(p, &m.cord, "cord", "The rectangles. Those of facedetect are right as they are.", "x", "y", "left", "top", "width", "height")
	p.Float(&m.radius, "radius", 30, 0, 1000, "How far, in pixels, a point spreads at most.")
	p.Alias("rad")
	p.Float(&m.sigma, "sigma", 0, 0, 1000, "Standard deviation in pixels; without it, the radius. More than 30 is 30.")
	p.Alias("sig")
}

func (m *mogrify) write(o *order) error {
	const mostSigma = 30
	if m.sigma == 0 {
		m.sigma = m.radius
	}
	s, ok := spread(m.radius, min(m.sigma, mostSigma))
	if !ok {
		return o.errorf("radius and sigma are too small")
	}
	var boxes []string
	for _, r := range m.cord {
		text, inside, err := r.text(o)
		if err == nil && !inside {
			err = o.errorf("cord: a rectangle is outside of the picture")
		}
		if err != nil {
			return err
		}
		boxes = append(boxes, text)
	}
	o.asStored()
	for len(boxes) > 0 {
		n := min(most, len(boxes))
		o.add("t.blurRegions", "bboxes", nested(boxes[:n]), "s", s)
		boxes = boxes[n:]
	}
	return nil
}

// pen is what lines are drawn with.
type pen struct {
	color   op.Color
	width   float64
	opacity float64
}

func (n *pen) params(p *params, width float64) {
	p.Color(&n.color, "color", white(), "Color of the strokes.")
	p.Float(&n.width, "strokewidth", width, 0, 1000, "Width of the strokes in pixels.")
	p.Float(&n.opacity, "strokeopacity", 0.9, 0, 1, "Opacity of the strokes.")
}

// draw adds an operation for the items of each color, which may have their own.
func (n *pen) draw(o *order, name, list string, items, colors []string, args ...any) {
	for len(items) > 0 {
		same := 1
		for same < min(most, len(items)) && colors[same] == colors[0] {
			same++
		}
		stroke := n.color.String()
		if own := strings.TrimSpace(colors[0]); own != "" {
			stroke = color(own)
		}
		o.add(name, append([]any{list, nested(items[:same]), "c", stroke, "w", n.width, "o", n.opacity}, args...)...)
		items, colors = items[same:], colors[same:]
	}
}

// line goes straight from one place to another.
type line struct {
	StartX whole  `json:"startx"`
	StartY whole  `json:"starty"`
	EndX   whole  `json:"endx"`
	EndY   whole  `json:"endy"`
	Color  string `json:"color"`
}

func (l line) text() string { return fmt.Sprintf("%d_%d_%d_%d", l.StartX, l.StartY, l.EndX, l.EndY) }

// drawLines draws lines.
type drawLines struct {
	pen

	lines []line
}

func (d *drawLines) params(p *params) {
	objects(p, &d.lines, "lines", "The lines, in pixels from the upper left corner.", "startx", "starty", "endx", "endy", "color")
	d.pen.params(p, 2)
}

func (d *drawLines) write(o *order) error {
	items, colors := make([]string, len(d.lines)), make([]string, len(d.lines))
	for i, l := range d.lines {
		if min(l.StartX, l.StartY, l.EndX, l.EndY) < 0 {
			return o.errorf("lines: startx, starty, endx and endy must be in 0..%d", maxPlace)
		}
		items[i], colors[i] = l.text(), l.Color
	}
	o.asStored()
	d.draw(o, "t.drawLines", "l", items, colors)
	return nil
}

// drawLine draws one.
type drawLine struct {
	pen

	startX, startY, endX, endY int
}

func (d *drawLine) params(p *params) {
	p.Int(&d.startX, "startx", 0, 0, maxPlace, "Column that the line begins at.")
	p.Int(&d.startY, "starty", 0, 0, maxPlace, "Row that it begins at.")
	p.Int(&d.endX, "endx", 0, 0, maxPlace, "Column that it ends at.")
	p.Int(&d.endY, "endy", 0, 0, maxPlace, "Row that it ends at.")
	p.need("startx", "starty", "endx", "endy")
	d.pen.params(p, 2)
}

func (d *drawLine) write(o *order) error {
	all := drawLines{d.pen, []line{{StartX: whole(d.startX), StartY: whole(d.startY), EndX: whole(d.endX), EndY: whole(d.endY)}}}
	return all.write(o)
}

// drawRectangles draws rectangles.
type drawRectangles struct {
	pen

	fill op.Color
	cord []region
}

func (d *drawRectangles) params(p *params) {
	objects(p, &d.cord, "cord", "The rectangles.", "x", "y", "width", "height", "color")
	d.look(p)
}

func (d *drawRectangles) look(p *params) {
	d.pen.params(p, 1.2)
	p.Color(&d.fill, "fillcolor", op.Color{}, "Color inside.")
}

func (d *drawRectangles) write(o *order) error {
	var items, colors []string
	for _, r := range d.cord {
		text, inside, err := r.text(o)
		if err != nil {
			return err
		}
		if inside { // as those outside to the right and below, the others draw nothing
			items, colors = append(items, text), append(colors, r.Color)
		}
	}
	o.asStored()
	d.draw(o, "t.drawRectangles", "bboxes", items, colors, "f", d.fill)
	return nil
}

// drawRectangle draws one.
type drawRectangle struct {
	drawRectangles
	box

	x, y int
}

func (d *drawRectangle) params(p *params) {
	p.Int(&d.x, "x", 0, -maxPlace, maxPlace, "Left edge in pixels.")
	p.Int(&d.y, "y", 0, -maxPlace, maxPlace, "Upper edge in pixels.")
	d.box.params(p, "of the rectangle", maxPlace)
	d.look(p)
}

func (d *drawRectangle) write(o *order) error {
	if err := d.settle(o); err != nil {
		return err
	}
	d.cord = []region{{Left: whole(d.x), Top: whole(d.y), Width: whole(d.w), Height: whole(d.h)}}
	return d.drawRectangles.write(o)
}

func layers() []endpoint {
	over := func(name, doc string) endpoint {
		e := makes(name, doc, postOnly, merge{})
		e.picture = []string{"src", "img"}
		return e
	}
	return []endpoint{
		over("merge", "Lay pictures over one."),
		over("composite", "The same as merge."),
		makes("mogrify", "Blur rectangles of a picture.", postOnly, mogrify{}),
		makes("drawline", "Draw a line.", both, drawLine{}),
		makes("drawlines", "Draw lines.", postOnly, drawLines{}),
		makes("drawrectangle", "Draw a rectangle.", both, drawRectangle{}),
		makes("drawrectangles", "Draw rectangles.", postOnly, drawRectangles{}),
		makes("drawtext", "Write at the top, in the middle and at the bottom.", both, drawText{}),
		makes("meme", "The same as drawtext.", both, drawText{}),
		makes("drawtextat", "Write at a place.", both, drawTextAt{}),
	}
}
