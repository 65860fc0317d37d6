package inspect_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// bmpOf is a BMP without a palette; height may be negative.
func bmpOf(w, h, depth int) []byte {
	rows := (w*depth + 31) / 32 * 4 * max(h, -h)
	return []byte("BM" + le32(54+rows) + le32(0) + le32(54) + le32(40) + le32(w) + le32(h) + le16(1) + le16(depth) +
		strings.Repeat("\x00", 24) + strings.Repeat("x", rows))
}

func TestBMP(t *testing.T) {
	of := inspect.Header{Format: media.BMP, Width: 9, Height: 8, Bands: 3, Depth: 8, Samples: 3, Whole: true}
	for _, depth := range []int{1, 2, 4, 8, 24, 32} {
		checkHeader(t, "bits", bmpOf(9, 8, depth), of)
		checkHeader(t, "the top row first", bmpOf(9, -8, depth), of)
	}
	checkHeader(t, "data after it", append(bmpOf(9, 8, 24), "junk"...), of)
	v5 := bmpOf(9, 8, 32)
	v5[14] = 124
	alpha := of
	alpha.Bands, alpha.Alpha = 4, true
	checkHeader(t, "alpha", v5, alpha)
	checkCuts(t, bmpOf(9, 8, 24), len(bmpOf(9, 8, 24)))
}

func TestBMPRefuses(t *testing.T) {
	with := func(at int, bytes string) []byte {
		data := bmpOf(9, 8, 24)
		copy(data[at:], bytes)
		return data
	}
	var lowest [4]byte
	binary.LittleEndian.PutUint32(lowest[:], 1<<31)
	checkSamples(t, []sample{
		{"OS/2", with(14, le32(12)), "of this kind"},
		{"no planes", with(26, le16(0)), "of this kind"},
		{"16 bits", with(28, le16(16)), "of this kind"},
		{"no bits", with(28, le16(0)), "of this kind"},
		{"run lengths", with(30, le32(1)), "of this kind"},
		{"a JPEG inside", with(30, le32(4)), "of this kind"},
		{"masks", with(30, le32(3)), "of this kind"},
		{"no width", with(18, le32(0)), "size is none"},
		{"a negative width", with(18, le32(-9)), "size is none"},
		{"no height", with(22, le32(0)), "size is none"},
		{"the lowest height", with(22, string(lowest[:])), "size is none"},
		{"the largest", with(18, le32(1<<31-1)+le32(1<<31-1)), "ends too early"},
		{"pixels beyond the file", with(10, le32(5000)), "ends too early"},
	})
}
