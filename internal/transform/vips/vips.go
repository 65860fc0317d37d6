// Package vips is the one package that touches pixels: a thin shim over libvips.
//
// It has verbs and no opinions: no defaults, no limits, no settings, no log. An
// [Image] is opened lazily and in sequential order, so that a crop near the top
// of a photograph decodes little more than that; the methods that need pixels in
// another order first copy what they have into memory.
//
// bimg, beside it, starts and stops libvips, sets its caches, sniffs types and
// reports its memory. No pixels go through bimg: see docs/decisions/0001.
package vips

/*
#cgo CFLAGS: -O3
#cgo pkg-config: vips
#include <malloc.h>
#include "vips.h"
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/h2non/bimg"
)

// Start readies libvips for rendering many pictures side by side: no cache of
// operations, which would hold pixels for nothing, and one thread a picture,
// because the pictures themselves are the parallel work.
func Start() error {
	bimg.Initialize()
	bimg.VipsCacheSetMax(0)
	bimg.VipsCacheSetMaxMem(0)
	C.vips_concurrency_set(1)
	// Loaders that need a place for all pixels, as WebP's does, take memory: beyond
	// 100 MB they would write a file in /tmp, which a container may not have.
	if err := os.Setenv("VIPS_DISC_THRESHOLD", "1000g"); err != nil {
		return err
	}
	// Loaders that are not fuzzed upstream stay closed whatever the file says,
	// but for those that codec.go names.
	C.vips_block_untrusted_set(C.gboolean(1))
	C.pixedge_quiet()
	openLoaders()
	if C.vips_concurrency_get() != 1 {
		return errors.New("libvips did not start")
	}
	return nil
}

// Stop ends libvips. Nothing of this package works afterwards.
func Stop() { bimg.Shutdown() }

// Version returns the version of the libvips that runs, such as "8.14.1": not
// bimg's, which is that of the headers it was built with.
func Version() string { return C.GoString(C.vips_version_string()) }

// Memory reports the bytes that libvips holds for pixels, now and at most so far.
func Memory() (now, peak int64) {
	m := bimg.VipsMemory()
	return m.Memory, m.MemoryHighwater
}

// Trim gives memory back to the system that C code has freed. It takes milliseconds.
func Trim() { C.malloc_trim(0) }

// An Image is a picture being worked on. It is not safe for concurrent use.
type Image struct {
	ref    *C.VipsImage
	pinned *runtime.Pinner // keeps the source's bytes where libvips reads them
	inRAM  bool
}

// Do runs f on a thread of its own and then lets libvips free what it keeps for
// that thread, so that threads of the Go runtime do not collect buffers.
func Do(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer C.vips_thread_shutdown()
	return f()
}

// Close frees the image. It may be called more than once.
func (m *Image) Close() {
	if m.ref != nil {
		C.g_object_unref(C.gpointer(unsafe.Pointer(m.ref)))
		m.ref = nil
	}
	if m.pinned != nil {
		m.pinned.Unpin()
		m.pinned = nil
	}
}

// Size returns the width and height in pixels.
func (m *Image) Size() (w, h int) { return int(m.ref.Xsize), int(m.ref.Ysize) }

// Bands returns how many channels a pixel has, alpha included.
func (m *Image) Bands() int { return int(m.ref.Bands) }

// HasAlpha reports whether the last channel is opacity.
func (m *Image) HasAlpha() bool { return C.vips_image_hasalpha(m.ref) != 0 }

// Wide reports whether channels have more than 8 bits.
func (m *Image) Wide() bool { return m.ref.BandFmt != C.VIPS_FORMAT_UCHAR }

// Orientation returns the EXIF orientation, 1 to 8; 1 is upright.
func (m *Image) Orientation() int { return int(C.vips_image_get_orientation(m.ref)) }

// An Error is what libvips said. The text is for the log and for nobody else:
// libvips has one buffer for the whole process, so the words may be about
// another picture.
type Error struct {
	Verb string // what was being done
	Text string
}

func (e *Error) Error() string { return "libvips: " + e.Verb + ": " + e.Text }

// encoding is the verb of what failed when all pixels were there.
const encoding = "encode"

// Encoding reports whether an encoder failed, and nothing before it. Where pixels are
// still decoded as the encoder asks for them that cannot be told, and it is false.
func (e *Error) Encoding() bool { return e.Verb == encoding }

// OutOfMemory reports whether the reason was that there was no more memory, in the words
// of libvips ("out of memory"), libheif ("Memory allocation error"), libwebp ("picture
// memory error") and others.
func (e *Error) OutOfMemory() bool { return strings.Contains(strings.ToLower(e.Text), "memory") }

func lastError(verb string) *Error {
	text := C.GoString(C.vips_error_buffer())
	C.vips_error_clear()
	return &Error{Verb: verb, Text: text}
}

// cancelOn makes the evaluation of the image end soon after ctx does. The
// returned function must be called before the image changes hands.
func (m *Image) cancelOn(ctx context.Context) (release func()) {
	ref := m.ref
	C.vips_image_set_progress(ref, 1)
	C.g_object_ref(C.gpointer(unsafe.Pointer(ref)))
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		C.vips_image_set_kill(ref, 1)
		close(done)
	})
	return func() {
		if !stop() {
			<-done
		}
		C.g_object_unref(C.gpointer(unsafe.Pointer(ref)))
	}
}
