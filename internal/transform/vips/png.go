package vips

/*
#cgo pkg-config: libdeflate zlib
#include <stdlib.h>
#include "wholepng.h"
#include "vips.h"
*/
import "C"

import (
	"context"
	"image"
	"unsafe"
)

// maxWholePNG is how many bytes the pixels of a PNG may have to be decoded or
// encoded at once. Larger ones are worth libvips' own way, which is slower and
// needs a few rows at a time.
const maxWholePNG = 16 << 20

// WholePNG reports whether a PNG of so many pixels of 8 bits is small enough to be
// decoded or encoded at once.
func WholePNG(w, h, bands int) bool {
	return int64(w)*int64(h) <= maxWholePNG && int64(w)*int64(h)*int64(bands) <= maxWholePNG
}

// NeedsWholePNG reports whether a part of a PNG is worth decoding all of it at once;
// the empty rectangle is the whole. libvips' own loader stops below the part.
func NeedsWholePNG(part image.Rectangle, height int) bool {
	return part.Empty() || part.Max.Y >= height/2
}

// wholePNG replaces an image that was opened from data by its pixels in memory,
// or a part of them. It does nothing where [Image.Part] should not: also for
// pictures that are damaged, which are libvips' to refuse.
func (m *Image) wholePNG(data []byte, part image.Rectangle) (bool, error) {
	if w, h := m.Size(); !part.In(image.Rect(0, 0, w, h)) || !NeedsWholePNG(part, h) {
		return false, nil
	}
	pixels := m.readPNG(data)
	if pixels == nil {
		return false, nil
	}
	m.Close()
	m.ref, m.inRAM = pixels, true
	if part.Empty() {
		return true, nil
	}
	return true, m.Extract(part.Min.X, part.Min.Y, part.Dx(), part.Dy())
}

// readPNG decodes data, whose header m has. It returns nil for what it leaves to
// libvips.
func (m *Image) readPNG(data []byte) *C.VipsImage {
	var png C.PixedgePNG
	buf := (*C.uchar)(unsafe.SliceData(data))
	if C.pixedge_png_scan(buf, C.size_t(len(data)), &png) != 0 {
		return nil
	}
	// Stored blocks make a stream longer than what is in it by 5 bytes in 65,535.
	w, h := m.Size()
	size := w * h * m.Bands()
	if m.Wide() || int(png.width) != w || int(png.height) != h || int(png.bands) != m.Bands() ||
		!WholePNG(w, h, m.Bands()) || int(png.stored) > size+size/8+1<<16 {
		return nil
	}
	pixels := C.malloc(C.size_t(size + h + 1))
	var whole *C.VipsImage
	if pixels == nil || C.pixedge_png_decode(buf, &png, (*C.uchar)(pixels)) != 0 ||
		C.pixedge_png_image(pixels, &png, m.ref, &whole) != 0 {
		C.free(pixels)
		return nil
	}
	C.pixedge_describe(whole, m.ref)
	return whole
}

// png makes a PNG, which is to be freed with g_free.
func (m *Image) png(ctx context.Context, _ Saver, _ Settings) (buf unsafe.Pointer, size C.size_t, err error) {
	defer m.cancelOn(ctx)()
	if C.pixedge_png_encode(m.ref, &buf, &size) != 0 {
		return nil, 0, lastError("save")
	}
	return buf, size, nil
}

// encodesPNG reports whether the image, with such settings, is one that
// pixedge_png_encode writes: as libvips would, but faster.
func (m *Image) encodesPNG(s Saver, with Settings) bool {
	w, h := m.Size()
	return s == SavePNG && with.Options == "" && len(with.Keep) == 0 && m.ordinary() && WholePNG(w, h, m.Bands())
}
