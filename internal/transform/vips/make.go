package vips

/*
#include "vips.h"
*/
import "C"

import (
	"fmt"
	"strings"
)

// newImage makes an image of nothing.
func newImage(name, options string, args ...any) (*Image, error) {
	op, free := cString(name)
	defer free()
	opts, free := cString(fmt.Sprintf(options, args...))
	defer free()
	m := new(Image)
	if C.pixedge_make(op, opts, &m.ref) != 0 {
		return nil, lastError(name)
	}
	return m, nil
}

// Plain returns an image of w by h pixels of one color in sRGB, a number a
// channel; the fourth is alpha.
func Plain(w, h int, ink []float64) (*Image, error) {
	m, err := newImage("black", "width=%d,height=%d,bands=%d", w, h, len(ink))
	if err != nil {
		return nil, err
	}
	ones := make([]float64, len(ink))
	for i := range ones {
		ones[i] = 1
	}
	if err = m.call("linear", "a=%s,b=%s,uchar=true", array(ones), array(ink)); err == nil {
		err = m.call("copy", "interpretation=srgb")
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Drawing returns an image of an SVG that this program wrote itself.
func Drawing(svg string) (*Image, error) {
	return Open([]byte(svg), LoadSVG, 1, false)
}

// Text returns an image of text in one color, a number a channel with alpha last,
// on nothing. font is a family and a size in pixels, such as "sans 24". Lines are
// as long as the text makes them, or broken at width pixels if that is not 0.
func Text(text, font string, width int, ink []float64) (*Image, error) {
	mask, err := textMask(text, font, width, "")
	if err != nil {
		return nil, err
	}
	defer mask.Close()
	return Ink(mask, ink)
}

// Letters returns an image of text as a mask of one channel. It takes font and width as
// Text does. Lines are in the middle, and broken within words where those are too long.
func Letters(text, font string, width int) (*Image, error) {
	return textMask(text, font, width, ",align=centre,wrap=word-char")
}

func textMask(text, font string, width int, more string) (*Image, error) {
	escaped, free := cString(escapeMarkup(text))
	defer free()
	options := fmt.Sprintf("font=%s,dpi=72", font)
	if width > 0 {
		options += fmt.Sprintf(",width=%d", width)
	}
	opts, free := cString(options + more)
	defer free()
	mask := new(Image)
	if C.pixedge_text(escaped, opts, &mask.ref) != 0 {
		return nil, lastError("text")
	}
	return mask, nil
}

// Ink returns an image of one color, a number a channel with alpha last, where a mask
// of one channel lets it through.
func Ink(mask *Image, ink []float64) (*Image, error) {
	w, h := mask.Size()
	m, err := Plain(w, h, ink[:3])
	if err != nil {
		return nil, err
	}
	alpha := mask.Copy()
	defer alpha.Close()
	if err = alpha.call("linear", "a=%g,b=0,uchar=true", ink[3]/255); err == nil {
		err = m.Join(alpha)
	}
	if err == nil {
		err = m.call("copy", "interpretation=srgb")
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// escapeMarkup keeps text from being read as Pango's markup, which can name
// fonts and sizes.
func escapeMarkup(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
