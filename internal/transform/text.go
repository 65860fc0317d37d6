package transform

import (
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

// height is that of the letters, in pixels.
func (w *writing) height() int { return max(1, times(w.size, w.dpr)) }

// set draws the text, in lines of at most width pixels if that is not 0, unless it takes
// more than most pixels.
func (w *writing) set(operation string, width, most int) (*vips.Image, error) {
	s := setting{
		operation: operation, text: w.text, family: families()[w.font], height: w.height(), room: width, dpr: w.dpr,
		draw: func(text, font string, room int) (*vips.Image, error) {
			return vips.Text(text, font, room, ink(w.color, w.opacity))
		},
	}
	if err := s.fits(most); err != nil {
		return nil, err
	}
	return s.set()
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
	letters, err := t.set("t.text", room.w, c.most)
	if err != nil {
		return err
	}
	defer letters.Close()
	x, y := lay(imageSize(letters), room, positions()[t.position])
	return c.do(func(img *vips.Image) error { return img.Composite(letters, "over", margin+x, margin+y) })
}

// weigh counts letters outside the picture too, and their mask beside them.
func (t *text) weigh(d *draft) {
	d.upright()
	pixels := min(maxLetters, spread(t.text, t.height(), max(1, d.size.w-2*times(t.margin, t.dpr))))
	d.keep(pixels)
	d.cover(pixels)
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
	letters, err := m.set("t.watermark", 0, c.most)
	if err != nil {
		return err
	}
	defer letters.Close()
	if m.angle != 0 {
		if err := letters.Rotate(float64(m.angle), []float64{0, 0, 0, 0}); err != nil {
			return damaged(err)
		}
	}
	one, gap := imageSize(letters), times(m.gap, m.dpr)
	tile := size{one.w + gap, one.h + gap}
	if tile.w > maxSide || tile.h > maxSide || tile.w*tile.h > c.most {
		return invalid("t.watermark: s: the text and its gap take %dx%d pixels; at most %d a side and %d in all are allowed", tile.w, tile.h, maxSide, c.most)
	}
	if err := m.repeat(letters, gap/2, tile, c.size); err != nil {
		return damaged(err)
	}
	return c.do(func(img *vips.Image) error { return img.Composite(letters, "over", 0, 0) })
}

// repeat puts the letters into tiles, so far from their edges, which cover a picture.
// What of a tile is outside the picture is not made.
func (m *watermark) repeat(letters *vips.Image, edge int, tile, picture size) error {
	if err := letters.Embed(edge, edge, tile.w, tile.h, vips.Background, []float64{0, 0, 0, 0}); err != nil {
		return err
	}
	seen := size{min(tile.w, picture.w), min(tile.h, picture.h)}
	if err := letters.Extract(0, 0, seen.w, seen.h); err != nil {
		return err
	}
	if err := letters.Tile(ceil(picture.w, seen.w), ceil(picture.h, seen.h)); err != nil {
		return err
	}
	return letters.Extract(0, 0, picture.w, picture.h)
}

// weigh takes the letters to be held with their mask, and a tile of them beside all the
// tiles, which are no larger than the picture.
func (m *watermark) weigh(d *draft) {
	d.upright()
	rows, longest, _ := linesOf(m.text)
	sin, cos := math.Sincos(float64(m.angle) * math.Pi / 180)
	sin, cos = math.Abs(sin), math.Abs(cos)
	w, h, gap := float64(longest*m.height()), float64(rows*m.height()), float64(times(m.gap, m.dpr))
	d.keep(5 * min(maxLetters, w*h))
	d.keep(4 * min(float64(d.size.w), w*cos+h*sin+gap) * min(float64(d.size.h), w*sin+h*cos+gap))
	d.cover(float64(d.size.w) * float64(d.size.h))
}

func writings() []Spec {
	return []Spec{
		spec[text]("t.text", "Write on the picture. An extension.", "t.text(t:SGVsbG8sIHdvcmxk,s:28,p:bottom)"),
		spec[watermark]("t.watermark", "Write all over the picture. An extension.", "t.watermark(t:U0FNUExF,s:20)"),
	}
}
