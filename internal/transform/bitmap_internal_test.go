package transform

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// A bitmap is a BMP to be written field by field.
type bitmap struct {
	info        int // length of the second header
	w, h        int32
	planes      uint16
	bits        uint16
	compression uint32
	palette     []byte // BGR0
	rows        []byte
	gap         int // bytes between headers and pixels that nobody announced
}

// file writes the fields.
func (b bitmap) file() []byte {
	le := binary.LittleEndian
	begin := 14 + b.info + len(b.palette) + b.gap
	f := append([]byte("BM"), make([]byte, begin-2)...)
	le.PutUint32(f[2:], uint32(begin+len(b.rows)))
	le.PutUint32(f[10:], uint32(begin))
	le.PutUint32(f[14:], uint32(b.info))
	if b.info >= 40 {
		le.PutUint32(f[18:], uint32(b.w))
		le.PutUint32(f[22:], uint32(b.h))
		le.PutUint16(f[26:], b.planes)
		le.PutUint16(f[28:], b.bits)
		le.PutUint32(f[30:], b.compression)
		le.PutUint32(f[46:], uint32(len(b.palette)/4))
	}
	if b.info > 40 {
		for i, mask := range []uint32{0xff0000, 0xff00, 0xff, 0xff000000} {
			le.PutUint32(f[54+4*i:], mask)
		}
	}
	copy(f[14+b.info:], b.palette)
	return append(f, b.rows...)
}

// with returns b after a change.
func (b bitmap) with(change func(*bitmap)) bitmap {
	change(&b)
	return b
}

var (
	// Red and green above blue and white.
	square = []byte{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}
	most   = Limits{MaxPixels: 1000, MaxSide: 100, MaxFrames: 1}
)

func plain24() bitmap {
	return bitmap{info: 40, w: 2, h: 2, planes: 1, bits: 24, rows: []byte{
		255, 0, 0, 255, 255, 255, 0, 0,
		0, 0, 255, 0, 255, 0, 0, 0,
	}}
}

func plain32(alpha [4]byte) bitmap {
	return bitmap{info: 108, w: 2, h: 2, planes: 1, bits: 32, rows: []byte{
		255, 0, 0, alpha[2], 255, 255, 255, alpha[3],
		0, 0, 255, alpha[0], 0, 255, 0, alpha[1],
	}}
}

func indexed(bits uint16, rows ...byte) bitmap {
	return bitmap{
		info: 40, w: 2, h: 2, planes: 1, bits: bits, rows: rows,
		palette: []byte{0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0},
	}
}

// openBMP reads a file as a renderer does, to the point where libvips takes over.
func openBMP(file []byte) (pixels []byte, w, h, bands int, err error) {
	s, err := sourceOf(media.Image{Data: file, Format: media.BMP}, most)
	return s.data, s.header.Width, s.header.Height, s.bands, err
}

func TestDecodeBMP(t *testing.T) {
	twoColors := indexed(1, 0x80, 0, 0, 0, 0x40, 0, 0, 0)
	twoColors.palette = twoColors.palette[:8]
	for _, tt := range []struct {
		name string
		file bitmap
		want []byte
	}{
		{"1 bit", twoColors, []byte{255, 0, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0}},
		{"2 bits", indexed(2, 0xb0, 0, 0, 0, 0x10, 0, 0, 0), square},
		{"4 bits", indexed(4, 0x23, 0, 0, 0, 0x01, 0, 0, 0), square},
		{"8 bits", indexed(8, 2, 3, 0, 0, 0, 1, 0, 0), square},
		{"24 bits", plain24(), square},
		{"top row first", plain24().with(func(b *bitmap) {
			b.h = -2
			b.rows = slices.Concat(b.rows[8:], b.rows[:8])
		}), square},
		{"version 5", plain24().with(func(b *bitmap) { b.info = 124 }), square},
		{"more than there is", plain24().with(func(b *bitmap) { b.rows = append(b.rows, 1, 2, 3) }), square},
		{"32 bits, old", plain32([4]byte{1, 2, 3, 4}).with(func(b *bitmap) { b.info = 40 }), square},
		{"32 bits, opaque", plain32([4]byte{255, 255, 255, 255}), square},
		{"32 bits, no alpha", plain32([4]byte{}), square},
		{"32 bits, the usual masks", plain32([4]byte{}).with(func(b *bitmap) { b.compression = 3 }), square},
		{"32 bits, alpha", plain32([4]byte{0, 1, 2, 3}), []byte{255, 0, 0, 0, 0, 255, 0, 1, 0, 0, 255, 2, 255, 255, 255, 3}},
	} {
		pixels, w, h, bands, err := openBMP(tt.file.file())
		if err != nil || w != 2 || h != 2 || bands*4 != len(tt.want) || !bytes.Equal(pixels, tt.want) {
			t.Errorf("%s: %dx%d, %d bands of %v, %v; want %v", tt.name, w, h, bands, pixels, err, tt.want)
		}
	}
}

func TestDecodeBMPRefuses(t *testing.T) {
	good := plain24().file()
	if _, _, _, _, err := openBMP(good); err != nil {
		t.Fatal(err)
	}
	for n := 10; n < len(good); n++ { // with fewer it is no BMP
		if _, _, _, _, err := openBMP(good[:n]); fault.Of(err) != fault.Unprocessable {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for name, change := range map[string]func(*bitmap){
		"too wide":            func(b *bitmap) { b.w = 101 },
		"too high":            func(b *bitmap) { b.h = -101 },
		"too many pixels":     func(b *bitmap) { b.w, b.h = 40, 40 },
		"the largest":         func(b *bitmap) { b.w, b.h = 1<<31-1, -1<<31 },
		"more than it has":    func(b *bitmap) { b.w, b.h = 30, 30 },
		"a negative width":    func(b *bitmap) { b.w = -2 },
		"no width":            func(b *bitmap) { b.w = 0 },
		"no size":             func(b *bitmap) { b.w, b.h = 0, 0 },
		"no planes":           func(b *bitmap) { b.planes = 0 },
		"no bits":             func(b *bitmap) { b.bits = 0 },
		"16 bits":             func(b *bitmap) { b.bits = 16 },
		"64 bits":             func(b *bitmap) { b.bits = 64 },
		"run lengths":         func(b *bitmap) { b.bits, b.compression = 8, 1 },
		"a JPEG inside":       func(b *bitmap) { b.compression = 4 },
		"masks":               func(b *bitmap) { b.compression = 3 },
		"OS/2":                func(b *bitmap) { b.info = 12 },
		"a strange header":    func(b *bitmap) { b.info = 64 },
		"a gap":               func(b *bitmap) { b.gap = 4 },
		"too many colors":     func(b *bitmap) { b.bits, b.palette = 1, make([]byte, 1024) },
		"a color not there":   func(b *bitmap) { b.bits, b.palette = 8, make([]byte, 4) },
		"colors not the info": func(b *bitmap) { b.bits, b.palette = 8, nil },
	} {
		if _, _, _, _, err := openBMP(plain24().with(change).file()); fault.Of(err) != fault.Unprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodeBMP(t *testing.T) {
	for _, tt := range []struct {
		name     string
		pixels   []byte
		w, h     int
		bands    int
		want     []byte
		wantSize int
	}{
		{"RGB", square, 2, 2, 3, square, 54 + 16},
		{"a column", square, 1, 4, 3, square, 54 + 16},
		{"a row", square, 4, 1, 3, square, 54 + 12},
		{"RGBA on black", []byte{255, 100, 0, 255, 255, 100, 0, 128, 255, 255, 255, 0}, 3, 1, 4, []byte{255, 100, 0, 128, 50, 0, 0, 0, 0}, 54 + 12},
	} {
		file, err := encodeBMP(tt.pixels, tt.w, tt.h, tt.bands)
		if err != nil || len(file) != tt.wantSize {
			t.Errorf("%s: %d bytes, %v; want %d", tt.name, len(file), err, tt.wantSize)
			continue
		}
		pixels, w, h, bands, err := openBMP(file)
		if err != nil || w != tt.w || h != tt.h || bands != 3 || !bytes.Equal(pixels, tt.want) {
			t.Errorf("%s: %dx%d, %d bands of %v, %v; want %v", tt.name, w, h, bands, pixels, err, tt.want)
		}
	}
}

func TestEncodeBMPRefuses(t *testing.T) {
	for _, tt := range []struct{ bytes, w, h, bands int }{
		{12, 2, 2, 4}, {11, 2, 2, 3}, {0, 0, 0, 3}, {0, 0, 5, 3}, {12, -2, -2, 3}, {4, 2, 2, 1}, {0, 2, 2, 0},
	} {
		if _, err := encodeBMP(make([]byte, tt.bytes), tt.w, tt.h, tt.bands); err == nil {
			t.Errorf("%d bytes pass for %dx%d pixels of %d bands", tt.bytes, tt.w, tt.h, tt.bands)
		}
	}
}

// FuzzDecodeBMP must not panic, and what it reads must be whole.
func FuzzDecodeBMP(f *testing.F) {
	for _, b := range []bitmap{plain24(), plain32([4]byte{0, 1, 2, 3}), indexed(4, 0x23, 0, 0, 0, 0x01, 0, 0, 0)} {
		f.Add(b.file())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if format, _ := media.Sniff(data); format != media.BMP {
			return
		}
		pixels, w, h, bands, err := openBMP(data)
		if err == nil && (len(pixels) != w*h*bands || w < 1 || h < 1 || bands < 3 || bands > 4) {
			t.Errorf("%d bytes for %dx%d pixels of %d bands", len(pixels), w, h, bands)
		}
		if err != nil && fault.Of(err) != fault.Unprocessable {
			t.Error(err)
		}
	})
}
