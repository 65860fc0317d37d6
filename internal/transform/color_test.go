package transform_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"pixedge/internal/imgtest"
)

// cmykTIFF is a picture of one plain color: uncompressed, 8 bits a channel
// (TIFF 6.0, section 16).
func cmykTIFF(side int, ink [4]byte) []byte {
	short := func(tag, v uint16) []any { return []any{tag, uint16(3), uint32(1), v, uint16(0)} }
	const (
		entries = 10
		bits    = 8 + 2 + entries*12 + 4 // where the depths of the channels are
		pixels  = bits + 8
	)
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			// Writing numbers to a buffer cannot fail.
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	put([]byte("II"), uint16(42), uint32(8), uint16(entries))
	put(short(256, uint16(side))...)
	put(short(257, uint16(side))...)
	put(uint16(258), uint16(3), uint32(4), uint32(bits))
	put(short(259, 1)...) // no compression
	put(short(262, 5)...) // CMYK
	put(uint16(273), uint16(4), uint32(1), uint32(pixels))
	put(short(277, 4)...)
	put(short(278, uint16(side))...)
	put(uint16(279), uint16(4), uint32(1), uint32(4*side*side))
	put(short(284, 1)...) // channels side by side
	put(uint32(0), [4]uint16{8, 8, 8, 8})
	put(bytes.Repeat(ink[:], side*side))
	return b.Bytes()
}

// TestCMYK prints inks on paper, by the profile that libvips has for pictures
// without one of their own.
func TestCMYK(t *testing.T) {
	tests := []struct {
		name string
		ink  [4]byte
		want color.NRGBA
	}{
		{"paper", [4]byte{0, 0, 0, 0}, color.NRGBA{255, 255, 255, 255}},
		{"cyan", [4]byte{255, 0, 0, 0}, color.NRGBA{0, 153, 228, 255}},
		{"magenta", [4]byte{0, 255, 0, 0}, color.NRGBA{234, 0, 130, 255}},
		{"yellow", [4]byte{0, 0, 255, 0}, color.NRGBA{255, 242, 0, 255}},
		{"black", [4]byte{0, 0, 0, 255}, color.NRGBA{18, 4, 23, 255}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			original := cmykTIFF(16, tt.ink)
			for _, chain := range []string{"t.toFormat(f:png)", "t.resize(w:8)~t.toFormat(f:png)", "t.flip()~t.toFormat(f:jpeg,q:100)"} {
				got := imgtest.Decode(t, mustRender(t, chain, original).Data)
				if near := got.At(4, 4); !close(near, tt.want, 6) {
					t.Errorf("%s: %v is printed as %v, want about %v", chain, tt.ink, near, tt.want)
				}
			}
		})
	}
}

// close reports whether no channel of two colors differs by more than steps of
// 255.
func close(a, b color.Color, steps float64) bool {
	r1, g1, b1, a1 := a.RGBA()
	r2, g2, b2, a2 := b.RGBA()
	for _, d := range []float64{float64(r1) - float64(r2), float64(g1) - float64(g2), float64(b1) - float64(b2), float64(a1) - float64(a2)} {
		if math.Abs(d) > steps*257 {
			return false
		}
	}
	return true
}

// profileName stands in the profile that profile makes, to be found again.
const profileName = "Pixedge exchanged"

// profile is an ICC profile (ICC.1:2001-04) of a space whose red is the green of
// sRGB, whose green is its blue and whose blue is its red, all in linear light.
func profile() []byte {
	fixed := func(x, y, z float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range []float64{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, uint32(math.Round(v*65536)))
		}
		return b
	}
	name := append([]byte("desc\x00\x00\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(profileName)+1))...)
	name = append(append(name, profileName...), make([]byte, 1+4+4+2+1+67)...)
	line := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x00") // what goes in comes out
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", name},
		{"cprt", []byte("text\x00\x00\x00\x00None\x00")},
		{"wtpt", fixed(0.9642, 1, 0.8249)},
		// The primaries of sRGB, adapted to D50.
		{"rXYZ", fixed(0.3851, 0.7169, 0.0971)},
		{"gXYZ", fixed(0.1431, 0.0606, 0.7141)},
		{"bXYZ", fixed(0.4361, 0.2225, 0.0139)},
		{"rTRC", line},
		{"gTRC", line},
		{"bTRC", line},
	}
	const header = 128
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	for _, tag := range tags {
		at := header + 4 + 12*len(tags) + len(data)
		table = append(table, tag.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(at))
		table = binary.BigEndian.AppendUint32(table, uint32(len(tag.data)))
		data = append(data, tag.data...)
		data = append(data, make([]byte, -len(data)&3)...)
	}
	head := make([]byte, header)
	binary.BigEndian.PutUint32(head, uint32(header+len(table)+len(data)))
	copy(head[8:], "\x02\x40\x00\x00mntrRGB XYZ ")
	copy(head[24:], "\x07\xea\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00acsp")
	copy(head[68:], fixed(0.9642, 1, 0.8249)[8:])
	return bytes.Join([][]byte{head, table, data}, nil)
}

// withProfile puts a profile behind the start of a JPEG.
func withProfile(jpeg, icc []byte) []byte {
	return withSegment(jpeg, 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), icc...))
}

// withSegment puts a segment behind the start of a JPEG.
func withSegment(jpeg []byte, marker byte, data []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2))
	return bytes.Join([][]byte{jpeg[:2], head, data, jpeg[2:]}, nil)
}

// withChunk puts the profile behind the header of a PNG.
func withChunk(tb testing.TB, picture, icc []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(icc); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	body := append([]byte("iCCPname\x00\x00"), packed.Bytes()...)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(body)-4)), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	const header = 8 + 25 // signature and IHDR
	return bytes.Join([][]byte{picture[:header], chunk, picture[header:]}, nil)
}

// plain is a picture of one color.
func plain(w, h int, c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

// curve brings linear light, 0 to 255, to sRGB (IEC 61966-2-1).
func curve(v uint8) uint8 {
	x := float64(v) / 255
	if x <= 0.0031308 {
		return uint8(math.Round(255 * 12.92 * x))
	}
	return uint8(math.Round(255 * (1.055*math.Pow(x, 1/2.4) - 0.055)))
}

// TestProfile takes the same color in an unusual space, in sRGB, and with
// profiles that are none.
func TestProfile(t *testing.T) {
	stored := color.NRGBA{120, 60, 20, 255}
	meant := color.NRGBA{curve(stored.B), curve(stored.R), curve(stored.G), 255}
	png := imgtest.PNG(t, plain(16, 16, stored))
	jpeg := imgtest.JPEG(t, plain(16, 16, stored), 0)
	cut := profile()[:200]
	press := bytes.Replace(profile(), []byte("mntrRGB "), []byte("prtrCMYK"), 1)
	tests := []struct {
		name     string
		original []byte
		want     color.NRGBA
	}{
		{"png", withChunk(t, png, profile()), meant},
		{"jpeg", withProfile(jpeg, profile()), meant},
		{"none", jpeg, stored},
		{"png, no profile", withChunk(t, png, bytes.Repeat([]byte("not a profile"), 20)), stored},
		{"jpeg, no profile", withProfile(jpeg, bytes.Repeat([]byte("not a profile"), 20)), stored},
		{"jpeg, cut off", withProfile(jpeg, cut), stored},
		{"jpeg, of another space", withProfile(jpeg, press), stored},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chain := range []string{"t.toFormat(f:png)", "t.resize(w:8)~t.toFormat(f:png)"} {
				got := imgtest.Decode(t, mustRender(t, chain, tt.original).Data)
				if c := got.At(4, 4); !close(c, tt.want, 3) {
					t.Errorf("%s: %v became %v, want %v", chain, stored, c, tt.want)
				}
			}
		})
	}
}
