package vips

/*
#cgo pkg-config: libheif
#include "avif.h"
#include "vips.h"
*/
import "C"

import (
	"context"
	"unsafe"
)

// avif encodes the image as libvips would, in this thread alone. The file is to be
// freed with g_free.
func (m *Image) avif(ctx context.Context, _ Saver, with Settings) (buf unsafe.Pointer, size C.size_t, err error) {
	w, h := m.Size()
	how := C.PixedgeAVIF{
		width: C.int(w), height: C.int(h), bands: C.int(m.Bands()),
		quality: C.int(with.Quality), speed: C.int(9 - with.Effort), // as libvips counts
	}
	if with.Subsample {
		how.subsampled = 1
	}
	var planes *C.struct_heif_image
	err = m.Raw(ctx, func(pixels []byte) error {
		if C.pixedge_avif_planes((*C.uchar)(unsafe.SliceData(pixels)), &how, &planes) != 0 {
			return lastError(encoding)
		}
		return nil
	})
	if err == nil {
		err = ctx.Err() // the codec would not ask
	}
	if err != nil {
		C.heif_image_release(planes)
		return nil, 0, err
	}
	// The pixels are gone by now: the codec takes enough.
	if C.pixedge_avif(planes, &how, &buf, &size) != 0 {
		return nil, 0, lastError(encoding)
	}
	return buf, size, nil
}
