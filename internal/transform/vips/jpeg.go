package vips

/*
#cgo pkg-config: libjpeg
#include <stdlib.h>
#include "jpeg.h"
#include "vips.h"
*/
import "C"

import (
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

// Levels returns a JPEG, of which m is the whole as it was opened from data, decoded
// shrink times smaller, 2, 4 or 8, and each time as small again, down to 8 times or to a
// side of one pixel. Each is what Open makes of data. Most files are read once for all of
// them; others, such as those in CMYK, once for each, and then damage may show later.
func (m *Image) Levels(data []byte, shrink int) ([]*Image, error) {
	w, h := m.Size()
	if shrink > min(w, h) {
		return nil, &Error{Verb: "levels", Text: "too few pixels"}
	}
	var levels []*Image
	from := C.PixedgeLevels{width: C.int(w), height: C.int(h), bands: C.int(m.Bands()), shrink: C.int(shrink)}
	for n := shrink; n <= 8 && n <= min(w, h); n *= 2 {
		level := &Image{inRAM: true}
		if C.pixedge_memory_image(C.int(w/n), C.int(h/n), from.bands, &level.ref) != 0 {
			closeAll(levels)
			return nil, lastError("levels")
		}
		C.pixedge_describe(level.ref, m.ref)
		from.out[len(levels)] = (*C.uchar)(C.pixedge_data(level.ref))
		levels = append(levels, level)
	}
	result := C.pixedge_jpeg_levels(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), &from)
	if result == 0 {
		return levels, nil
	}
	closeAll(levels)
	if result < 0 {
		return nil, &Error{Verb: "levels", Text: "libjpeg: damaged"}
	}
	return openLevels(data, shrink, len(levels))
}

// openLevels is Levels with libvips alone, for count of them.
func openLevels(data []byte, shrink, count int) (levels []*Image, err error) {
	for range count {
		level, err := Open(data, LoadJPEG, float64(shrink), false)
		if err != nil {
			closeAll(levels)
			return nil, err
		}
		levels = append(levels, level)
		shrink *= 2
	}
	return levels, nil
}

func closeAll(images []*Image) {
	for _, m := range images {
		m.Close()
	}
}
