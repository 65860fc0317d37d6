package transform

import (
	"fmt"
	"math"
	"strings"

	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// maxOutline is the widest outline in pixels.
const maxOutline = 20

// caption writes letters with an outline.
type caption struct {
	text    string
	font    string
	size    int
	color   op.Color
	outline op.Color
	width   float64
	opacity float64
	where   string
	x, y    int
}

func (t *caption) Params(p *op.ParamSet) {
	p.Text(&t.text, "t", "The text: base64 of UTF-8. Lines may be broken by a line feed.")
	p.Choice(&t.font, "f", "sans-bold", fonts(), "Font, of the DejaVu family.")
	p.Int(&t.size, "s", 0, 0, 1000, "Size of the letters in pixels; 0 is an eighth of the picture's shorter side.")
	p.Color(&t.color, "c", op.Color{R: 255, G: 255, B: 255, A: 255}, "Color of the letters.")
	p.Color(&t.outline, "oc", op.Color{}, "Color of the outline; there is none if it is clear.")
	p.Float(&t.width, "w", 2, 0, maxOutline, "Width of the outline in pixels.")
	p.Float(&t.opacity, "o", 0.9, 0, 1, "Opacity of the outline, multiplied with its color's.")
	p.Choice(&t.where, "p", "bottom", []string{"top", "center", "bottom", "custom"}, "Where the text lies: in the middle of the picture's width, in lines that fit; or with custom at x and y, in lines as they are.")
	p.Int(&t.x, "x", 0, -maxPlace, maxPlace, "Column where the letters begin, with p:custom.")
	p.Int(&t.y, "y", 0, -maxPlace, maxPlace, "Row of the first line's baseline, with p:custom.")
}

func (t *caption) nest(func(string) (Plan, error)) error {
	w := writing{text: t.text}
	return w.check("t.caption")
}

// height returns the size of the letters on a picture, in pixels: smaller where a long
// text leaves it open.
func (t *caption) height(picture size) int {
	if t.size > 0 {
		return t.size
	}
	height := max(8, min(picture.w, picture.h)/8)
	for height > 8 && t.area(height, picture.w) > maxLetters {
		height = max(8, height*3/4)
	}
	return height
}

// area is about how many pixels the text takes at most, with letters of a height.
func (t *caption) area(height, room int) float64 {
	if t.where == "custom" {
		room = 0
	}
	return spread(t.text, height, room)
}

// reach is how far the outline reaches over the letters, in pixels.
func (t *caption) reach() int {
	if t.outline.A == 0 || t.opacity == 0 {
		return 0
	}
	return int(math.Ceil(t.width))
}

func (t *caption) Apply(c *Canvas) error {
	if err := c.upright(); err != nil {
		return err
	}
	// An eighth of the letters' height is kept free around them.
	height := t.height(c.size)
	free := height/8 + t.reach()
	mask, err := t.mask(c.size.w, height, free)
	if err != nil {
		return err
	}
	defer mask.Close()
	x, y, err := t.place(imageSize(mask), c.size, free, fmt.Sprintf("%s %d", families()[t.font], height))
	if err != nil {
		return damaged(err)
	}
	letters, err := t.set(mask)
	if err != nil {
		return damaged(err)
	}
	defer letters.Close()
	return c.do(func(img *vips.Image) error { return img.Composite(letters, "over", x-t.reach(), y-t.reach()) })
}

// mask draws the letters, of a height and with so much kept free around them, for a
// picture that is so wide, unless they take too many pixels.
func (t *caption) mask(wide, height, free int) (*vips.Image, error) {
	s := setting{operation: "t.caption", text: t.text, family: families()[t.font], height: height, dpr: 1, draw: vips.Letters}
	if t.where != "custom" {
		s.room = max(1, wide-2*free)
	}
	err := s.allow(t.area(height, wide), maxLetters)
	if err == nil {
		err = s.fits(maxLetters)
	}
	if err != nil {
		return nil, err
	}
	return s.set()
}

// place returns where the upper left corner of the letters comes.
func (t *caption) place(letters, picture size, free int, font string) (x, y int, err error) {
	x, y = lay(letters, picture, position{})
	switch t.where {
	case "top":
		y = free
	case "bottom":
		y = picture.h - free - letters.h
	case "custom":
		ascent, err := rise(t.text, font)
		return t.x, t.y - ascent, err
	}
	return x, y, nil
}

// rise returns how far the ink of the first line of a text is over its baseline. An H
// stands on the baseline: what a second line of it adds tells.
func rise(text, font string) (int, error) {
	first, _, _ := strings.Cut(text, "\n")
	var heights [3]int
	for i, sample := range []string{first + "\nH", "H\nH", "H"} {
		mask, err := vips.Letters(sample, font, 0)
		if err != nil {
			return 0, err
		}
		heights[i] = imageSize(mask).h
		mask.Close()
	}
	return heights[0] - (heights[1] - heights[2]), nil
}

// set colors the letters and lays them on their outline, which reaches over them on
// all sides.
func (t *caption) set(mask *vips.Image) (*vips.Image, error) {
	letters, err := vips.Ink(mask, ink(t.color, 1))
	reach := t.reach()
	if err != nil || reach == 0 {
		return letters, err
	}
	defer letters.Close()
	pixels, err := mask.Pixels()
	if err != nil {
		return nil, err
	}
	around := imageSize(mask)
	thick := thicken(pixels, around, t.width)
	around = size{around.w + 2*reach, around.h + 2*reach}
	field, err := vips.FromPixels(thick, around.w, around.h, 1)
	if err != nil {
		return nil, err
	}
	defer field.Close()
	outline, err := vips.Ink(field, ink(t.outline, t.opacity))
	if err != nil {
		return nil, err
	}
	if err = outline.Composite(letters, "over", reach, reach); err == nil {
		err = outline.Settle() // before the bytes of the field are let go
	}
	if err != nil {
		outline.Close()
		return nil, err
	}
	return outline, nil
}

// ink is a color as numbers, a channel each.
func ink(c op.Color, opacity float64) []float64 {
	return []float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A) * opacity}
}

// thicken returns a mask of letters that are thicker by a radius on all sides, with
// as many pixels more around it, rounded up: each of its pixels is the most of those
// in a disc whose edge is softened by a pixel.
func thicken(mask []byte, s size, radius float64) []byte {
	reach := int(math.Ceil(radius))
	wide := s.w + 2*reach
	thick := make([]byte, wide*(s.h+2*reach))
	disc := discOf(radius)
	for y := range s.h {
		for x := range s.w {
			value := mask[y*s.w+x]
			switch {
			case value == 0:
			case inner(mask, s, x, y):
				thick[(y+reach)*wide+x+reach] = 255
			default:
				stamp(thick[y*wide+x:], wide, disc, 2*reach+1, value)
			}
		}
	}
	return thick
}

// inner reports whether a pixel and its neighbors are full: others' discs cover all
// that its own would.
func inner(mask []byte, s size, x, y int) bool {
	if x == 0 || y == 0 || x == s.w-1 || y == s.h-1 {
		return false
	}
	at := y*s.w + x
	return mask[at] == 255 && mask[at-1] == 255 && mask[at+1] == 255 && mask[at-s.w] == 255 && mask[at+s.w] == 255
}

// discOf returns the shares, of 255, that a disc has of the pixels of the square
// around it.
func discOf(radius float64) []byte {
	reach := int(math.Ceil(radius))
	side := 2*reach + 1
	disc := make([]byte, side*side)
	for i := range disc {
		distance := math.Hypot(float64(i%side-reach), float64(i/side-reach))
		disc[i] = byte(255 * min(max(0, radius+0.5-distance), 1))
	}
	return disc
}

// stamp raises pixels to those of a disc times value.
func stamp(pixels []byte, wide int, disc []byte, side int, value byte) {
	for y := range side {
		row := pixels[y*wide : y*wide+side]
		for x, share := range disc[y*side : (y+1)*side] {
			row[x] = max(row[x], byte(int(share)*int(value)/255)) //nolint:gosec // at most 255
		}
	}
}

// weigh takes letters to be as wide as they are high, and their masks to be held
// beside them.
func (t *caption) weigh(d *draft) {
	side := t.height(d.size) + 2*t.reach()
	pixels := min(maxLetters, t.area(side, d.size.w))
	d.most(8 * pixels)
	d.cover(pixels)
}

func captions() []Spec {
	return []Spec{
		spec[caption]("t.caption", "Write on the picture, in letters with an outline. An extension.", "t.caption(t:SGVsbG8sIHdvcmxk,s:28,oc:000000)"),
	}
}
