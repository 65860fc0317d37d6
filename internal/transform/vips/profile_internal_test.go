package vips

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// A tag is a part of a profile.
type tag struct{ name, value string }

func be(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

func fix(x float64) string { return be(uint32(int32(math.Round(x * 65536)))) }

func point(x, y, z float64) string { return "XYZ \x00\x00\x00\x00" + fix(x) + fix(y) + fix(z) }

func formula(gamma float64) string {
	return "para\x00\x00\x00\x00\x00\x03\x00\x00" + fix(gamma) + fix(1/1.055) + fix(0.055/1.055) + fix(1/12.92) + fix(0.04045)
}

// table is a curve of n points to the power of gamma, or sRGB's for 0.
func table(n int, gamma float64) string {
	v := []byte("curv\x00\x00\x00\x00" + be(uint32(n)))
	for i := range n {
		x := float64(i) / float64(n-1)
		y := math.Pow(x, gamma)
		if gamma == 0 {
			y = x / 12.92
			if x > 0.04045 {
				y = math.Pow((x+0.055)/1.055, 2.4)
			}
		}
		v = binary.BigEndian.AppendUint16(v, uint16(math.Round(y*65535)))
	}
	return string(v)
}

// standard are the tags of sRGB, with a curve.
func standard(curve string) []tag {
	return []tag{
		{"desc", "whatever"},
		{"rXYZ", point(0.4361, 0.2225, 0.0139)},
		{"gXYZ", point(0.3851, 0.7169, 0.0971)},
		{"bXYZ", point(0.1431, 0.0606, 0.7141)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	}
}

func icc(space string, tags []tag) []byte {
	header := make([]byte, 128)
	copy(header[16:], space+"XYZ ")
	directory, values := []byte(be(uint32(len(tags)))), []byte(nil)
	for _, t := range tags {
		directory = append(directory, t.name+be(uint32(132+12*len(tags)+len(values)))+be(uint32(len(t.value)))...)
		values = append(values, t.value...)
	}
	return slices.Concat(header, directory, values)
}

func TestIsSRGB(t *testing.T) {
	adobe := standard(table(1024, 2.2))
	adobe[1].value, adobe[2].value, adobe[3].value = point(0.6097, 0.3111, 0.0195), point(0.2053, 0.6257, 0.0609), point(0.1492, 0.0632, 0.7446)
	tests := []struct {
		name string
		icc  []byte
		want bool
	}{
		{"a formula", icc("RGB ", standard(formula(2.4))), true},
		{"a table", icc("RGB ", standard(table(1024, 0))), true},
		{"a short table", icc("RGB ", standard(table(256, 0))), true},
		{"another formula", icc("RGB ", standard(formula(2.2))), false},
		{"another curve", icc("RGB ", standard(table(1024, 2.2))), false},
		{"Adobe RGB", icc("RGB ", adobe), false},
		{"tables", icc("RGB ", append(standard(formula(2.4)), tag{"A2B0", "mft2"})), false},
		{"a curve missing", icc("RGB ", standard(formula(2.4))[:6]), false},
		{"a table that ends early", icc("RGB ", standard(table(1024, 0)[:500])), false},
		{"CMYK", icc("CMYK", standard(formula(2.4))), false},
		{"nothing", nil, false},
		{"a header", make([]byte, 128), false},
		{"a tag beyond the end", icc("RGB ", standard(formula(2.4)))[:300], false},
	}
	for _, tt := range tests {
		if got := isSRGB(tt.icc); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func FuzzIsSRGB(f *testing.F) {
	f.Add(icc("RGB ", standard(formula(2.4))))
	f.Add(icc("RGB ", standard(table(256, 0))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if isSRGB(data) && len(data) < 132+6*12 {
			t.Error("a profile without six tags is sRGB")
		}
	})
}
