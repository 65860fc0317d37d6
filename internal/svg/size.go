package svg

import (
	"math"
	"strconv"
	"strings"
)

// units has the lengths of CSS in pixels (CSS Values 3, 6.2); fonts are taken to
// have the usual 16 pixels.
func units(name string) (float64, bool) {
	switch name {
	case "", "px":
		return 1, true
	case "pt":
		return 96.0 / 72, true
	case "pc":
		return 16, true
	case "in":
		return 96, true
	case "cm":
		return 96 / 2.54, true
	case "mm":
		return 96 / 25.4, true
	case "em", "rem":
		return 16, true
	case "ex":
		return 8, true
	}
	return 0, false
}

// size returns what the root element measures in CSS pixels. Where it gives one
// side only, the other one follows the proportions of the viewBox.
func size(attributes []attribute) (w, h float64) {
	var vw, vh float64
	for _, a := range attributes {
		switch a.key {
		case "width":
			w = length(a.value)
		case "height":
			h = length(a.value)
		case "viewBox":
			vw, vh = viewBox(a.value)
		}
	}
	switch {
	case w == 0 && h == 0:
		return vw, vh
	case vw == 0:
		return w, h
	case w == 0:
		w = finite(h * vw / vh)
	case h == 0:
		h = finite(w * vh / vw)
	}
	return w, h
}

// length returns a length in pixels, or 0 for percentages and what is none.
func length(text string) float64 {
	text = strings.TrimSpace(text)
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz%")
	factor, ok := units(text[len(number):])
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil {
		return 0
	}
	return finite(n * factor)
}

func viewBox(text string) (w, h float64) {
	var sides [4]float64
	i := 0
	for f := range strings.FieldsFuncSeq(text, isSeparator) {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || i == len(sides) {
			return 0, 0
		}
		sides[i] = finite(n)
		i++
	}
	if i < len(sides) || sides[2] == 0 || sides[3] == 0 {
		return 0, 0
	}
	return sides[2], sides[3]
}

// finite returns n if it is a size, and otherwise 0.
func finite(n float64) float64 {
	if n > 0 && n <= math.MaxFloat32 {
		return n
	}
	return 0
}
