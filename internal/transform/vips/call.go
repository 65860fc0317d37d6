package vips

/*
#include <stdlib.h>
#include "vips.h"
*/
import "C"

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// cString is a C copy of text; the caller calls free.
func cString(text string) (c *C.char, free func()) {
	c = C.CString(text)
	return c, func() { C.free(unsafe.Pointer(c)) }
}

// replace makes the image what call makes of it.
func (m *Image) replace(verb string, call func(out **C.VipsImage) C.int) error {
	var out *C.VipsImage
	if call(&out) != 0 {
		return lastError(verb)
	}
	C.g_object_unref(C.gpointer(unsafe.Pointer(m.ref)))
	m.ref = out
	return nil
}

// call replaces the image by what an operation of libvips makes of it. The
// options are written as on libvips' command line: "sigma=2,precision=integer".
func (m *Image) call(name, options string, args ...any) error {
	op, free := cString(name)
	defer free()
	opts, free := cString(fmt.Sprintf(options, args...))
	defer free()
	return m.replace(name, func(out **C.VipsImage) C.int { return C.pixedge_call(op, m.ref, opts, out) })
}

// call2 is call for operations that take a second image; first and second are
// what the operation calls the two.
func (m *Image) call2(name, first, second string, other *Image, options string, args ...any) error {
	op, free := cString(name)
	defer free()
	one, free := cString(first)
	defer free()
	two, free := cString(second)
	defer free()
	opts, free := cString(fmt.Sprintf(options, args...))
	defer free()
	return m.replace(name, func(out **C.VipsImage) C.int {
		return C.pixedge_call2(op, one, m.ref, two, other.ref, opts, out)
	})
}

// join makes one image of several with an operation that takes a list, and
// leaves them as they are.
func join(name string, images []*Image, options string, args ...any) (*Image, error) {
	op, free := cString(name)
	defer free()
	opts, free := cString(fmt.Sprintf(options, args...))
	defer free()
	refs := make([]*C.VipsImage, len(images))
	for i, m := range images {
		refs[i] = m.ref
	}
	joined := new(Image)
	if C.pixedge_calln(op, unsafe.SliceData(refs), C.int(len(refs)), opts, &joined.ref) != 0 {
		return nil, lastError(name)
	}
	return joined, nil
}

// numbers returns what an operation measures, by the names libvips has for it.
func (m *Image) numbers(name string, outputs []string, options string, args ...any) ([]float64, error) {
	op, free := cString(name)
	defer free()
	opts, free := cString(fmt.Sprintf(options, args...))
	defer free()
	names := make([]*C.char, len(outputs))
	for i, text := range outputs {
		c, free := cString(text)
		defer free()
		names[i] = c
	}
	values := make([]float64, len(outputs))
	if C.pixedge_numbers(op, m.ref, opts, unsafe.SliceData(names), C.int(len(names)), (*C.double)(unsafe.SliceData(values))) != 0 {
		return nil, lastError(name)
	}
	return values, nil
}

// Copy returns another image of the same pixels, to be closed on its own. Only
// the work is shared, not the source's bytes: m must live as long.
func (m *Image) Copy() *Image {
	C.g_object_ref(C.gpointer(unsafe.Pointer(m.ref)))
	return &Image{ref: m.ref, inRAM: m.inRAM}
}

// field reads a whole number of the image's metadata.
func (m *Image) field(name string, fallback int) int {
	c, free := cString(name)
	defer free()
	return int(C.pixedge_get_int(m.ref, c, C.int(fallback)))
}

// array writes numbers as an option's value.
func array(values []float64) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Join(words, " ")
}
