package vips

/*
#include "oilpaint.h"
*/
import "C"

// MaxOilPaint is the largest radius that OilPaint takes.
const MaxOilPaint = C.PIXEDGE_OILPAINT_MOST

// OilPaint makes each pixel the one of a square around it that is the first to
// bring the fullest of 256 bins of intensity to its count. The side of the square is
// 2*radius+1 pixels.
func (m *Image) OilPaint(radius int) error {
	return m.replace("oilpaint", func(out **C.VipsImage) C.int { return C.pixedge_oilpaint(m.ref, C.int(radius), out) })
}
