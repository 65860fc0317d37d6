package vips

/*
#include "vips.h"
*/
import "C"

import "unsafe"

// A Timing is how an animation plays.
type Timing struct {
	Delays []int // of each frame, in milliseconds
	Loop   int   // how many times; 0 for ever
}

// Frames returns how many frames or pages the source holds, opened or not.
func (m *Image) Frames() int { return max(1, m.field("n-pages", 1)) }

// FrameHeight returns the height of one frame of an image that was opened with
// all of them.
func (m *Image) FrameHeight() int {
	_, h := m.Size()
	if one := m.field("page-height", h); one > 0 && one < h && h%one == 0 {
		return one
	}
	return h
}

// Timing returns how the animation plays.
func (m *Image) Timing() Timing {
	t := Timing{Loop: m.field("loop", 0)}
	c, free := cString("delay")
	defer free()
	var delays *C.int
	var n C.int
	if C.pixedge_get_ints(m.ref, c, &delays, &n) != 0 {
		C.vips_error_clear()
		return t
	}
	for _, d := range unsafe.Slice(delays, n) {
		t.Delays = append(t.Delays, int(d))
	}
	return t
}

// Split returns the frames of an image that was opened with all of them. The
// image is computed once for all, and must outlive them.
func (m *Image) Split() ([]*Image, error) {
	w, h := m.Size()
	one := m.FrameHeight()
	if err := m.Settle(); err != nil {
		return nil, err
	}
	frames := make([]*Image, 0, h/one)
	for y := 0; y < h; y += one {
		f := m.Copy()
		frames = append(frames, f)
		if err := f.Extract(0, y, w, one); err != nil {
			for _, f := range frames {
				f.Close()
			}
			return nil, err
		}
	}
	return frames, nil
}

// Page says how high each frame of an image is that has several.
func (m *Image) Page(h int) error {
	if err := m.own(); err != nil {
		return err
	}
	m.set("page-height", []int{h})
	return nil
}

// Opaque drops an alpha channel that hides nothing anywhere.
func (m *Image) Opaque() error {
	if !m.HasAlpha() {
		return nil
	}
	if err := m.Settle(); err != nil {
		return err
	}
	alpha := m.Copy()
	defer alpha.Close()
	if err := alpha.call("extract_band", "band=%d", m.Bands()-1); err != nil {
		return err
	}
	least, err := alpha.numbers("min", []string{"out"}, "")
	if err != nil {
		return err
	}
	full := 255.0
	if m.Wide() {
		full = 65535
	}
	if least[0] < full {
		return nil
	}
	return m.call("extract_band", "band=0,n=%d", m.Bands()-1)
}

// Assemble makes one animation of frames of one size, and leaves them as they
// are.
func Assemble(frames []*Image, t Timing) (*Image, error) {
	roll, err := join("arrayjoin", frames, "across=1")
	if err != nil {
		return nil, err
	}
	// Metadata may be set on an image that is nobody else's alone.
	if err := roll.own(); err != nil {
		roll.Close()
		return nil, err
	}
	_, h := frames[0].Size()
	roll.set("page-height", []int{h})
	roll.set("loop", []int{t.Loop})
	if len(t.Delays) > 1 {
		roll.set("delay", t.Delays)
	}
	return roll, nil
}

// SetDensity sets the resolution, in dots an inch across and down, that printers go
// by.
func (m *Image) SetDensity(x, y float64) error { return m.SetResolution(x/25.4, y/25.4) }

// Resolution returns how many pixels a millimeter has along each side.
func (m *Image) Resolution() (x, y float64) { return float64(m.ref.Xres), float64(m.ref.Yres) }

// SetResolution sets it.
func (m *Image) SetResolution(x, y float64) error {
	if err := m.own(); err != nil {
		return err
	}
	m.ref.Xres, m.ref.Yres = C.double(x), C.double(y)
	return nil
}

// own makes the image one that is nobody else's, whose metadata may be set.
func (m *Image) own() error {
	if C.pixedge_alone(m.ref) != 0 {
		return nil
	}
	return m.call("copy", "")
}

func (m *Image) set(field string, values []int) {
	c, free := cString(field)
	defer free()
	ints := make([]C.int, len(values))
	for i, v := range values {
		ints[i] = C.int(v)
	}
	C.pixedge_set_ints(m.ref, c, unsafe.SliceData(ints), C.int(len(ints)))
}

func (m *Image) has(field string) bool {
	c, free := cString(field)
	defer free()
	return C.pixedge_has(m.ref, c) != 0
}

// keep drops all metadata but the named fields and what an animation needs.
func (m *Image) keep(fields []string) error {
	if err := m.own(); err != nil {
		return err
	}
	names := make([]*C.char, 0, len(fields)+4)
	for _, f := range append(fields, "page-height", "delay", "loop") {
		c, free := cString(f)
		defer free()
		names = append(names, c)
	}
	names = append(names, nil)
	C.pixedge_keep(m.ref, unsafe.SliceData(names))
	return nil
}

func (m *Image) isCMYK() bool { return m.ref.Type == C.VIPS_INTERPRETATION_CMYK }

// isPlain reports whether the numbers already mean what a browser takes them for.
func (m *Image) isPlain() bool {
	switch m.ref.Type {
	case C.VIPS_INTERPRETATION_sRGB, C.VIPS_INTERPRETATION_B_W, C.VIPS_INTERPRETATION_RGB16, C.VIPS_INTERPRETATION_GREY16:
		return true
	}
	return false
}

// Become takes the pixels of other, which keeps them too.
func (m *Image) Become(other *Image) { m.adopt(other.Copy()) }

// adopt takes the pixels of other, which must not be used afterwards.
func (m *Image) adopt(other *Image) {
	C.g_object_unref(C.gpointer(unsafe.Pointer(m.ref)))
	m.ref, m.inRAM = other.ref, false
	other.ref = nil
}
