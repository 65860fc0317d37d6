package vips

/*
#include "vips.h"
*/
import "C"

import "unsafe"

// A Kernel is how pixels between pixels are made.
type Kernel int

// The kernels, as libvips numbers them.
const (
	Nearest  Kernel = C.VIPS_KERNEL_NEAREST
	Cubic    Kernel = C.VIPS_KERNEL_CUBIC
	Mitchell Kernel = C.VIPS_KERNEL_MITCHELL
	Lanczos2 Kernel = C.VIPS_KERNEL_LANCZOS2
	Lanczos3 Kernel = C.VIPS_KERNEL_LANCZOS3
)

// SRGB brings the colors to sRGB (or to grey of the same transfer curve),
// through the embedded profile if there is one. Pictures of 16 bits keep them.
func (m *Image) SRGB() error {
	return m.apply("srgb", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_srgb(in, out)
	})
}

// Extract keeps the rectangle of w by h pixels at (x, y), which must be inside.
func (m *Image) Extract(x, y, w, h int) error {
	return m.apply("extract", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_extract(in, out, C.int(x), C.int(y), C.int(w), C.int(h))
	})
}

// Resize multiplies the width and the height; the results are rounded. Colors are weighed by their opacity, so the
// hidden color of clear pixels does not bleed into the edges.
func (m *Image) Resize(hscale, vscale float64, k Kernel) error {
	if !m.HasAlpha() {
		return m.resize(hscale, vscale, k)
	}
	if err := m.apply("premultiply", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_premultiply(in, out)
	}); err != nil {
		return err
	}
	if err := m.resize(hscale, vscale, k); err != nil {
		return err
	}
	return m.apply("unpremultiply", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_unpremultiply(in, out)
	})
}

func (m *Image) resize(hscale, vscale float64, k Kernel) error {
	return m.apply("resize", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_resize(in, out, C.double(hscale), C.double(vscale), C.int(k))
	})
}

// Embed places the image at (x, y) on a field of w by h pixels of the given
// ink, which has a number a band.
func (m *Image) Embed(x, y, w, h int, ink []float64) error {
	return m.apply("embed", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_embed(in, out, C.int(x), C.int(y), C.int(w), C.int(h), inkPtr(ink), C.int(len(ink)))
	})
}

// Rotate turns the image clockwise by any angle in degrees and fills the
// corners with ink, which has a number a band. The result is as large as the
// turned rectangle.
func (m *Image) Rotate(angle float64, ink []float64) error {
	if err := m.memory(); err != nil {
		return err
	}
	return m.apply("rotate", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_rotate(in, out, C.double(angle), inkPtr(ink), C.int(len(ink)))
	})
}

// Quarter turns the image clockwise by quarters of a circle, 0 to 3.
func (m *Image) Quarter(quarters int) error {
	if err := m.memory(); err != nil {
		return err
	}
	return m.apply("quarter", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_quarter(in, out, C.int(quarters))
	})
}

// Flip turns the image upside down, as seen in a mirror below it.
func (m *Image) Flip() error {
	if err := m.memory(); err != nil {
		return err
	}
	return m.flip(C.VIPS_DIRECTION_VERTICAL)
}

// Flop swaps left and right, as seen in a mirror beside the image.
func (m *Image) Flop() error { return m.flip(C.VIPS_DIRECTION_HORIZONTAL) }

func (m *Image) flip(direction C.int) error {
	return m.apply("flip", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_flip(in, out, direction)
	})
}

// AddAlpha adds a fully opaque alpha channel to an image without one.
func (m *Image) AddAlpha() error {
	if m.HasAlpha() {
		return nil
	}
	return m.apply("add alpha", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_add_alpha(in, out)
	})
}

// memory computes the image so far, once, so that what follows may read its
// pixels in any order.
func (m *Image) memory() error {
	if m.inRAM {
		return nil
	}
	err := m.apply("memory", func(in *C.VipsImage, out **C.VipsImage) C.int {
		return C.pixedge_memory(in, out)
	})
	m.inRAM = err == nil
	return err
}

func inkPtr(ink []float64) *C.double { return (*C.double)(unsafe.Pointer(unsafe.SliceData(ink))) }
