package vips

/*
#include "vips.h"
*/
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// Pixels computes the image and returns its channels as bytes, interleaved, row
// by row. Channels of more than 8 bits are cut to 8.
func (m *Image) Pixels() ([]byte, error) {
	narrow := m.Copy()
	defer narrow.Close()
	if m.Wide() {
		if err := narrow.call("cast", "format=uchar,shift=true"); err != nil {
			return nil, err
		}
	}
	var size C.size_t
	p := C.vips_image_write_to_memory(narrow.ref, &size)
	if p == nil {
		return nil, lastError("pixels")
	}
	defer C.g_free(C.gpointer(p))
	return C.GoBytes(p, C.int(size)), nil
}

// Raw computes the image and gives the same bytes as Pixels to use, which must not
// keep them. Channels must have 8 bits. It ends early when ctx does.
func (m *Image) Raw(ctx context.Context, use func(pixels []byte) error) error {
	if m.Wide() {
		return &Error{Verb: "raw", Text: "more than 8 bits"}
	}
	release := m.cancelOn(ctx)
	var memory *C.VipsImage
	failed := C.pixedge_memory(m.ref, &memory) != 0
	release()
	if failed {
		return lastError("raw")
	}
	defer C.g_object_unref(C.gpointer(unsafe.Pointer(memory)))
	w, h := m.Size()
	return use(unsafe.Slice((*byte)(C.pixedge_data(memory)), w*h*m.Bands()))
}

// Into computes the image and puts the same bytes as Pixels into out, which has room
// for just these. Channels must have 8 bits. It ends early when ctx does.
func (m *Image) Into(ctx context.Context, out []byte) error {
	if w, h := m.Size(); m.Wide() || len(out) != w*h*m.Bands() {
		return &Error{Verb: "into", Text: "the pixels do not suit the memory"}
	}
	defer m.cancelOn(ctx)()
	if C.pixedge_into(m.ref, unsafe.Pointer(unsafe.SliceData(out))) != 0 {
		return lastError("into")
	}
	return nil
}

// FromPixels returns an image of w by h pixels in sRGB (or grey, with one or two
// bands) whose channels are data, interleaved, row by row. data must not change
// before Close.
func FromPixels(data []byte, w, h, bands int) (*Image, error) {
	if len(data) != w*h*bands {
		return nil, &Error{Verb: "pixels", Text: "the bytes do not suit the size"}
	}
	pinned := new(runtime.Pinner)
	pinned.Pin(unsafe.SliceData(data))
	m := &Image{pinned: pinned, inRAM: true}
	if C.pixedge_from_memory(unsafe.Pointer(unsafe.SliceData(data)), C.int(w), C.int(h), C.int(bands), &m.ref) != 0 {
		m.Close()
		return nil, lastError("pixels")
	}
	return m, nil
}

// Interesting returns the upper left corner of the w by h pixels that libvips
// finds the most interesting. by is "attention" or "entropy".
func (m *Image) Interesting(w, h int, by string) (x, y int, err error) {
	if err := m.Settle(); err != nil {
		return 0, 0, err
	}
	part := m.Copy()
	defer part.Close()
	if err := part.call("smartcrop", "width=%d,height=%d,interesting=%s", w, h, by); err != nil {
		return 0, 0, err
	}
	// libvips notes where a part came from as a negative offset.
	return -int(part.ref.Xoffset), -int(part.ref.Yoffset), nil
}
