package vips

/*
#cgo LDFLAGS: -lm
#include "reduce.h"
*/
import "C"

// scale multiplies the width and the height, without regard to opacity.
func (m *Image) scale(hscale, vscale float64, k Kernel) error {
	if m.Wide() || m.Bands() > 4 || m.ref.Coding != C.VIPS_CODING_NONE || k == Nearest {
		return m.resize(hscale, vscale, k)
	}
	if hscale < 1 || vscale < 1 {
		if err := m.reduce(hscale, vscale, k); err != nil {
			return err
		}
	}
	if hscale <= 1 && vscale <= 1 {
		return nil
	}
	return m.resize(max(1, hscale), max(1, vscale), k)
}

// resize is scale by libvips alone.
func (m *Image) resize(hscale, vscale float64, k Kernel) error {
	return m.call("resize", "scale=%.17g,vscale=%.17g,kernel=%s", hscale, vscale, k)
}

// reduce carries out scales below 1 of a picture of 1 to 4 bands of 8 bits, exactly
// and at less cost than libvips: see docs/decisions/0013. Other scales do nothing.
func (m *Image) reduce(hscale, vscale float64, k Kernel) error {
	kernel := map[Kernel]C.VipsKernel{
		Cubic: C.VIPS_KERNEL_CUBIC, Mitchell: C.VIPS_KERNEL_MITCHELL,
		Lanczos2: C.VIPS_KERNEL_LANCZOS2, Lanczos3: C.VIPS_KERNEL_LANCZOS3,
	}[k]
	return m.replace("reduce", func(out **C.VipsImage) C.int {
		return C.pixedge_reduce(m.ref, C.double(hscale), C.double(vscale), kernel, out)
	})
}
