package pixlab

import (
	"maps"
	"math"
	"slices"
	"strings"

	"pixedge/internal/op"
)

// letters are how texts look.
type letters struct {
	font           string
	capital        bool
	size           int
	color, outline op.Color
	width, opacity float64
}

// anyOther stands for the names that are not listed.
const anyOther = "any other"

// fonts are PixLab's, by what is there instead: nobody may give those away.
func fonts() map[string]string {
	return map[string]string{
		"impact": "sans-bold", "college": "sans-bold", "bold": "sans-bold", "square": "sans-bold", "gym": "sans-bold", "mario": "sans-bold",
		"arial": "sans", "vera": "sans", "dotty": "mono-bold",
	}
}

func (l *letters) params(p *params) {
	p.ChoiceOr(&l.font, "font", "impact", slices.Sorted(maps.Keys(fonts())), anyOther, func(string) bool { return true },
		"Font. DejaVu's are there: sans-bold for impact, college, bold, square, gym and mario, mono-bold for dotty, and sans for all others.")
	p.Bool(&l.capital, "cap", false, "In capitals.")
	p.Int(&l.size, "size", 0, 0, 1000, "Size of the font in pixels; 0: an eighth of the shorter side.")
	p.Color(&l.color, "color", white(), "Color of the letters.")
	p.Color(&l.outline, "strokecolor", op.Color{}, "Color of the outline; without it, there is none.")
	p.Float(&l.width, "strokewidth", 2, 0, 1000, "Width of the outline in pixels; more than 20 is 20.")
	p.Float(&l.opacity, "strokeopacity", 0.9, 0, 1, "Opacity of the outline.")
}

// write adds a text at a place.
func (l *letters) write(o *order, text string, place ...any) {
	if l.capital {
		text = strings.ToUpper(text)
	}
	font, ok := fonts()[strings.ToLower(l.font)]
	if !ok {
		font = "sans"
	}
	args := append([]any{"t", op.EncodeText(text), "f", font, "s", l.size, "c", l.color}, place...)
	if l.outline.A != 0 {
		args = append(args, "oc", l.outline, "w", math.Min(l.width, 20), "o", l.opacity)
	}
	o.add("t.caption", args...)
}

// drawText writes at the top, in the middle and at the bottom.
type drawText struct {
	letters

	top, center, bottom string
}

func (d *drawText) params(p *params) {
	p.text(&d.top, "top", "Text at the top.")
	p.text(&d.center, "center", "Text in the middle.")
	p.text(&d.bottom, "bottom", "Text at the bottom.")
	d.letters.params(p)
}

func (d *drawText) write(o *order) error {
	o.asStored()
	empty := true
	for _, t := range []struct{ text, place string }{{d.top, "top"}, {d.center, "center"}, {d.bottom, "bottom"}} {
		if strings.TrimSpace(t.text) != "" {
			d.letters.write(o, t.text, "p", t.place)
			empty = false
		}
	}
	if empty {
		return o.errorf("top, center and bottom are missing")
	}
	return nil
}

// drawTextAt writes at a place.
type drawTextAt struct {
	letters

	x, y int
	text string
}

func (d *drawTextAt) params(p *params) {
	p.Int(&d.x, "x", 0, -maxPlace, maxPlace, "Column that the text begins at.")
	p.Int(&d.y, "y", 0, -maxPlace, maxPlace, "Row that the letters stand on.")
	p.text(&d.text, "text", "The text.")
	p.need("x", "y", "text")
	d.letters.params(p)
}

func (d *drawTextAt) write(o *order) error {
	o.asStored()
	d.letters.write(o, d.text, "p", "custom", "x", d.x, "y", d.y)
	return nil
}
