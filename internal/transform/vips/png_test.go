package vips_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color/palette"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"

	"pixedge/internal/transform/vips"
)

const anyFilter = -1

// A drawn is a PNG that a test makes itself, to have every filter and every way to
// cut the stream.
type drawn struct {
	w, h, bands int
	filter      int    // of all rows; anyFilter: another one for each
	piece       int    // bytes of the stream in a chunk; 0: all
	before      string // a chunk before the pixels, name and content
}

func chunk(name string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, name...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func signed(chunks ...[]byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Join(chunks, nil)...)
}

func (d drawn) header() []byte {
	ihdr := binary.BigEndian.AppendUint32(nil, uint32(d.w))
	ihdr = binary.BigEndian.AppendUint32(ihdr, uint32(d.h))
	return chunk("IHDR", append(ihdr, 8, [...]byte{0, 0, 4, 2, 6}[d.bands], 0, 0, 0))
}

// stream is the compressed rows. What their bytes mean is left to the filters: all
// of them are noise.
func (d drawn) stream(tb testing.TB) []byte {
	tb.Helper()
	random := rand.New(rand.NewPCG(uint64(d.w), uint64(d.h)))
	row := 1 + d.w*d.bands
	rows := make([]byte, d.h*row)
	for i := range rows {
		rows[i] = byte(random.IntN(256))
		if i%row != 0 {
			continue
		}
		if rows[i] = byte(d.filter); d.filter == anyFilter {
			rows[i] = byte(random.IntN(5))
		}
	}
	return deflated(tb, rows)
}

func deflated(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := z.Write(data)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func (d drawn) file(tb testing.TB) []byte {
	tb.Helper()
	stream, chunks := d.stream(tb), [][]byte{d.header()}
	if d.before != "" {
		chunks = append(chunks, chunk(d.before[:4], []byte(d.before[4:])))
	}
	if d.piece == 0 {
		d.piece = len(stream)
	}
	for piece := range slices.Chunk(stream, d.piece) {
		chunks = append(chunks, chunk("IDAT", piece))
	}
	return signed(append(chunks, chunk("IEND", nil))...)
}

// whole opens a PNG, decodes it at once if that can be, and returns the pixels.
func whole(tb testing.TB, data []byte) (img *vips.Image, ok bool) {
	tb.Helper()
	img, err := vips.Open(data, vips.LoadPNG, 1, false)
	if err != nil {
		return nil, false
	}
	tb.Cleanup(img.Close)
	ok, err = img.Part(data, vips.LoadPNG, 1, image.Rectangle{})
	if err != nil {
		tb.Fatal(err)
	}
	return img, ok
}

// usual returns the pixels that libvips itself decodes.
func usual(tb testing.TB, data []byte) ([]byte, error) {
	tb.Helper()
	img, err := vips.Open(data, vips.LoadPNG, 1, false)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return img.Pixels()
}

// TestWholePNG compares pixels with those that libvips decodes.
func TestWholePNG(t *testing.T) {
	sizes := []image.Point{{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 40}, {5, 7}, {15, 33}, {16, 16}, {17, 31}, {64, 3}, {101, 77}, {640, 211}}
	for bands := 1; bands <= 4; bands++ {
		for filter := anyFilter; filter <= 4; filter++ {
			t.Run(fmt.Sprintf("bands%d/filter%d", bands, filter), func(t *testing.T) {
				for i, size := range sizes {
					data := drawn{w: size.X, h: size.Y, bands: bands, filter: filter, piece: []int{0, 1, 7, 8192}[i%4]}.file(t)
					want, err := usual(t, data)
					if err != nil {
						t.Fatal(err)
					}
					img, ok := whole(t, data)
					if !ok {
						t.Fatalf("%v is left to libvips", size)
					}
					if got := pixels(t, img); !bytes.Equal(got, want) {
						t.Errorf("%v: other pixels than libvips", size)
					}
				}
			})
		}
	}
}

// TestWholePNGLeaves names what is left to libvips, which says what is wrong with it.
func TestWholePNGLeaves(t *testing.T) {
	d := drawn{w: 40, h: 30, bands: 4, filter: anyFilter, piece: 1000}
	sound, stream := d.file(t), d.stream(t)
	with := func(stream ...[]byte) []byte {
		chunks := [][]byte{d.header()}
		for _, s := range stream {
			chunks = append(chunks, chunk("IDAT", s))
		}
		return signed(append(chunks, chunk("IEND", nil))...)
	}
	other := func(at int, value byte) []byte {
		data := bytes.Clone(sound)
		data[at] = value
		return data
	}
	none := drawn{w: 9, h: 9, bands: 3, filter: 5}
	paletted := image.NewPaletted(image.Rect(0, 0, 9, 9), palette.Plan9)
	tests := []struct {
		name  string
		data  []byte
		whole bool
	}{
		{"sound", sound, true},
		{"a chunk of nothing", with(stream, nil), true},
		{"cut off in the pixels", sound[:len(sound)/2], false},
		{"cut off before the pixels", sound[:40], false},
		{"a stream that ends early", with(stream[:len(stream)-9]), false},
		{"a stream with more behind it", with(stream, []byte("more")), false},
		{"a wrong sum of a chunk", other(len(sound)-13, sound[len(sound)-13]^1), false},
		{"a wrong sum of the pixels", with(append(bytes.Clone(stream[:len(stream)-1]), stream[len(stream)-1]^1)), false},
		{"too few rows", signed(drawn{w: 40, h: 31, bands: 4}.header(), chunk("IDAT", stream), chunk("IEND", nil)), false},
		{"too many rows", signed(drawn{w: 40, h: 29, bands: 4}.header(), chunk("IDAT", stream), chunk("IEND", nil)), false},
		{"a filter that is none", none.file(t), false},
		{"a transparent color", drawn{w: 9, h: 9, bands: 3, before: "tRNS\x00\x01\x00\x02\x00\x03"}.file(t), false},
		{"a palette", encoded(t, paletted), false},
		{"16 bits", encoded(t, image.NewNRGBA64(image.Rect(0, 0, 9, 9))), false},
		{"too large", encoded(t, image.NewGray(image.Rect(0, 0, 4096, 4097))), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := whole(t, tt.data); ok != tt.whole {
				t.Errorf("decoded at once: %v, want %v", ok, tt.whole)
			}
		})
	}
}

func encoded(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestWholePNGKeeps compares what is said of the pixels, and parts of them.
func TestWholePNGKeeps(t *testing.T) {
	data := drawn{w: 90, h: 70, bands: 4, filter: anyFilter, before: "eXIfMM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"}.file(t)
	img, ok := whole(t, data)
	if !ok || img.Orientation() != 6 || img.Bands() != 4 || !img.HasAlpha() {
		t.Errorf("decoded at once %v, orientation %d, %d bands", ok, img.Orientation(), img.Bands())
	}
	all, low, high := pixels(t, img), image.Rect(3, 40, 23, 70), image.Rect(3, 4, 23, 20)
	for part, want := range map[image.Rectangle]bool{low: true, high: false, image.Rect(0, 0, 91, 70): false} {
		img, err := vips.Open(data, vips.LoadPNG, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		if ok, err := img.Part(data, vips.LoadPNG, 1, part); ok != want || err != nil {
			t.Errorf("part %v: %v, %v", part, ok, err)
		}
		if w, h := img.Size(); want && image.Pt(w, h) != part.Size() {
			t.Errorf("part %v has %dx%d pixels", part, w, h)
		}
		if got := pixels(t, img); want && !bytes.Equal(got[:4], all[4*(90*part.Min.Y+part.Min.X):][:4]) {
			t.Errorf("part %v begins elsewhere", part)
		}
	}
}

// artwork returns pixels with areas of one color, lines, and a slope with noise.
func artwork(w, h, bands, noise int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, w*h*bands)
	for i := range p {
		x, y := i/bands%w, i/bands/w
		switch {
		case y < h/3:
			p[i] = byte(x / 20 % 2 * 255)
		case (x+y)%17 == 0:
			p[i] = 40
		default:
			p[i] = byte((x*100/w + y*100/h) + random.IntN(noise))
		}
	}
	return p
}

// TestSavePNG compares files with those of libvips: they hold the same pixels, begin
// with the same chunks and are hardly longer.
func TestSavePNG(t *testing.T) {
	save := func(t *testing.T, img *vips.Image, options string) []byte {
		t.Helper()
		data, err := img.Save(context.Background(), vips.SavePNG, vips.Settings{Effort: 7, Options: options}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for bands := 1; bands <= 4; bands++ {
		for _, size := range []image.Point{{1, 1}, {1, 20}, {20, 1}, {7, 5}, {333, 222}} {
			for _, noise := range []int{1, 8, 56} {
				t.Run(fmt.Sprintf("%v/bands%d/noise%d", size, bands, noise), func(t *testing.T) {
					want := artwork(size.X, size.Y, bands, noise)
					img, err := vips.FromPixels(want, size.X, size.Y, bands)
					if err != nil {
						t.Fatal(err)
					}
					defer img.Close()
					got, theirs := save(t, img, ""), save(t, img, "interlace=false")
					if again := save(t, img, ""); !bytes.Equal(got, again) {
						t.Error("the same picture makes two files")
					}
					const head = 8 + 25 + 21 // IHDR and pHYs
					if !bytes.Equal(got[:head], theirs[:head]) {
						t.Errorf("chunks are %q, libvips' %q", got[:head], theirs[:head])
					}
					if len(got) > len(theirs)*103/100+16 {
						t.Errorf("%d bytes, libvips makes %d", len(got), len(theirs))
					}
					if _, err := png.Decode(bytes.NewReader(got)); err != nil {
						t.Error(err)
					}
					if p, err := usual(t, got); err != nil || !bytes.Equal(p, want) {
						t.Errorf("other pixels: %v", err)
					}
				})
			}
		}
	}
}

// FuzzPNG decodes at once what libvips decodes too, to the same pixels. The data are
// a file, or with a width the rows of one.
func FuzzPNG(f *testing.F) {
	for bands := 1; bands <= 4; bands++ {
		f.Add(drawn{w: 7, h: 5, bands: bands, filter: anyFilter, piece: 50}.file(f), uint8(0), uint8(0))
		f.Add(bytes.Repeat([]byte{4, 3, 2, 1, 0, 200, 100}, 20), uint8(5), uint8(bands))
	}
	f.Add(encoded(f, image.NewPaletted(image.Rect(0, 0, 9, 9), palette.Plan9)), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, w, bands uint8) {
		if w > 0 {
			d := drawn{w: int(w), bands: 1 + int(bands)%4}
			d.h = len(data) / (1 + d.w*d.bands)
			data = signed(d.header(), chunk("IDAT", deflated(t, data)), chunk("IEND", nil))
		}
		data = resum(bytes.Clone(data))
		img, ok := whole(t, data)
		if !ok {
			return
		}
		want, err := usual(t, data)
		if err != nil {
			t.Fatalf("libvips refuses it: %v", err)
		}
		if got := pixels(t, img); !bytes.Equal(got, want) {
			t.Error("other pixels than libvips")
		}
	})
}

// resum makes the sums of chunks right, where the fuzzer alone would not get far.
func resum(data []byte) []byte {
	for at := 8; at+12 <= len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		if n > len(data)-at-12 {
			break
		}
		binary.BigEndian.PutUint32(data[at+8+n:], crc32.ChecksumIEEE(data[at+4:at+8+n]))
		at += 12 + n
	}
	return data
}
