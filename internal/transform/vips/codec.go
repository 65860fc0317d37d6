package vips

/*
#include "wholepng.h"
#include "vips.h"
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
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
	LoadJXL
	LoadSVG
	numLoaders
)

type loader struct {
	name    string           // libvips' own, without _buffer
	sniffed []bimg.ImageType // what bimg may take the bytes for
	strict  bool             // fills what is damaged with grey and calls that a warning
	closed  string           // class that libvips keeps closed unless it is opened by name
	shrinks bool             // decodes at 1/2, 1/4 and 1/8 of the size
	scales  bool             // decodes at any smaller size
	enlarge bool             // and at any larger one: the picture has no pixels of its own
	frames  bool             // may hold several
}

func (l Loader) about() loader {
	return [numLoaders]loader{
		LoadJPEG: {name: "jpegload", sniffed: []bimg.ImageType{bimg.JPEG}, strict: true, shrinks: true},
		LoadPNG:  {name: "pngload", sniffed: []bimg.ImageType{bimg.PNG}},
		LoadWebP: {name: "webpload", sniffed: []bimg.ImageType{bimg.WEBP}, scales: true, frames: true},
		LoadHEIF: {name: "heifload", sniffed: []bimg.ImageType{bimg.AVIF, bimg.HEIF, bimg.UNKNOWN}},
		LoadGIF:  {name: "gifload", sniffed: []bimg.ImageType{bimg.GIF}, frames: true},
		LoadTIFF: {name: "tiffload", sniffed: []bimg.ImageType{bimg.TIFF, bimg.UNKNOWN}},
		LoadJXL:  {name: "jxlload", sniffed: []bimg.ImageType{bimg.UNKNOWN}, closed: "VipsForeignLoadJxl"},
		LoadSVG:  {name: "svgload", sniffed: []bimg.ImageType{bimg.SVG, bimg.UNKNOWN}, closed: "VipsForeignLoadSvg", scales: true, enlarge: true},
	}[l]
}

// openLoaders opens the loaders among those that libvips keeps closed because nobody
// fuzzes them upstream: package inspect looks at their files first.
func openLoaders() {
	for l := Loader(1); l < numLoaders; l++ {
		if class := l.about().closed; class != "" {
			c, free := cString(class)
			C.vips_operation_block_set(c, 0)
			free()
		}
	}
	// Saving is not reading: nothing hostile comes in here.
	c, free := cString("VipsForeignSave")
	defer free()
	C.vips_operation_block_set(c, 0)
}

// Open reads the header of data. The pixels are decoded when they are asked
// for, so damage further on shows in a later call. data must not change before
// Close.
//
// shrink says how many times smaller a side may be decoded; the image is that
// much smaller or less, as the loader can, and Size tells. Below 1 it matters for
// drawings alone. With frames all frames of an animation are opened, one below
// the other; see Split.
func Open(data []byte, l Loader, shrink float64, frames bool) (*Image, error) {
	about := l.about()
	return about.open(data, about.options(shrink, frames))
}

// OpenLevel opens a level of a pyramid in TIFF instead of the picture: the SubIFD of
// the first page with that number, or the page, both counted from 0.
func OpenLevel(data []byte, number int, subIFD bool) (*Image, error) {
	about := LoadTIFF.about()
	kind := "page"
	if subIFD {
		kind = "subifd"
	}
	return about.open(data, fmt.Sprintf("%s,%s=%d", about.options(1, false), kind, number))
}

func (l loader) open(data []byte, how string) (*Image, error) {
	if err := l.agrees(data); err != nil {
		return nil, err
	}
	name, free := cString(l.name + "_buffer")
	defer free()
	options, free := cString(how)
	defer free()
	pinned := new(runtime.Pinner)
	pinned.Pin(unsafe.SliceData(data))
	m := &Image{pinned: pinned}
	if C.pixedge_load(name, unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), options, &m.ref) != 0 {
		m.Close()
		return nil, lastError("load")
	}
	return m, nil
}

// options are those of the loader. Damage past the header is an error and not
// grey filler; libvips' own default serves what it could decode. sharp fails on
// warnings in any format, but in those that are not strict they are about less
// than pixels.
func (l loader) options(shrink float64, frames bool) string {
	options := []string{"access=sequential", "fail-on=error"}
	if l.strict {
		options[1] = "fail-on=warning"
	}
	if n := jpegShrink(shrink); l.shrinks && n > 1 {
		options = append(options, fmt.Sprintf("shrink=%d", n))
	}
	if l.scales && (shrink > 1 || l.enlarge && shrink > 0) {
		options = append(options, fmt.Sprintf("scale=%.17g", 1/shrink))
	}
	if l.frames && frames {
		options = append(options, "n=-1")
	}
	return strings.Join(options, ",")
}

// Opens reports whether this libvips has the loader and lets it be called.
func (l Loader) Opens() bool { return opens(l.about().name + "_buffer") }

func opens(operation string) bool {
	name, free := cString(operation)
	defer free()
	return C.pixedge_open(name) != 0
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

// Shrinks reports whether opening with that shrink decodes another number of
// pixels than the original has.
func (l Loader) Shrinks(shrink float64) bool {
	about := l.about()
	return about.shrinks && jpegShrink(shrink) > 1 || about.scales && shrink > 1 || about.enlarge && shrink != 1
}

// Halves reports whether the loader decodes at 1/2, 1/4 and 1/8 of the size, and
// at no other.
func (l Loader) Halves() bool { return l.about().shrinks }

// Reduction returns how many times smaller than it is a picture is decoded when
// it is opened with that shrink.
func (l Loader) Reduction(shrink float64) float64 {
	about := l.about()
	switch {
	case !l.Shrinks(shrink):
		return 1
	case about.shrinks:
		return float64(jpegShrink(shrink))
	}
	return shrink
}

// jpegShrink returns by how much libjpeg shrinks while it decodes, for a picture
// that is to become shrink times smaller.
func jpegShrink(shrink float64) int {
	for _, n := range []int{8, 4, 2} {
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
	SaveHEIF
	SaveGIF
	SaveTIFF
	SaveJXL
	numSavers
)

type saver struct {
	name     string // libvips' own, without _buffer
	always   string // options
	q        bool   // has a quality
	effort   bool   // has an effort
	tables   bool   // finds Huffman tables of its own, if there is any effort
	lossless bool   // may lose nothing, or something
	chroma   bool   // stores colors at half the size, or not, as it is told
	frames   bool   // may hold several
}

func (s Saver) about() saver {
	return [numSavers]saver{
		SaveJPEG: {name: "jpegsave", q: true, tables: true, chroma: true},
		SavePNG:  {name: "pngsave", always: "compression=6,filter=all", q: true, effort: true},
		SaveWebP: {name: "webpsave", q: true, effort: true, lossless: true, frames: true},
		SaveAVIF: {name: "heifsave", always: "compression=av1", q: true, effort: true, lossless: true, chroma: true},
		SaveHEIF: {name: "heifsave", always: "compression=hevc", q: true, effort: true},
		SaveGIF:  {name: "gifsave", effort: true, frames: true},
		SaveTIFF: {name: "tiffsave", q: true},
		SaveJXL:  {name: "jxlsave", q: true, effort: true, lossless: true},
	}[s]
}

// Works reports whether this libvips can really write the encoding: a codec may
// be a library of its own that is not there.
func (s Saver) Works(quality, effort int) bool {
	m, err := Plain(16, 16, []float64{1, 2, 3})
	if err != nil {
		return false
	}
	defer m.Close()
	_, err = m.Save(context.Background(), s, Settings{Quality: quality, Effort: effort}, nil)
	return err == nil
}

// Frames reports whether the encoding can hold several frames.
func (s Saver) Frames() bool { return s.about().frames }

// Settings are what a saver is told. What it has no use for is ignored.
type Settings struct {
	Quality   int      // 1 to 100
	Effort    int      // from 0, as libvips counts
	Lossless  bool     // lose nothing
	Subsample bool     // store colors at half the width and height (4:2:0), and not at all pixels (4:4:4)
	Options   string   // more of libvips' own, such as "interlace=true"
	Keep      []string // fields of the metadata to keep, by libvips' names; none: nothing is
}

// A Place returns memory of n bytes for a finished file.
type Place = func(n int) ([]byte, error)

// Save decodes, computes and encodes all that the calls before it asked for,
// and returns the file, in memory that place gives; nil takes Go's own. Save ends
// early when ctx does, except while inside a codec.
func (m *Image) Save(ctx context.Context, s Saver, with Settings, place Place) ([]byte, error) {
	encode := m.encode
	switch {
	case m.plain(with) && s == SaveAVIF:
		encode = m.avif
	case m.plain(with) && s == SaveWebP && m.Bands() >= 3 && m.FrameHeight() == int(m.ref.Ysize):
		encode = m.webp
	case m.encodesPNG(s, with):
		encode = m.png
	}
	buf, size, err := encode(ctx, s, with)
	if err != nil {
		return nil, err
	}
	defer C.g_free(C.gpointer(buf))
	if place == nil {
		return C.GoBytes(buf, C.int(size)), nil
	}
	file, err := place(int(size))
	if err != nil {
		return nil, err
	}
	copy(file, unsafe.Slice((*byte)(buf), int(size)))
	return file, nil
}

// plain reports whether the image, with such settings, is one that is encoded without
// libvips in formats for pictures with a loss.
func (m *Image) plain(with Settings) bool {
	return !with.Lossless && len(with.Keep) == 0 && m.ordinary()
}

// ordinary reports whether the image is grey or in sRGB, with or without opacity, in 8
// bits. Grey may have more bands than opacity: those are no colors.
func (m *Image) ordinary() bool {
	if m.Wide() || m.ref.Coding != C.VIPS_CODING_NONE {
		return false
	}
	switch m.Bands() {
	case 1, 2:
		return m.ref.Type == C.VIPS_INTERPRETATION_B_W
	case 3, 4:
		return m.ref.Type == C.VIPS_INTERPRETATION_sRGB
	}
	return false
}

// encode has libvips make the file, which is to be freed with g_free.
func (m *Image) encode(ctx context.Context, s Saver, with Settings) (buf unsafe.Pointer, size C.size_t, err error) {
	// Stripping is not left to the savers: libvips 8.14 writes all metadata to WebP
	// whatever strip says (its issue 3340).
	if err := m.keep(with.Keep); err != nil {
		return nil, 0, err
	}
	about := s.about()
	name, free := cString(about.name + "_buffer")
	defer free()
	options, free := cString(about.options(with))
	defer free()
	defer m.cancelOn(ctx)()
	if C.pixedge_save(name, m.ref, options, &buf, &size) != 0 {
		return nil, 0, about.blamed(lastError("save"))
	}
	return buf, size, nil
}

// blamed is an error while pixels are decoded and encoded, row by row. The saver's own
// texts begin with its name.
func (s saver) blamed(err *Error) error {
	if strings.HasPrefix(err.Text, s.name) {
		err.Verb = encoding
	}
	return err
}

func (s saver) options(with Settings) string {
	options := []string{fmt.Sprintf("strip=%t", len(with.Keep) == 0)}
	if s.q {
		options = append(options, fmt.Sprintf("Q=%d", with.Quality))
	}
	if s.effort {
		options = append(options, fmt.Sprintf("effort=%d", with.Effort))
	}
	if s.tables && with.Effort > 0 {
		options = append(options, "optimize-coding=true")
	}
	if s.lossless && with.Lossless {
		options = append(options, "lossless=true")
	}
	if s.chroma {
		mode := "off"
		if with.Subsample {
			mode = "on"
		}
		options = append(options, "subsample-mode="+mode)
	}
	for _, more := range []string{s.always, with.Options} {
		if more != "" {
			options = append(options, more)
		}
	}
	return strings.Join(options, ",")
}
