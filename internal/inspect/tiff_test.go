package inspect_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// A field is an entry of a directory, of type LONG. More than one value is
// written after the directory.
type field struct {
	tag    int
	values []int
}

// A tiffFile is a TIFF of one directory, little-endian, with its pixels from
// byte 8 on.
type tiffFile struct {
	pixels string
	fields []field
	next   int
}

func plainTIFF() tiffFile {
	return tiffFile{pixels: strings.Repeat("x", 100), fields: []field{
		{256, []int{9}},
		{257, []int{8}},
		{258, []int{8, 8, 8}},
		{259, []int{5}},
		{262, []int{2}},
		{273, []int{8, 50}},
		{274, []int{6}},
		{277, []int{3}},
		{278, []int{4}},
		{279, []int{42, 58}},
	}}
}

// with returns the file with another field; without values the field is left out.
func (f tiffFile) with(tag int, values ...int) tiffFile {
	var fields []field
	for _, e := range f.fields {
		if e.tag != tag {
			fields = append(fields, e)
		}
	}
	if values != nil {
		fields = append(fields, field{tag, values})
	}
	f.fields = fields
	return f
}

// tiled returns the file in tiles.
func (f tiffFile) tiled(w, h int, at ...int) tiffFile {
	return f.with(273).with(278).with(279).with(322, w).with(323, h).with(324, at...).with(325, make([]int, len(at))...)
}

func (f tiffFile) file() []byte { return append(f.head(), f.directory(8+len(f.pixels))...) }

// head is all before the directory.
func (f tiffFile) head() []byte { return []byte("II*\x00" + le32(8+len(f.pixels)) + f.pixels) }

// directory is the one of the file, from byte at on.
func (f tiffFile) directory(at int) string {
	after := at + 2 + 12*len(f.fields) + 4
	var entries, more strings.Builder
	for _, e := range f.fields {
		entries.WriteString(le16(e.tag) + le16(4) + le32(len(e.values)))
		if len(e.values) == 1 {
			entries.WriteString(le32(e.values[0]))
			continue
		}
		entries.WriteString(le32(after + more.Len()))
		for _, v := range e.values {
			more.WriteString(le32(v))
		}
	}
	return le16(len(f.fields)) + entries.String() + le32(f.next) + more.String()
}

func TestTIFF(t *testing.T) {
	of := func(change func(*inspect.Header)) inspect.Header {
		h := inspect.Header{
			Format: media.TIFF, Width: 9, Height: 8, Bands: 3, Depth: 8, Orientation: 6, Samples: 3,
			TileWidth: 9, TileHeight: 4, Compression: 5,
		}
		change(&h)
		return h
	}
	same := func(*inspect.Header) {}
	plain := plainTIFF()
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"strips", plain.file(), of(same)},
		{"data after it", append(plain.file(), "junk"...), of(same)},
		{"one strip", plain.with(278, 8).file(), of(func(h *inspect.Header) { h.Whole, h.TileHeight = true, 8 })},
		{"one strip by default", plain.with(278).file(), of(func(h *inspect.Header) { h.Whole, h.TileHeight = true, 8 })},
		{"tiles", plain.tiled(16, 16, 8).file(), of(func(h *inspect.Header) { h.TileWidth, h.TileHeight = 16, 16 })},
		{"alpha", plain.with(258, 16, 16, 16, 16).with(277, 4).with(338, 2).file(), of(func(h *inspect.Header) { h.Bands, h.Depth, h.Alpha, h.Samples = 4, 16, true, 4 })},
		{"palette", plain.with(258, 4).with(277, 1).with(262, 3).file(), of(func(h *inspect.Header) { h.Samples = 1 })},
		{"CMYK", plain.with(258, 8, 8, 8, 8).with(277, 4).with(262, 5).file(), of(func(h *inspect.Header) { h.Bands, h.Samples = 4, 4 })},
		{"one bit", plain.with(258).with(277).with(259, 4).file(), of(func(h *inspect.Header) { h.Bands, h.Samples, h.Compression = 1, 1, 4 })},
		{"floating", plain.with(258, 32, 32, 32).with(339, 3).file(), of(func(h *inspect.Header) { h.Depth = 32 })},
		{"a channel after the other", plain.with(284, 2).with(273, 8, 8, 8, 8, 8, 8).with(279, 1, 1, 1, 1, 1, 1).file(), of(same)},
		{"lengths of plain strips do not matter", plain.with(259, 1).with(279, 5000, 5000).file(), of(func(h *inspect.Header) { h.Compression = 1 })},
		{"no lengths", plain.with(279).file(), of(same)},
		{"no orientation", plain.with(274, 9).file(), of(func(h *inspect.Header) { h.Orientation = 1 })},
		{"unknown fields", plain.with(65000, 1, 2, 3).with(65001, 5).file(), of(same)},
		{"big-endian", bigEndianTIFF(), inspect.Header{Format: media.TIFF, Width: 9, Height: 8, Bands: 1, Depth: 8, Samples: 1, TileWidth: 9, TileHeight: 8, Compression: 1, Whole: true}},
		{"BigTIFF", bigTIFF(), inspect.Header{Format: media.TIFF, Width: 9, Height: 8, Bands: 1, Depth: 8, Samples: 1, TileWidth: 9, TileHeight: 8, Compression: 1, Whole: true}},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	two := plain
	two.next = len(plain.file())
	checkHeader(t, "two pages", append(two.file(), le16(1)+strings.Repeat("\x00", 12)+le32(0)...), of(func(h *inspect.Header) { h.Frames = 2 }))
	checkCuts(t, plain.file(), len(plain.file())-4)
}

// bigEndianTIFF is a TIFF of three fields, of type SHORT.
func bigEndianTIFF() []byte {
	short := func(tag, n int) string { return be16(tag) + be16(3) + be32(1) + be16(n) + be16(0) }
	return []byte("MM\x00*" + be32(8) + be16(3) + short(256, 9) + short(257, 8) + short(273, 8) + be32(0))
}

func bigTIFF() []byte {
	le64 := func(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	long := func(tag, n int) string { return le16(tag) + le16(16) + le64(1) + le64(n) }
	return []byte("II+\x00" + le16(8) + le16(0) + le64(16) + le64(3) + long(256, 9) + long(257, 8) + long(273, 8) + le64(0))
}

func TestTIFFRefuses(t *testing.T) {
	plain := plainTIFF()
	at := func(next int) tiffFile { f := plain; f.next = next; return f }
	// Directories one after the other, each of one entry that says nothing.
	chain := func(n int) []byte {
		file := at(len(plain.file())).file()
		for i := range n {
			next := len(file) + 18
			if i == n-1 {
				next = 0
			}
			file = append(file, le16(1)+strings.Repeat("\x00", 12)+le32(next)...)
		}
		return file
	}
	checkSamples(t, []sample{
		{"a directory that is not there", []byte("II*\x00" + le32(5000)), "not in the file"},
		{"an empty directory", []byte("II*\x00" + le32(8) + le16(0) + le32(0)), "not in the file"},
		{"a directory beyond the file", []byte("II*\x00" + le32(8) + le16(500) + le32(0)), "not in the file"},
		{"BigTIFF of other pointers", []byte("II+\x00" + le16(4) + le16(0) + le32(16) + le32(0)), "ends too early"},
		{"a loop", at(8 + 100).file(), "overlap"},
		{"the next beyond the file", at(5000).file(), "not in the file"},
		{"1000 pages", chain(999), ""},
		{"1001 pages", chain(1000), "more than 1000 pages"},
		{"no width", plain.with(256).file(), "size is none"},
		{"a width of 0", plain.with(256, 0).file(), "size is none"},
		{"a height of 2^31", plain.with(257, 1<<31).file(), "size is none"},
		{"a field of nothing", plain.with(257, []int{}...).with(257).with(256, make([]int, 0)...).file(), "no value"},
		{"3 bits", plain.with(258, 3, 3, 3).file(), "number of bits"},
		{"different bits", plain.with(258, 8, 8, 16).file(), "different bits"},
		{"no channels", plain.with(277, 0).file(), "channels"},
		{"9 channels", plain.with(277, 9).file(), "channels"},
		{"extra channels only", plain.with(338, 1, 1, 1).file(), "channels are none"},
		{"numbers of no kind", plain.with(339, 6).file(), "channels are none"},
		{"JPEG of the old kind", plain.with(259, 6).file(), "compression"},
		{"WebP inside", plain.with(259, 50001).file(), "compression"},
		{"no rows", plain.with(278, 0).file(), "tiles are none"},
		{"no strips", plain.with(273).file(), "missing"},
		{"too few strips", plain.with(278, 1).file(), "missing"},
		{"too few lengths", plain.with(279, 5).file(), "missing"},
		{"a strip beyond the file", plain.with(273, 8, 5000).file(), "not in the file"},
		{"a strip longer than the file", plain.with(279, 8, 5000).file(), "ends too early"},
		{"offsets beyond the file", plain.with(273).with(273, make([]int, 2)...).file()[:8+100+2+12*10+4+12+8], "not in the file"},
		{"too few tiles", plain.tiled(4, 4, 8, 8).file(), "missing"},
		{"tiles without height", plain.tiled(16, 16, 8).with(323).file(), "tiles are none"},
		{"a huge tile", plain.tiled(65536, 65536, 8).file(), "tiles larger"},
		{"a tile of any size", plain.tiled(1<<32-1, 1<<32-1, 8).file(), "tiles larger"},
		{"a channel after the other, too few", plain.with(284, 2).file(), "missing"},
		{"a planar of 3", plain.with(284, 3).file(), "channels are none"},
	})
	huge := plain
	huge.pixels += strings.Repeat("p", 5<<20)
	profile := huge.with(34675, 1).file()
	// Make the LONG an UNDEFINED of 5 MB.
	copy(profile[8+len(huge.pixels)+2+12*10+2:], le16(7)+le32(5<<20)+le32(8))
	checkSamples(t, []sample{{"a huge profile", profile, "ICC profile"}})
	lie := plain.with(34675, 1).file()
	copy(lie[8+len(plain.pixels)+2+12*10+2:], le16(7)+le32(5<<20)+le32(8))
	checkSamples(t, []sample{{"a profile that is not there", lie, ""}})
}
