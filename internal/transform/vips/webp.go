package vips

/*
#cgo pkg-config: libwebp
#include "vips.h"
#include "webp.h"
*/
import "C"

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// webp encodes the image as libvips would, of all pixels at once. The file is to be
// freed with g_free.
func (m *Image) webp(ctx context.Context, _ Saver, with Settings) (buf unsafe.Pointer, size C.size_t, err error) {
	w, h := m.Size()
	how := C.PixedgeWebP{
		width: C.int(w), height: C.int(h), bands: C.int(m.Bands()),
		quality: C.int(with.Quality), effort: C.int(with.Effort),
	}
	var left int32
	stop := context.AfterFunc(ctx, func() { atomic.StoreInt32(&left, 1) })
	defer stop()
	err = m.Raw(ctx, func(pixels []byte) error {
		if C.pixedge_webp((*C.uchar)(unsafe.SliceData(pixels)), &how, (*C.int)(&left), &buf, &size) != 0 {
			return lastError(encoding)
		}
		return nil
	})
	return buf, size, err
}
