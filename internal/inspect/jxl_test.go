package inspect_test

import (
	"slices"
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// low writes numbers, each as its bits, the least significant bit of a byte
// first: value, bits, value, bits.
func low(pairs ...int) string {
	var out []byte
	at := 0
	for i := 0; i < len(pairs); i += 2 {
		for k := range pairs[i+1] {
			if at%8 == 0 {
				out = append(out, 0)
			}
			out[at/8] |= byte(pairs[i]>>k&1) << (at % 8)
			at++
		}
	}
	return string(out)
}

// A jxlSize is SizeHeader of a size whose sides have up to 9 bits.
func jxlSize(w, h int) []int { return []int{0, 1, 0, 2, h - 1, 9, 0, 3, 0, 2, w - 1, 9} }

// jxlOf is a bare codestream with the given metadata, the default without any.
func jxlOf(w, h int, metadata ...int) []byte {
	if metadata == nil {
		metadata = []int{1, 1}
	}
	return []byte("\xff\x0a" + low(append(jxlSize(w, h), metadata...)...) + "pixels")
}

const jxlBox = "\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl "

// jxlParts is a container with a codestream in parts of the given length.
func jxlParts(stream []byte, length int) []byte {
	file, n := []byte(jxlBox), 0
	for part := range slices.Chunk(stream, length) {
		number := n
		if (n+1)*length >= len(stream) {
			number |= 1 << 31
		}
		file = append(file, be32(12+len(part))+"jxlp"+be32(number)+string(part)...)
		n++
	}
	return file
}

func TestJXL(t *testing.T) {
	of := func(change func(*inspect.Header)) inspect.Header {
		h := inspect.Header{Format: media.JXL, Width: 9, Height: 8, Bands: 3, Depth: 8, Samples: 3, Whole: true}
		change(&h)
		return h
	}
	same := func(*inspect.Header) {}
	const box = jxlBox
	bare := string(jxlOf(9, 8))
	// all_default, extra_fields, bit depth, 16-bit buffers, extra channels, channel by
	// default, XYB, color by default
	alpha := []int{0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1}
	grey16 := []int{0, 1, 0, 1, 0, 1, 3, 2, 15, 6, 0, 1, 0, 2, 0, 1, 0, 1, 0, 1, 1, 2}
	floating := []int{0, 1, 0, 1, 1, 1, 0, 2, 7, 4, 0, 1, 0, 2, 1, 1, 1, 1}
	// orientation 6, intrinsic size, preview in eighths, animation
	turned := append(append([]int{0, 1, 1, 1, 5, 3, 1, 1}, jxlSize(300, 400)...),
		1, 1, 1, 1, 0, 2, 1, 3, 1, 1, 0, 2, 0, 2, 0, 2, 0, 1, 0, 1, 0, 2, 1, 1, 0, 2, 1, 1, 1, 1)
	// two extra channels: a spot color with a name of 3 bytes, and depth
	extra := []int{
		0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 2, 2, 0, 4,
		0, 1, 2, 2, 0, 4, 0, 1, 0, 2, 0, 2, 1, 2, 3, 4, 0, 24, 0, 32, 0, 32,
		0, 1, 1, 2, 0, 1, 0, 2, 0, 2, 0, 2,
		1, 1, 1, 1,
	}
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"bare", []byte(bare), of(same)},
		{"in a box", []byte(box + be32(8+len(bare)) + "jxlc" + bare), of(same)},
		{"in a box to the end", []byte(box + be32(0) + "jxlc" + bare), of(same)},
		{"in parts", []byte(box + be32(9) + "Exif" + "x" + be32(12+len(bare)) + "jxlp" + be32(0) + bare), of(same)},
		{"in parts of 3 bytes", jxlParts(jxlOf(9, 8, alpha...), 3), of(func(h *inspect.Header) { h.Bands, h.Samples, h.Alpha = 4, 4, true })},
		{"in parts of a byte", jxlParts(jxlOf(9, 8, extra...), 1), of(func(h *inspect.Header) { h.Bands, h.Samples = 5, 5 })},
		{"in parts, others between", []byte(box + be32(13) + "jxlp" + be32(0) + bare[:1] + be32(9) + "Exif" + "x" + be32(12) + "jxlp" + be32(1) + be32(0) + "jxlp" + be32(1<<31+2) + bare[1:]), of(same)},
		{"a ratio", []byte("\xff\x0a" + low(0, 1, 0, 2, 99, 9, 5, 3, 1, 1)), of(func(h *inspect.Header) { h.Width, h.Height = 177, 100 })},
		{"eighths", []byte("\xff\x0a" + low(1, 1, 4, 5, 0, 3, 9, 5, 1, 1)), of(func(h *inspect.Header) { h.Width, h.Height = 80, 40 })},
		{"30 bits", []byte("\xff\x0a" + low(0, 1, 3, 2, 1<<30-1, 30, 1, 3, 1, 1)), of(func(h *inspect.Header) { h.Width, h.Height = 1<<30, 1<<30 })},
		{"alpha", jxlOf(9, 8, alpha...), of(func(h *inspect.Header) { h.Bands, h.Samples, h.Alpha = 4, 4, true })},
		{"grey, 16 bits", jxlOf(9, 8, grey16...), of(func(h *inspect.Header) { h.Bands, h.Samples, h.Depth = 1, 1, 16 })},
		{"floating", jxlOf(9, 8, floating...), of(func(h *inspect.Header) { h.Depth = 32 })},
		{"turned", jxlOf(9, 8, turned...), of(func(h *inspect.Header) { h.Width, h.Height = 8, 9 })},
		{"spot color", jxlOf(9, 8, extra...), of(func(h *inspect.Header) { h.Bands, h.Samples = 5, 5 })},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, jxlOf(9, 8), 5)
	checkSamples(t, []sample{
		{"a container of nothing", []byte(box), "no codestream"},
		{"something else in the box", []byte(box + be32(8+len(bare)) + "jxlc" + bare[1:] + "x"), "no codestream"},
		{"in parts that end", jxlParts(jxlOf(9, 8, alpha...)[:6], 3), "ends too early"},
		{"in parts of which the second is cut off", jxlParts(jxlOf(9, 8), 3)[:len(box)+15+12], "ends too early"},
		{"a second part before the first", []byte(box + be32(12+len(bare)) + "jxlp" + be32(1) + bare), "no order"},
		{"the first part twice", []byte(strings.Repeat(box+be32(13)+"jxlp"+be32(0)+bare[:1], 2)), "no order"},
		{"a part without a number", []byte(box + be32(10) + "jxlp" + "\x00\x00"), "no order"},
		{"a box beyond the file", []byte(box + be32(5000) + "jxlc" + bare), "no codestream"},
		{"a box of no length", []byte(box + be32(3) + "jxlc" + bare), "no codestream"},
		{"cut in its metadata", jxlOf(9, 8, alpha...)[:6], "ends too early"},
		{"6 extra channels", jxlOf(9, 8, 0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 2, 2, 4, 4, 0x3f, 6, 1, 1, 1, 1), "9 channels"},
		{"4096 extra channels", jxlOf(9, 8, 0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 3, 2, 4095, 12), "ends too early"},
	})
}
