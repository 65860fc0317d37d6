package transform

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxText is the longest text in bytes: enough for a caption, and what Pango
// sets in a moment.
const maxText = 1000

// writing is what text and watermark have in common.
type writing struct {
	text    string
	font    string
	size    int
	color   op.Color
	opacity float64
	dpr     float64
}

func (w *writing) params(p *op.ParamSet, size int, color op.Color, opacity float64) {
	p.Text(&w.text, "t", "The text: base64 of UTF-8. Lines may be broken by a line feed.")
	p.Choice(&w.font, "f", "sans", fonts(), "Font, of the DejaVu family.")
	p.Int(&w.size, "s", size, 4, 1000, "Size of the letters in pixels.")
	p.Color(&w.color, "c", color, "Color of the letters.")
	p.Float(&w.opacity, "o", opacity, 0, 1, "Opacity of the letters, multiplied with the color's.")
	p.Float(&w.dpr, "dpr", 1, minDPR, maxDPR, "Device pixels a CSS pixel; multiplies the sizes.")
}

func (w *writing) hint(h Hints, ownDPR bool) { w.dpr = h.density(w.dpr, ownDPR) }

func (w *writing) check(operation string) error {
	if strings.TrimSpace(w.text) == "" || len(w.text) > maxText {
		return invalid("%s: t: want a text of 1 to %d bytes that is not blank", operation, maxText)
	}
	return nil
}

func fonts() []string {
	return []string{"sans", "serif", "mono", "sans-bold", "serif-bold", "mono-bold"}
}

// families are the fonts by their own names: those of the package that comes with
// the program, so that a text looks the same everywhere.
func families() map[string]string {
	return map[string]string{
		"sans": "DejaVu Sans", "serif": "DejaVu Serif", "mono": "DejaVu Sans Mono",
		"sans-bold": "DejaVu Sans bold", "serif-bold": "DejaVu Serif bold", "mono-bold": "DejaVu Sans Mono bold",
	}
}

// set draws the text, in lines of at most width pixels if that is not 0.
func (w *writing) set(width int) (*vips.Image, error) {
	size := max(1, times(w.size, w.dpr))
	ink := []float64{float64(w.color.R), float64(w.color.G), float64(w.color.B), float64(w.color.A) * w.opacity}
	return vips.Text(w.text, fmt.Sprintf("%s %d", families()[w.font], size), width, ink)
}

// text writes on the picture.
type text struct {
	writing

	position string
	margin   int
}

func (t *text) Params(p *op.ParamSet) {
	t.params(p, 24, op.Color{R: 255, G: 255, B: 255, A: 255}, 1)
	p.Choice(&t.position, "p", "bottom", slices.Sorted(maps.Keys(positions())), "Where the text lies.")
	p.Int(&t.margin, "m", 10, 0, maxSide, "Pixels to keep free between the text and the edges.")
}

func (t *text) nest(func(string) (Plan, error)) error { return t.check("t.text") }

func (t *text) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	margin := times(t.margin, t.dpr)
	room := size{c.size.w - 2*margin, c.size.h - 2*margin}
	if room.w < 1 || room.h < 1 {
		return invalid("t.text: m: a margin of %d leaves no room in a picture of %dx%d pixels", margin, c.size.w, c.size.h)
	}
	letters, err := t.set(room.w)
	if err != nil {
		return damaged(err)
	}
	defer letters.Close()
	x, y := lay(imageSize(letters), room, positions()[t.position])
	return c.do(func(img *vips.Image) error { return img.Composite(letters, "over", margin+x, margin+y) })
}

func (t *text) weigh(d *draft) {
	d.cover(min(float64(d.size.w)*float64(d.size.h), float64(len(t.text))*math.Pow(float64(t.size)*t.dpr, 2)))
}

// watermark writes all over the picture.
type watermark struct {
	writing

	angle int
	gap   int
}

func (m *watermark) Params(p *op.ParamSet) {
	m.params(p, 24, op.Color{R: 255, G: 255, B: 255, A: 255}, 0.35)
	p.Int(&m.angle, "a", -30, -180, 180, "Degrees that the text is turned clockwise.")
	p.Int(&m.gap, "g", 40, 0, 1000, "Pixels between one text and the next.")
}

func (m *watermark) nest(func(string) (Plan, error)) error { return m.check("t.watermark") }

func (m *watermark) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	letters, err := m.set(0)
	if err != nil {
		return damaged(err)
	}
	defer letters.Close()
	if m.angle != 0 {
		if err := letters.Rotate(float64(m.angle), []float64{0, 0, 0, 0}); err != nil {
			return damaged(err)
		}
	}
	one, gap := imageSize(letters), times(m.gap, m.dpr)
	tile := size{one.w + gap, one.h + gap}
	if err := c.allow(tile); err != nil {
		return err
	}
	across, down := ceil(c.size.w, tile.w), ceil(c.size.h, tile.h)
	if err := letters.Embed(gap/2, gap/2, tile.w, tile.h, vips.Background, []float64{0, 0, 0, 0}); err != nil {
		return damaged(err)
	}
	if err := letters.Tile(across, down); err != nil {
		return damaged(err)
	}
	return c.do(func(img *vips.Image) error { return img.Composite(letters, "over", 0, 0) })
}

func (m *watermark) weigh(d *draft) { d.cover(float64(d.size.w) * float64(d.size.h)) }

func writings() []Spec {
	return []Spec{
		spec[text]("t.text", "Write on the picture. An extension.", "t.text(t:SGVsbG8sIHdvcmxk,s:28,p:bottom)"),
		spec[watermark]("t.watermark", "Write all over the picture. An extension.", "t.watermark(t:U0FNUExF,s:20)"),
	}
}
