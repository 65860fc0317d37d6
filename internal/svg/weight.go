package svg

import (
	"math"
	"strconv"
	"strings"
)

// What layers and the steps of filters take, in milliseconds per megapixel,
// measured with librsvg 2.54 on one core.
const (
	effortOfGroup  = 1 // a transparent one
	effortOfMask   = 4
	effortOfTiles  = 50 // filling one shape with a pattern; 1 to 470
	effortOfStep   = 15 // every one, and on top of it:
	effortOfBlur   = 90
	effortOfLight  = 50
	effortOfOctave = 50
	effortOfTap    = 4.2 // for each value of a matrix
	effortOfSpread = 6.6 // for each pixel that a dilation or erosion looks at
	largestSpread  = 10  // librsvg looks no further
)

// What text takes, in milliseconds, measured likewise: each of its bytes, and as
// much as this for each other byte in the same element, all of which are one line.
const (
	effortOfLetter = 0.014
	effortOfLine   = 2.7e-5
)

// Rough measures of what lines and pictures weigh.
const (
	bytesPerWeight  = 1024   // a long path weighs as much as several elements
	pixelsPerWeight = 10_000 // and so does a large picture
	pathToNumbers   = 8      // a path is at most so much longer than the sum of its numbers; an arc is the worst
	textToFont      = 20     // outlines of a character are at most so much longer than the font is high
)

// filter notes what a filter's step takes, and refuses steps over the limits.
func (n *node) filter(attributes []attribute) error {
	if n.kind != primitive {
		return nil
	}
	get := func(key string, missing float64) [2]float64 {
		for _, a := range attributes {
			if a.key == key {
				return pair(a.value, missing)
			}
		}
		return [2]float64{missing, missing}
	}
	n.effort += effortOfStep
	switch n.name {
	case "feGaussianBlur", "feDropShadow":
		n.effort += effortOfBlur
		if d := get("stdDeviation", 0); max(d[0], d[1]) > maxBlur {
			return refused("has a blur of more than %d", maxBlur)
		}
	case "feTurbulence":
		octaves := get("numOctaves", 1)[0]
		n.effort += effortOfOctave * octaves
		if octaves > maxOctaves {
			return refused("has noise of more than %d octaves", maxOctaves)
		}
	case "feDiffuseLighting", "feSpecularLighting":
		n.effort += effortOfLight
	case "feConvolveMatrix":
		order := get("order", 3)
		n.effort += effortOfTap * order[0] * order[1]
	case "feMorphology":
		radius := get("radius", 0)
		n.effort += effortOfSpread * (1 + 2*min(radius[0], largestSpread)) * (1 + 2*min(radius[1], largestSpread))
	}
	return nil
}

// pair reads one or two numbers. What is not a number counts as a huge one,
// since a renderer might read it otherwise.
func pair(text string, missing float64) [2]float64 {
	p := [2]float64{missing, missing}
	i := 0
	for f := range strings.FieldsFuncSeq(text, isSeparator) {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || math.IsNaN(n) || i == 2 {
			return [2]float64{most, most}
		}
		p[i] = min(math.Abs(n), most)
		if i++; i == 1 {
			p[1] = p[0]
		}
	}
	return p
}

// weigh notes what drawing the element itself takes.
func (r *reader) weigh(n *node, attributes []attribute) {
	bytes := 0
	for _, a := range attributes {
		bytes += len(a.value)
		if isMeasure(a.key) && n.kind == shape {
			m := measure(a.value)
			n.length += pathToNumbers * m.sum
			n.relative += pathToNumbers * m.relative
			if n.name == "path" || n.name == "line" || strings.HasPrefix(n.name, "poly") {
				n.vertices += float64(m.count)
			}
		}
		if a.key == "viewBox" || a.key == "width" || a.key == "height" {
			m := measure(a.value)
			r.extent = max(r.extent, m.sum)
			r.enlarged = min(r.enlarged*max(1, m.relative), most)
		}
	}
	if n.kind == gradient || n.kind == part {
		return
	}
	if n.kind == shape || n.kind == lettering {
		n.shapes = 1
	}
	if n.name == "pattern" {
		n.effort += effortOfTiles
	}
	n.tree = float64(1 + bytes/bytesPerWeight + n.pixels/pixelsPerWeight)
}

// write notes that n draws text of the given number of bytes.
func (n *node) write(count int) {
	n.letters += float64(count)
	n.tree += float64(count) / bytesPerWeight
	n.relative += textToFont * float64(count)
}

// enlarge notes the size of a font.
func (r *reader) enlarge(value string) {
	m := measure(value)
	r.extent = max(r.extent, m.sum)
	switch {
	case m.relative > 0:
		r.enlarged = min(r.enlarged*max(1, m.relative), most)
	case value == "larger":
		r.enlarged = min(r.enlarged*1.2, most)
	}
}

// A measured value is a list of numbers.
type measured struct {
	count    int     // of numbers and letters, which is at least that of the points of a path
	sum      float64 // of the numbers, without their signs, in pixels
	relative float64 // of those in units of the viewport or the font, such as 0.5 for 50%
}

// measure reads the numbers of a path, a list of points or a length. Numbers may
// follow one another without a space where a sign or a point begins a new one.
func measure(text string) measured {
	var m measured
	for i := 0; i < len(text); {
		c := text[i]
		if !isNumeric(c) {
			if isAlphanumeric(rune(c)) {
				m.count++
			}
			i++
			continue
		}
		end := number(text, i)
		m.count++
		m.add(text[i:end], text[end:])
		i = end
	}
	m.sum, m.relative = min(m.sum, most), min(m.relative, most)
	return m
}

// add adds a number, given what follows it.
func (m *measured) add(text, after string) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(n, 0) {
		return
	}
	n = min(math.Abs(n), most)
	unit := strings.ToLower(after[:min(2, len(after))])
	if strings.HasPrefix(unit, "%") {
		m.relative += n / 100
		return
	}
	switch unit {
	case "em", "ex", "ch", "ic", "ca", "re", "rc", "rl", "lh", "vw", "vh", "vm":
		m.relative += n
	default:
		// A path has letters that are commands; a factor does no harm there.
		factor, ok := units(unit)
		if !ok {
			factor = 1
		}
		m.sum += n * factor
	}
}

// number returns where the number that begins at i ends.
func number(text string, i int) int {
	point, exponent := text[i] == '.', false
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
		case c == '.' && !point && !exponent:
			point = true
		case c|0x20 == 'e' && !exponent && i+1 < len(text) && isNumeric(text[i+1]) && text[i+1] != '.':
			exponent = true
			if text[i+1] == '-' || text[i+1] == '+' {
				i++
			}
		default:
			return i
		}
	}
	return i
}

func isNumeric(c byte) bool { return c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' }
