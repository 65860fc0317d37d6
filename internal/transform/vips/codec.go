package vips

/*
#include <stdlib.h>
#include "vips.h"
*/
import "C"

import (
	"context"
	"runtime"
	"slices"
	"unsafe"

	"github.com/h2non/bimg"
)

// A Loader reads one encoding. Loaders are called by name, never by libvips' own
// guess, so a file that looks like two formats is read as the one that was
// checked.
type Loader uint8

// The loaders. The zero Loader is none.
const (
	LoadJPEG Loader = iota + 1
	LoadPNG
	LoadWebP
	LoadHEIF
	LoadGIF
	LoadTIFF
	numLoaders
)

type loader struct {
	name    string           // libvips' own
	sniffed []bimg.ImageType // what bimg may take the bytes for
	shrinks bool             // decodes at 1/2, 1/4 and 1/8 of the size
	scales  bool             // decodes at any smaller size
}

func (l Loader) about() loader {
	return [numLoaders]loader{
		LoadJPEG: {name: "jpegload_buffer", sniffed: []bimg.ImageType{bimg.JPEG}, shrinks: true},
		LoadPNG:  {name: "pngload_buffer", sniffed: []bimg.ImageType{bimg.PNG}},
		LoadWebP: {name: "webpload_buffer", sniffed: []bimg.ImageType{bimg.WEBP}, scales: true},
		LoadHEIF: {name: "heifload_buffer", sniffed: []bimg.ImageType{bimg.AVIF, bimg.HEIF, bimg.UNKNOWN}},
		LoadGIF:  {name: "gifload_buffer", sniffed: []bimg.ImageType{bimg.GIF}},
		LoadTIFF: {name: "tiffload_buffer", sniffed: []bimg.ImageType{bimg.TIFF, bimg.UNKNOWN}},
	}[l]
}

// Open reads the header of data. The pixels are decoded when they are asked
// for, so damage further on shows in a later call. data must not change before
// Close.
//
// shrink, at least 1, says how many times smaller a side may be decoded; the
// image is that much smaller or less, as the loader can, and Size tells.
func Open(data []byte, l Loader, shrink float64) (*Image, error) {
	about := l.about()
	if err := about.agrees(data); err != nil {
		return nil, err
	}
	name := C.CString(about.name)
	defer C.free(unsafe.Pointer(name))
	pinned := new(runtime.Pinner)
	pinned.Pin(unsafe.SliceData(data))
	s := C.PixedgeSource{loader: name, buf: unsafe.Pointer(unsafe.SliceData(data)), len: C.size_t(len(data))}
	if about.shrinks {
		s.shrink = C.int(jpegShrink(shrink))
	}
	if about.scales && shrink > 1 {
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
func (l loader) agrees(data []byte) error {
	if len(data) == 0 {
		return &Error{Verb: "load", Text: "no bytes"}
	}
	if got := bimg.DetermineImageType(data); !slices.Contains(l.sniffed, got) {
		return &Error{Verb: "load", Text: l.name + " is given " + bimg.ImageTypeName(got)}
	}
	return nil
}

// Shrinks reports whether opening with that shrink decodes fewer pixels than
// the original has.
func (l Loader) Shrinks(shrink float64) bool {
	about := l.about()
	return about.shrinks && jpegShrink(shrink) > 1 || about.scales && shrink > 1
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
type Saver uint8

// The savers. The zero Saver is none.
const (
	SaveJPEG Saver = iota + 1
	SavePNG
	SaveWebP
	SaveAVIF
	SaveGIF
	SaveTIFF        // with JPEG inside, for pictures of 8 bits without alpha
	SaveTIFFDeflate // without loss
	numSavers
)

type saver struct {
	name    string // libvips' own
	quality bool
	effort  bool
}

func (s Saver) about() saver {
	return [numSavers]saver{
		SaveJPEG:        {name: "jpegsave_buffer", quality: true},
		SavePNG:         {name: "pngsave_buffer"},
		SaveWebP:        {name: "webpsave_buffer", quality: true, effort: true},
		SaveAVIF:        {name: "heifsave_buffer", quality: true, effort: true},
		SaveGIF:         {name: "gifsave_buffer", effort: true},
		SaveTIFF:        {name: "tiffsave_buffer", quality: true},
		SaveTIFFDeflate: {name: "tiffsave_buffer"},
	}[s]
}

// Save decodes, computes and encodes all that the calls before it asked for,
// and returns the file without any metadata. quality is 1 to 100; effort counts
// from 0 as libvips does. Each is ignored by savers without it. Save ends early
// when ctx does, except while inside a codec.
func (m *Image) Save(ctx context.Context, s Saver, quality, effort int) ([]byte, error) {
	about := s.about()
	name := C.CString(about.name)
	defer C.free(unsafe.Pointer(name))
	t := C.PixedgeTarget{saver: name, effort: -1}
	if about.quality {
		t.quality = C.int(quality)
	}
	if about.effort {
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
