package vips

/*
#include "alpha.h"
#include "vips.h"
*/
import "C"

// A Kernel is how pixels between pixels are made, by libvips' name for it.
type Kernel string

// The kernels.
const (
	Nearest  Kernel = "nearest"
	Cubic    Kernel = "cubic"
	Mitchell Kernel = "mitchell"
	Lanczos2 Kernel = "lanczos2"
	Lanczos3 Kernel = "lanczos3"
)

// An Extend says what fills the room around a picture, by libvips' name for it.
type Extend string

// The ways to extend.
const (
	Background Extend = "background" // one color
	Replicate  Extend = "copy"       // the pixels of the edge
	Reflect    Extend = "mirror"     // the picture, mirrored
	Wrap       Extend = "repeat"     // the picture again
)

// Extract keeps the rectangle of w by h pixels at (x, y), which must be inside.
func (m *Image) Extract(x, y, w, h int) error {
	return m.call("extract_area", "left=%d,top=%d,width=%d,height=%d", x, y, w, h)
}

// Resize multiplies the width and the height; the results are rounded. Colors
// are weighed by their opacity, so the hidden color of clear pixels does not
// bleed into the edges.
func (m *Image) Resize(hscale, vscale float64, k Kernel) error {
	return m.premultiplied(func() error { return m.scale(hscale, vscale, k) })
}

// premultiplied carries out work on colors that are multiplied with their
// opacity, which is how pixels with alpha may be mixed. libvips makes floats of
// them, which cost four times as much to mix: they go back to what they were.
func (m *Image) premultiplied(work func() error) error {
	if !m.HasAlpha() {
		return work()
	}
	if !m.Wide() {
		return m.premultiplied8(work)
	}
	if err := m.call("premultiply", ""); err != nil {
		return err
	}
	if err := m.call("cast", "format=ushort"); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	if err := m.call("unpremultiply", ""); err != nil {
		return err
	}
	return m.call("cast", "format=ushort")
}

// premultiplied8 is premultiplied for channels of 8 bits, without floats.
func (m *Image) premultiplied8(work func() error) error {
	err := m.replace("premultiply", func(out **C.VipsImage) C.int { return C.pixedge_premultiply(m.ref, out) })
	if err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return m.replace("unpremultiply", func(out **C.VipsImage) C.int { return C.pixedge_unpremultiply(m.ref, out) })
}

// Embed places the image at (x, y) on a field of w by h pixels. ink, a number a
// band, matters for Background alone. Except with Background the pixels are
// needed in any order.
func (m *Image) Embed(x, y, w, h int, how Extend, ink []float64) error {
	if how != Background {
		if err := m.Settle(); err != nil {
			return err
		}
		return m.call("embed", "x=%d,y=%d,width=%d,height=%d,extend=%s", x, y, w, h, how)
	}
	return m.call("embed", "x=%d,y=%d,width=%d,height=%d,extend=%s,background=%s", x, y, w, h, how, array(ink))
}

// Rotate turns the image clockwise by any angle in degrees and fills the
// corners with ink, which has a number a band. The result is as large as the
// turned rectangle.
func (m *Image) Rotate(angle float64, ink []float64) error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.call("rotate", "angle=%g,background=%s", angle, array(ink))
}

// Quarter turns the image clockwise by quarters of a circle, 0 to 3.
func (m *Image) Quarter(quarters int) error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.call("rot", "angle=%s", [...]string{"d0", "d90", "d180", "d270"}[quarters])
}

// Flip turns the image upside down, as seen in a mirror below it.
func (m *Image) Flip() error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.call("flip", "direction=vertical")
}

// Flop swaps left and right, as seen in a mirror beside the image.
func (m *Image) Flop() error { return m.call("flip", "direction=horizontal") }

// Differing returns the left, top, width and height of what differs by more than
// threshold, 0 to 255 (or 65535), from background, which has a number a band:
// in color or in opacity. The width and height are 0 if nothing does.
func (m *Image) Differing(threshold float64, background []float64) (r [4]int, err error) {
	if err := m.Settle(); err != nil {
		return r, err
	}
	if !m.HasAlpha() {
		return m.findTrim(threshold, background)
	}
	last := m.Bands() - 1
	// libvips lays a picture with alpha on the color first and would not see it.
	color, err := m.findTrim(threshold, background[:last])
	if err != nil {
		return r, err
	}
	alpha := m.Copy()
	defer alpha.Close()
	if err := alpha.call("extract_band", "band=%d", last); err != nil {
		return r, err
	}
	clear, err := alpha.findTrim(threshold, background[last:])
	if err != nil {
		return r, err
	}
	return union(color, clear), nil
}

func (m *Image) findTrim(threshold float64, background []float64) (r [4]int, err error) {
	n, err := m.numbers("find_trim", []string{"left", "top", "width", "height"},
		"threshold=%g,background=%s", threshold, array(background))
	if err != nil {
		return r, err
	}
	return [4]int{int(n[0]), int(n[1]), int(n[2]), int(n[3])}, nil
}

// union returns the rectangle around two, of which either may be empty.
func union(a, b [4]int) [4]int {
	switch {
	case a[2] == 0 || a[3] == 0:
		return b
	case b[2] == 0 || b[3] == 0:
		return a
	}
	x, y := min(a[0], b[0]), min(a[1], b[1])
	return [4]int{x, y, max(a[0]+a[2], b[0]+b[2]) - x, max(a[1]+a[3], b[1]+b[3]) - y}
}

// Settle computes the image so far, once, so that what follows may read its
// pixels in any order.
func (m *Image) Settle() error {
	if m.inRAM {
		return nil
	}
	err := m.replace("memory", func(out **C.VipsImage) C.int { return C.pixedge_memory(m.ref, out) })
	m.inRAM = err == nil
	return err
}
