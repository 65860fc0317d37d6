package vips

/*
#cgo pkg-config: libjpeg
#include <stdlib.h>
#include "jpeg.h"
#include "vips.h"
*/
import "C"

import (
	"context"
	"image"
	"unsafe"
)

// maxPart is how many pixels a part may have to be decoded at once, into memory, and
// maxWhole how many a picture of which nothing is cut off. Larger ones are worth libvips'
// own loader, which needs a few rows at a time: those are decoded while others are
// encoded, and stay in the cache.
const (
	maxPart  = 4 << 20
	maxWhole = 2 << 20
)

// Part replaces an image that was opened from data, with a shrink of 1, by a part
// of it, shrink times smaller, as [Loader.Shrinks] allows: the same pixels that a
// crop of the whole would have, for less work. part is in pixels after the shrink;
// the empty rectangle is the whole. It reports whether it did: only some pictures
// are of a kind that can be read in parts, and where nothing is to be gained it
// does nothing. An image it replaced is in memory. A PNG has no shrink.
func (m *Image) Part(data []byte, l Loader, shrink float64, part image.Rectangle) (bool, error) {
	switch l { //nolint:exhaustive // the others are libvips' alone
	case LoadJPEG:
		return m.partJPEG(data, shrink, part)
	case LoadPNG:
		return m.wholePNG(data, part)
	}
	return false, nil
}

// partJPEG is Part for a JPEG.
func (m *Image) partJPEG(data []byte, shrink float64, part image.Rectangle) (bool, error) {
	buf, size := unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data))
	p := C.PixedgePart{shrink: C.int(jpegShrink(shrink))}
	var bands C.int
	if C.pixedge_jpeg_bands(buf, size, &bands) != 0 {
		return false, nil
	}
	// libjpeg rounds up, with a last row or column of less than a pixel, which
	// libvips leaves out.
	w, h := m.Size()
	whole := image.Rect(0, 0, w/int(p.shrink), h/int(p.shrink))
	if part.Empty() {
		part = whole
	}
	most := maxPart
	if part == whole {
		most = maxWhole
	}
	if !part.In(whole) || part.Dx()*part.Dy() > most || part == whole && p.shrink == 1 {
		return false, nil
	}
	p.left, p.top, p.width, p.height = C.int(part.Min.X), C.int(part.Min.Y), C.int(part.Dx()), C.int(part.Dy())
	var pixels *C.VipsImage
	if C.pixedge_memory_image(p.width, p.height, bands, &pixels) != 0 {
		return false, lastError("part")
	}
	if C.pixedge_jpeg_part(buf, size, &p, (*C.uchar)(C.pixedge_data(pixels))) != 0 {
		C.g_object_unref(C.gpointer(unsafe.Pointer(pixels)))
		return false, &Error{Verb: "part", Text: "libjpeg: damaged"}
	}
	C.pixedge_describe(pixels, m.ref)
	m.Close()
	m.ref, m.inRAM = pixels, true
	return true, nil
}

// Smaller replaces an image of 8 bits without alpha that is pixels in memory by one
// of w by h pixels, each the mean of n by n. The image must have n times as many along
// both sides, or a few more, which are left out.
//
// That is what libjpeg-turbo makes of a block when it decodes smaller: the image is the
// same as one that was decoded n times smaller again, but for rounding. libvips' own
// shrink rounds twice, upwards.
func (m *Image) Smaller(n, w, h int) error {
	if width, height := m.Size(); m.HasAlpha() || w*n > width || h*n > height {
		return &Error{Verb: "smaller", Text: "too few pixels"}
	}
	var smaller *C.VipsImage
	if C.pixedge_memory_image(C.int(w), C.int(h), C.int(m.Bands()), &smaller) != 0 {
		return lastError("smaller")
	}
	err := m.Raw(context.Background(), func(pixels []byte) error {
		width, _ := m.Size()
		C.pixedge_mean((*C.uchar)(unsafe.SliceData(pixels)), C.int(width), C.int(m.Bands()), C.int(n),
			(*C.uchar)(C.pixedge_data(smaller)), C.int(w), C.int(h))
		return nil
	})
	if err != nil {
		C.g_object_unref(C.gpointer(unsafe.Pointer(smaller)))
		return err
	}
	C.pixedge_describe(smaller, m.ref)
	m.Close()
	m.ref, m.inRAM = smaller, true
	return nil
}
