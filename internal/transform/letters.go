package transform

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"pixedge/internal/transform/vips"
)

// maxLetters is how many pixels a text may take, those outside the picture counted.
const maxLetters = 16_000_000

// sample is the size, in pixels, of the letters that a text is measured with.
const sample = 8

// A setting is a text as it is to be set.
type setting struct {
	operation string // for errors
	text      string
	family    string
	height    int     // of the letters, in pixels
	room      int     // that lines are broken at, in pixels; 0: they are not
	dpr       float64 // pixels of height for one of parameter s

	draw func(text, font string, room int) (*vips.Image, error)
}

// fits refuses a text that takes more than most pixels, before it takes them.
//
// Where a text is broken, and how wide a letter is, Pango alone knows. So what is not
// small by any measure is set in tiny letters first: its pixels grow with the square of
// their size.
func (s setting) fits(most int) error {
	most = min(most, maxLetters)
	if s.bound() <= float64(most) {
		return nil
	}
	room := s.room
	if room > 0 {
		room = max(1, s.room*sample/s.height)
	}
	tiny, err := s.draw(s.text, fmt.Sprintf("%s %d", s.family, sample), room)
	if err != nil {
		return damaged(err)
	}
	defer tiny.Close()
	w, h := tiny.Size()
	return s.allow(float64(w)*float64(h)*math.Pow(float64(s.height)/sample, 2), most)
}

// bound is how many pixels the text takes at most: if half of its letters break lines,
// each of which is as long as the other half. Hardly a letter is wider, and no line higher,
// than once and a half its size (the widest of fonts for all languages are 2.6 times, so
// texts of a few such letters may have more); but a tab may be as wide as many.
func (s setting) bound() float64 {
	if strings.ContainsRune(s.text, '\t') {
		return math.Inf(1)
	}
	half := float64(utf8.RuneCountInString(s.text)+1) / 2
	return math.Pow(1.5*half*float64(s.height), 2)
}

// allow refuses so many pixels if they are more than most.
func (s setting) allow(pixels float64, most int) error {
	if pixels <= float64(most) {
		return nil
	}
	fit := float64(s.height) * math.Sqrt(float64(most)/pixels) / s.dpr
	return invalid("%s: s: letters of %d pixels are too large for so long a text, of which at most %d pixels are allowed; want some %d at most",
		s.operation, s.height, most, int(fit))
}

// set draws the text, which must fit.
func (s setting) set() (*vips.Image, error) {
	img, err := s.draw(s.text, fmt.Sprintf("%s %d", s.family, s.height), s.room)
	return img, damaged(err)
}

// spread is about how many pixels a text takes at most, with letters of a height: each
// as wide as it is high, and lines that are broken at room; 0: they are not.
func spread(text string, height, room int) float64 {
	rows, longest, letters := linesOf(text)
	wide := longest * height
	if room > 0 && wide > room {
		rows += min(letters, 2*letters*height/room)
		wide = max(room, height)
	}
	return float64(rows) * float64(height) * float64(wide)
}

// linesOf counts the lines of a text, the letters of the longest one, and all.
func linesOf(text string) (rows, longest, letters int) {
	for line := range strings.SplitSeq(text, "\n") {
		n := utf8.RuneCountInString(line)
		rows, longest, letters = rows+1, max(longest, n), letters+n
	}
	return rows, longest, letters
}
