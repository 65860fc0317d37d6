package hostile

import (
	"encoding/binary"
	"fmt"
)

// The tags of a TIFF that are used here.
const (
	tagWidth       = 256
	tagHeight      = 257
	tagBits        = 258
	tagCompression = 259
	tagPhotometric = 262
	tagOffsets     = 273
	tagOrientation = 274
	tagSamples     = 277
	tagRows        = 278
	tagCounts      = 279
	tagPredictor   = 317
	tagPlanar      = 284
	tagTileWidth   = 322
	tagTileHeight  = 323
	tagTileOffsets = 324
	tagTileCounts  = 325
	tagFormat      = 339
)

// A sheet is a TIFF of one strip. Its fields stand in the file as they are.
type sheet struct {
	w, h, bits, samples, compression, photometric int
	data                                          []byte
	more                                          []field // ascending by tag, all above 325 or of those that are left out
	without                                       int     // a tag to leave out
	next                                          int     // of the directory
	big                                           bool    // endian
}

// fields are those of the sheet with one strip at offset.
func (s sheet) fields(offset int) []field {
	list := []field{
		{tagWidth, kindLong, 1, s.w},
		{tagHeight, kindLong, 1, s.h},
		{tagBits, kindShort, 1, s.bits},
		{tagCompression, kindShort, 1, s.compression},
		{tagPhotometric, kindShort, 1, s.photometric},
		{tagOffsets, kindLong, 1, offset},
		{tagSamples, kindShort, 1, s.samples},
		{tagRows, kindLong, 1, s.h},
		{tagCounts, kindLong, 1, len(s.data)},
	}
	var out []field
	for _, f := range list {
		if f.tag != s.without {
			out = append(out, f)
		}
	}
	for _, f := range s.more {
		at := len(out)
		for i, o := range out {
			if o.tag == f.tag {
				out[i], at = f, -1
				break
			}
			if o.tag > f.tag {
				at = i
				break
			}
		}
		if at >= 0 {
			out = append(out[:at], append([]field{f}, out[at:]...)...)
		}
	}
	return out
}

func (s sheet) file() []byte {
	var o binary.AppendByteOrder = binary.LittleEndian
	if s.big {
		o = binary.BigEndian
	}
	offset := 8 + 6 + 12*len(s.fields(0))
	return join(tiffHead(o), directory(o, s.next, s.fields(offset)...), s.data)
}

// greySheet is a right one.
func greySheet(w, h int) sheet {
	return sheet{w: w, h: h, bits: 8, samples: 1, compression: 1, photometric: 1, data: make([]byte, min(w*h, 1<<20))}
}

// with returns the sheet's file with other fields.
func (s sheet) with(more ...field) []byte {
	s.more = more
	return s.file()
}

// tiffs lie about sizes, places and numbers, and go round in circles.
func tiffs(c *corpus, _ seeds) {
	const deflate = 8
	bomb := func(w, h, bits, samples int) []byte {
		return sheet{w: w, h: h, bits: bits, samples: samples, compression: deflate, photometric: 1, data: zeros(1 << 20)}.file()
	}
	for _, size := range [][2]int{
		{1 << 31, 1 << 31}, {1<<31 - 1, 1<<31 - 1}, {1<<32 - 1, 1<<32 - 1}, {60000, 60000}, {1 << 31, 1}, {1, 1 << 31}, {30001, 1}, {1, 30001}, {8000, 8000},
	} {
		c.refused(fmt.Sprintf("tiff/bomb-%dx%d", size[0], size[1]), bomb(size[0], size[1], 8, 1))
		c.refused(fmt.Sprintf("tiff/bomb-bits-%dx%d", size[0], size[1]), bomb(size[0], size[1], 1, 1))
		c.refused(fmt.Sprintf("tiff/bomb-tiled-%dx%d", size[0], size[1]), sheet{
			w: size[0], h: size[1], bits: 8, samples: 1, compression: deflate, photometric: 1, data: zeros(1 << 16), without: tagRows,
		}.with(field{tagTileWidth, kindLong, 1, 1 << 30}, field{tagTileHeight, kindLong, 1, 1 << 30}, field{tagTileOffsets, kindLong, 1, 200}, field{tagTileCounts, kindLong, 1, 100}))
	}
	strip := sheet{w: 7000, h: 7000, bits: 8, samples: 1, compression: deflate, photometric: 1, data: zeros(49_000_000)}
	c.either("tiff/bomb-one-strip-49mp", 7000, 7000, strip.file())
	strip = sheet{w: 7000, h: 7000, bits: 64, samples: 1, compression: deflate, photometric: 1, data: zeros(8 * 49_000_000)}
	c.either("tiff/bomb-one-strip-49mp-of-doubles", 7000, 7000, strip.with(field{tagFormat, kindShort, 1, 3}))
	g := greySheet(24, 16)
	c.either("tiff/bomb-65535-samples", 0, 0, g.with(field{tagSamples, kindShort, 1, 65535}))
	c.refused("tiff/bomb-samples-and-size", sheet{w: 7000, h: 7000, bits: 8, samples: 60000, compression: deflate, photometric: 1, data: zeros(1 << 20)}.file())
	for _, b := range []int{0, 3, 7, 12, 24, 64, 65535} {
		c.either(fmt.Sprintf("tiff/lie-bits-%d", b), 24, 16, g.with(field{tagBits, kindShort, 1, b}))
	}
	for _, m := range []int{0, 2, 3, 4, 5, 6, 7, 32773, 32946, 34661, 34676, 34712, 34925, 50000, 50001, 65535} {
		c.either(fmt.Sprintf("tiff/lie-compression-%d", m), 24, 16, g.with(field{tagCompression, kindShort, 1, m}))
	}
	for _, p := range []int{3, 4, 6, 8, 9, 10, 32803, 32844, 34892, 65535} {
		c.either(fmt.Sprintf("tiff/lie-photometric-%d", p), 24, 16, g.with(field{tagPhotometric, kindShort, 1, p}))
	}
	for _, tag := range []int{tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric, tagOffsets, tagSamples, tagRows, tagCounts} {
		left := g
		left.without = tag
		c.either(fmt.Sprintf("tiff/lie-without-%d", tag), 0, 0, left.file())
		c.either(fmt.Sprintf("tiff/lie-4-billion-of-%d", tag), 0, 0, g.with(field{tag, kindLong, 1<<32 - 1, 8}))
		c.either(fmt.Sprintf("tiff/lie-none-of-%d", tag), 0, 0, g.with(field{tag, kindLong, 0, 0}))
		c.either(fmt.Sprintf("tiff/lie-huge-%d", tag), 0, 0, g.with(field{tag, kindLong, 1, 1<<32 - 1}))
	}
	c.refused("tiff/lie-no-width", g.with(field{tagWidth, kindLong, 1, 0}))
	c.refused("tiff/lie-no-height", g.with(field{tagHeight, kindLong, 1, 0}))
	c.either("tiff/lie-predictor", 24, 16, g.with(field{tagPredictor, kindShort, 1, 3}))
	c.either("tiff/lie-planar", 24, 16, g.with(field{tagPlanar, kindShort, 1, 9}))
	tiffDirectories(c, g)
}

// tiffDirectories have many, or the same one for ever.
func tiffDirectories(c *corpus, g sheet) {
	g.next = 8
	c.either("tiff/loop-next", 24, 16, g.file())
	c.either("tiff/loop-sub", 24, 16, g.with(field{330, kindLong, 1, 8}))
	c.either("tiff/loop-exif", 24, 16, g.with(field{34665, kindLong, 1, 8}))
	g.next = 1<<32 - 1
	c.either("tiff/loop-beyond", 24, 16, g.file())
	g.next = 0
	for _, n := range []int{301, 10_000} {
		c.refused(fmt.Sprintf("tiff/pages-%d", n), pages(n))
	}
	c.rendered("tiff/pages-20", 8, 8, pages(20))
	c.refused("tiff/lie-directory-beyond", []byte("II*\x00\xff\xff\xff\x7f"))
	c.refused("tiff/lie-directory-at-0", []byte("II*\x00\x00\x00\x00\x00"))
	c.refused("tiff/lie-magic-alone", []byte("MM\x00*"))
	c.refused("tiff/lie-empty-directory", join(tiffHead(binary.LittleEndian), directory(binary.LittleEndian, 0)))
	c.refused("tiff/lie-65535-entries", join(tiffHead(binary.LittleEndian), le16(65535), make([]byte, 4000)))
	c.refused("tiff/big-lie-offset", []byte("II+\x00\x08\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	c.refused("tiff/big-lie-offset-size", []byte("II+\x00\x03\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"))
	c.refused("tiff/big-lie-entries", join([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), text("\xff", 100)))
}

// pages is a TIFF of n pages of 8x8 pixels that share one strip.
func pages(n int) []byte {
	o := binary.LittleEndian
	p := greySheet(8, 8)
	out := tiffHead(o)
	size := 6 + 12*len(p.fields(0))
	for i := range n {
		next := 0
		if i < n-1 {
			next = 8 + (i+1)*size
		}
		out = append(out, directory(o, next, p.fields(8+n*size)...)...)
	}
	return append(out, p.data...)
}

// tiffOdd are right.
func tiffOdd(c *corpus, _ seeds) {
	for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {24, 16}} {
		g := greySheet(size[0], size[1])
		c.rendered(fmt.Sprintf("tiff/odd-%dx%d", size[0], size[1]), size[0], size[1], g.file())
		g.big = true
		c.rendered(fmt.Sprintf("tiff/odd-big-endian-%dx%d", size[0], size[1]), size[0], size[1], g.file())
	}
	for o := 1; o <= 8; o++ {
		w, h := 24, 16
		if o >= 5 {
			w, h = h, w
		}
		c.rendered(fmt.Sprintf("tiff/odd-orientation-%d", o), w, h, greySheet(24, 16).with(field{tagOrientation, kindShort, 1, o}))
	}
	for _, o := range []int{0, 9, 65535} {
		c.rendered(fmt.Sprintf("tiff/odd-orientation-%d", o), 24, 16, greySheet(24, 16).with(field{tagOrientation, kindShort, 1, o}))
	}
	for _, b := range []int{1, 2, 4, 8, 16} {
		c.rendered(fmt.Sprintf("tiff/odd-bits-%d", b), 24, 16, sheet{w: 24, h: 16, bits: b, samples: 1, compression: 1, photometric: 1, data: make([]byte, 16*3*b)}.file())
	}
	c.rendered("tiff/odd-white-is-zero", 24, 16, sheet{w: 24, h: 16, bits: 8, samples: 1, compression: 1, photometric: 0, data: make([]byte, 24*16)}.file())
	c.rendered("tiff/odd-deflate", 24, 16, sheet{w: 24, h: 16, bits: 8, samples: 1, compression: 8, photometric: 1, data: zeros(24 * 16)}.file())
	c.rendered("tiff/odd-floats", 24, 16, sheet{w: 24, h: 16, bits: 32, samples: 1, compression: 1, photometric: 1, data: make([]byte, 24*16*4)}.with(field{tagFormat, kindShort, 1, 3}))
}
