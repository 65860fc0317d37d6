package inspect_test

import (
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

func segment(marker byte, body string) string {
	return "\xff" + string([]byte{marker}) + be16(len(body)+2) + body
}

// sof is a frame header of kind SOFn, with the sampling factors of components.
func sof(n byte, w, h int, sampling ...byte) string {
	body := []byte("\x08" + be16(h) + be16(w) + string([]byte{byte(len(sampling))}))
	for i, s := range sampling {
		body = append(body, byte(i+1), s, 0)
	}
	return segment(0xc0+n, string(body))
}

// scan is a scan of so many components, with a stuffed byte and a restart.
func scan(components int) string {
	return segment(0xda, string([]byte{byte(components)})+strings.Repeat("\x01\x00", components)+"\x00\x3f\x00") + "ab\xff\x00\xff\xd0cd"
}

func jpegOf(parts ...string) []byte {
	return []byte("\xff\xd8" + strings.Join(parts, "") + "\xff\xd9")
}

func plainJPEG() []byte {
	return jpegOf(segment(0xe1, "Exif\x00\x00"+exif(6)), segment(0xdb, strings.Repeat("q", 65)), sof(0, 9, 8, 0x22, 0x11, 0x11), scan(3))
}

func TestJPEG(t *testing.T) {
	icc := segment(0xe2, "ICC_PROFILE\x00\x01\x02"+strings.Repeat("p", 500))
	color := inspect.Header{Format: media.JPEG, Width: 9, Height: 8, Bands: 3, Depth: 8, Scans: 1, Samples: 1.5}
	change := func(f func(*inspect.Header)) inspect.Header {
		h := color
		f(&h)
		return h
	}
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"4:2:0", jpegOf(sof(0, 9, 8, 0x22, 0x11, 0x11), scan(3)), color},
		{"extended", jpegOf(sof(1, 9, 8, 0x22, 0x11, 0x11), scan(3)), color},
		{"arithmetic", jpegOf(sof(9, 9, 8, 0x22, 0x11, 0x11), scan(3)), color},
		{"orientation", plainJPEG(), change(func(h *inspect.Header) { h.Orientation = 6 })},
		{"the first orientation counts", jpegOf(segment(0xe1, "Exif\x00\x00"+exif(9)), segment(0xe1, "Exif\x00\x00"+exif(6)), sof(0, 9, 8, 0x22, 0x11, 0x11), scan(3)), color},
		{"4:4:4", jpegOf(sof(0, 9, 8, 0x11, 0x11, 0x11), scan(3)), change(func(h *inspect.Header) { h.Samples = 3 })},
		{"grey", jpegOf(sof(0, 9, 8, 0x22), scan(1)), change(func(h *inspect.Header) { h.Bands, h.Samples = 1, 1 })},
		{"CMYK", jpegOf(segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x02"), sof(0, 9, 8, 0x11, 0x11, 0x11, 0x11), scan(4)), change(func(h *inspect.Header) { h.Bands, h.Samples = 4, 4 })},
		{"a profile in pieces", jpegOf(icc, icc, sof(0, 9, 8, 0x22, 0x11, 0x11), scan(3)), change(func(h *inspect.Header) { h.Profile = 1000 })},
		{"progressive", jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), scan(3), segment(0xc4, "t"), strings.Repeat(scan(1), 9)), change(func(h *inspect.Header) { h.Whole, h.Scans = true, 10 })},
		{"a scan each", jpegOf(sof(0, 9, 8, 0x22, 0x11, 0x11), strings.Repeat(scan(1), 3)), change(func(h *inspect.Header) { h.Whole, h.Scans = true, 3 })},
		{"fill bytes and junk", jpegOf("\xff\x00junk\x00\xff\x00", "\xff\xff"+sof(0, 9, 8, 0x22, 0x11, 0x11), "\xff"+scan(3)), color},
		{"pictures after the end", append(jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), scan(3)), plainJPEG()...), change(func(h *inspect.Header) { h.Whole = true })},
		{"cut off in a scan", jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), scan(3), scan(1)[:15]), change(func(h *inspect.Header) { h.Whole, h.Scans = true, 2 })},
		{"900 segments", jpegOf(strings.Repeat(segment(0xfe, "x"), 900), sof(0, 9, 8, 0x22, 0x11, 0x11), scan(3)), color},
		{"100 scans", jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), strings.Repeat(scan(1), 100)), change(func(h *inspect.Header) { h.Whole, h.Scans = true, 100 })},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, plainJPEG(), len(plainJPEG())-len(scan(3)))
}

// TestSubsampled has colors at a quarter of the pixels, or none, and finer ones.
func TestSubsampled(t *testing.T) {
	for _, c := range []struct {
		name string
		h    inspect.Header
		want bool
	}{
		{"4:2:0", inspect.Header{Format: media.JPEG, Samples: 1.5}, true},
		{"grey", inspect.Header{Format: media.JPEG, Samples: 1}, true},
		{"4:2:2", inspect.Header{Format: media.JPEG, Samples: 2}, false},
		{"4:4:4", inspect.Header{Format: media.JPEG, Samples: 3}, false},
		{"YCCK", inspect.Header{Format: media.JPEG, Samples: 2.5}, false},
		{"WebP", inspect.Header{Format: media.WebP, Samples: 1.5}, true},
		{"WebP with alpha", inspect.Header{Format: media.WebP, Samples: 2.5, Alpha: true}, true},
		{"lossless WebP", inspect.Header{Format: media.WebP, Samples: 4, Lossless: true}, false},
		{"PNG of a palette", inspect.Header{Format: media.PNG, Samples: 1}, false},
	} {
		if got := c.h.Subsampled(); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestJPEGRefuses(t *testing.T) {
	color := sof(0, 9, 8, 0x22, 0x11, 0x11)
	checkSamples(t, []sample{
		{"101 scans", jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), strings.Repeat(scan(1), 101)), "more than 100 scans"},
		{"101 scans of a baseline picture", jpegOf(color, strings.Repeat(scan(1), 101)), "more than 100 scans"},
		{"no scan", jpegOf(color), "no pixels"},
		{"a second picture first", jpegOf("\xff\xd8", color, scan(3)), "no pixels"},
		{"no frame", jpegOf(scan(3)), "first scan is wrong"},
		{"two frames", jpegOf(color, color, scan(3)), "frame header"},
		{"two frames, late", jpegOf(sof(2, 9, 8, 0x11), scan(1), sof(2, 9999, 9999, 0x11), scan(1)), "second frame header"},
		{"no width", jpegOf(sof(0, 0, 8, 0x11), scan(1)), "no pixels"},
		{"no height", jpegOf(sof(0, 9, 0, 0x11), scan(1)), "no pixels"},
		{"no components", jpegOf(sof(0, 9, 8), scan(1)), "channels cannot be read"},
		{"two components", jpegOf(sof(0, 9, 8, 0x11, 0x11), scan(2)), "channels cannot be read"},
		{"sampling of 0", jpegOf(sof(0, 9, 8, 0x01), scan(1)), "frame header is wrong"},
		{"sampling of 5", jpegOf(sof(0, 9, 8, 0x51), scan(1)), "frame header is wrong"},
		{"a short frame", jpegOf(segment(0xc0, "\x08\x00\x09"), scan(1)), "frame header is wrong"},
		{"a frame of other length", jpegOf(segment(0xc0, "\x08\x00\x09\x00\x09\x03\x01\x11\x00"), scan(1)), "frame header is wrong"},
		{"lossless", jpegOf(sof(3, 9, 8, 0x11), scan(1)), "lossless"},
		{"hierarchical", jpegOf(sof(5, 9, 8, 0x11), scan(1)), "lossless"},
		{"12 bits", jpegOf(segment(0xc1, "\x0c"+be16(8)+be16(9)+"\x01\x01\x11\x00"), scan(1)), "more than 8 bits"},
		{"a scan of nothing", jpegOf(sof(0, 9, 8, 0x11), scan(0)), "first scan is wrong"},
		{"a scan of too much", jpegOf(sof(0, 9, 8, 0x11), scan(2)), "first scan is wrong"},
		{"a segment beyond the file", jpegOf("\xff\xe0\xff\xff", color, scan(3)), "ends too early"},
		{"a segment without length", jpegOf("\xff\xe0\x00\x01", color, scan(3)), "ends too early"},
		{"1001 segments", jpegOf(strings.Repeat(segment(0xe1, "Exif\x00\x00"+exif(1)), 1001), color, scan(3)), "more than 1000"},
		{"a huge profile", jpegOf(strings.Repeat(segment(0xe2, "ICC_PROFILE\x00\x01\x01"+strings.Repeat("p", 65000)), 65), color, scan(3)), "ICC profile"},
	})
}
