package vips

/*
#include <stdlib.h>
#include "vips.h"
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/h2non/bimg"
)

// A Loader reads one encoding. Loaders are called by name, never by libvips' own
// guess, so a file that looks like two formats is read as the one that was
// checked.
type Loader struct {
	name  string
	types []bimg.ImageType // what bimg may take the bytes for

	shrinks bool // decodes at 1/2, 1/4 and 1/8 of the size
	scales  bool // decodes at any smaller size
}

// The loaders.
var (
	JPEG = Loader{name: "jpegload_buffer", types: []bimg.ImageType{bimg.JPEG}, shrinks: true}
	PNG  = Loader{name: "pngload_buffer", types: []bimg.ImageType{bimg.PNG}}
	WebP = Loader{name: "webpload_buffer", types: []bimg.ImageType{bimg.WEBP}, scales: true}
	HEIF = Loader{name: "heifload_buffer", types: []bimg.ImageType{bimg.AVIF, bimg.HEIF, bimg.UNKNOWN}}
	GIF  = Loader{name: "gifload_buffer", types: []bimg.ImageType{bimg.GIF}}
	TIFF = Loader{name: "tiffload_buffer", types: []bimg.ImageType{bimg.TIFF, bimg.UNKNOWN}}
)

// Open reads the header of data. The pixels are decoded when they are asked
// for, so damage further on shows in a later call. data must not change before
// Close.
//
// shrink, at least 1, says how many times smaller a side may be decoded; the
// image is that much smaller or less, as the loader can, and Size tells.
func Open(data []byte, l Loader, shrink float64) (*Image, error) {
	if err := l.agrees(data); err != nil {
		return nil, err
	}
	name := C.CString(l.name)
	defer C.free(unsafe.Pointer(name))
	pinned := new(runtime.Pinner)
	pinned.Pin(unsafe.SliceData(data))
	s := C.PixedgeSource{loader: name, buf: unsafe.Pointer(unsafe.SliceData(data)), len: C.size_t(len(data))}
	if l.shrinks {
		s.shrink = C.int(jpegShrink(shrink))
	}
	if l.scales && shrink > 1 {
		s.scale = C.double(1 / shrink)
	}
	m := &Image{pinned: pinned}
	if C.pixedge_load(&s, &m.ref) != 0 {
		m.Close()
		return nil, lastError("load")
	}
	return m, nil
}

// agrees asks bimg for a second opinion on the type of data.
func (l Loader) agrees(data []byte) error {
	if len(data) == 0 {
		return &Error{Verb: "load", Text: "no bytes"}
	}
	got := bimg.DetermineImageType(data)
	for _, t := range l.types {
		if got == t {
			return nil
		}
	}
	return &Error{Verb: "load", Text: fmt.Sprintf("%s is given %s", l.name, bimg.ImageTypeName(got))}
}

// jpegShrink returns by how much libjpeg shrinks while it decodes, for a picture
// that is to become shrink times smaller. Like sharp it leaves the next smaller
// step where the rest would be near 1: libjpeg's half is sharper than a half that
// is resampled, and the two would look different side by side.
func jpegShrink(shrink float64) int {
	for _, n := range []int{8, 4, 2} {
		if int(shrink) == n {
			return n / 2
		}
		if shrink >= float64(n) {
			return n
		}
	}
	return 1
}

// A Saver writes one encoding.
type Saver struct {
	name    string
	effort  bool
	quality bool
}

// The savers.
var (
	SaveJPEG        = Saver{name: "jpegsave_buffer", quality: true}
	SavePNG         = Saver{name: "pngsave_buffer"}
	SaveWebP        = Saver{name: "webpsave_buffer", quality: true, effort: true}
	SaveAVIF        = Saver{name: "heifsave_buffer", quality: true, effort: true}
	SaveGIF         = Saver{name: "gifsave_buffer", effort: true}
	SaveTIFF        = Saver{name: "tiffsave_buffer", quality: true}
	SaveTIFFDeflate = Saver{name: "tiffsave_buffer"}
)

// Save decodes, computes and encodes all that the calls before it asked for,
// and returns the file without any metadata. quality is 1 to 100; effort counts
// from 0 as libvips does. Each is ignored by savers without it. Save ends early
// when ctx does, except while inside a codec.
func (m *Image) Save(ctx context.Context, s Saver, quality, effort int) ([]byte, error) {
	name := C.CString(s.name)
	defer C.free(unsafe.Pointer(name))
	t := C.PixedgeTarget{saver: name, effort: -1}
	if s.quality {
		t.quality = C.int(quality)
	}
	if s.effort {
		t.effort = C.int(effort)
	}
	defer m.cancelOn(ctx)()
	var buf unsafe.Pointer
	var size C.size_t
	if C.pixedge_save(m.ref, &t, &buf, &size) != 0 {
		return nil, lastError("save")
	}
	defer C.g_free(C.gpointer(buf))
	return C.GoBytes(buf, C.int(size)), nil
}

// Shrinks reports whether opening with that shrink decodes fewer pixels than
// the original has.
func (l Loader) Shrinks(shrink float64) bool {
	return l.shrinks && jpegShrink(shrink) > 1 || l.scales && shrink > 1
}
