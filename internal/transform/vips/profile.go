package vips

/*
#include "vips.h"
*/
import "C"

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// profile returns the ICC profile of the image, which lives as long as the image;
// nil if there is none.
func (m *Image) profile() []byte {
	c, free := cString("icc-profile-data")
	defer free()
	var data unsafe.Pointer
	var size C.size_t
	if C.pixedge_get_blob(m.ref, c, &data, &size) != 0 {
		C.vips_error_clear()
		return nil
	}
	return unsafe.Slice((*byte)(data), int(size))
}

// isSRGB reports whether an ICC profile says of colors what they mean without one:
// the primaries and the curve of sRGB (IEC 61966-2-1), as a matrix and three curves
// (ICC.1:2022, 8.3.3). Most photographs carry such a profile. A profile with tables,
// or one that cannot be read, is not taken for sRGB.
func isSRGB(icc []byte) bool {
	const space, connection, tags = 16, 20, 128
	if len(icc) < tags+4 || string(icc[space:space+4]) != "RGB " || string(icc[connection:connection+4]) != "XYZ " {
		return false
	}
	matched := 0
	for i := range min(binary.BigEndian.Uint32(icc[tags:]), 100) {
		entry := tags + 4 + 12*int(i)
		if entry+12 > len(icc) {
			return false
		}
		at, size := uint64(binary.BigEndian.Uint32(icc[entry+4:])), uint64(binary.BigEndian.Uint32(icc[entry+8:]))
		if at+size > uint64(len(icc)) {
			return false
		}
		switch same, known := sameAsSRGB(string(icc[entry:entry+4]), icc[at:at+size]); {
		case known && !same:
			return false
		case known:
			matched++
		}
	}
	return matched == 6
}

// sameAsSRGB compares the value of a tag with what sRGB has. known is false for
// tags that say nothing of colors.
func sameAsSRGB(tag string, value []byte) (same, known bool) {
	switch tag {
	// The primaries, adapted to D50 by Bradford's transform.
	case "rXYZ":
		return isPoint(value, 0.4361, 0.2225, 0.0139), true
	case "gXYZ":
		return isPoint(value, 0.3851, 0.7169, 0.0971), true
	case "bXYZ":
		return isPoint(value, 0.1431, 0.0606, 0.7142), true
	case "rTRC", "gTRC", "bTRC":
		return isCurve(value), true
	case "A2B0", "A2B1", "A2B2", "D2B0", "D2B1", "D2B2":
		return false, true // tables go before the matrix
	}
	return false, false
}

// fixed reads a number with 16 bits behind the point.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

func isPoint(v []byte, x, y, z float64) bool {
	const most = 0.0015 // less than a step of 255 in any color
	return len(v) >= 20 && string(v[:4]) == "XYZ " && near(fixed(v[8:]), x, most) && near(fixed(v[12:]), y, most) && near(fixed(v[16:]), z, most)
}

// isCurve reports whether a curve is that of sRGB, given as a formula or a table.
func isCurve(v []byte) bool {
	switch {
	case len(v) >= 32 && string(v[:4]) == "para" && binary.BigEndian.Uint16(v[8:]) == 3:
		for i, want := range []float64{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045} {
			if !near(fixed(v[12+4*i:]), want, 0.001) {
				return false
			}
		}
		return true
	case len(v) >= 12 && string(v[:4]) == "curv":
		n := int(binary.BigEndian.Uint32(v[8:]))
		return n >= 256 && n <= 65536 && len(v) >= 12+2*n && isTable(v[12:12+2*n])
	}
	return false
}

func isTable(v []byte) bool {
	last := float64(len(v)/2 - 1)
	for i := 0; i < len(v); i += 2 {
		x := float64(i/2) / last
		want := x / 12.92
		if x > 0.04045 {
			want = math.Pow((x+0.055)/1.055, 2.4)
		}
		if !near(float64(binary.BigEndian.Uint16(v[i:]))/65535, want, 0.002) {
			return false
		}
	}
	return true
}
