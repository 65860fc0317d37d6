package inspect_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// A sample is a file and what comes of it: a header if refusal is empty, and
// else an error with that in it.
type sample struct {
	name    string
	data    []byte
	refusal string
}

func checkSamples(t *testing.T, samples []sample) {
	t.Helper()
	for _, s := range samples {
		_, err := inspect.Read(s.data)
		switch {
		case s.refusal == "" && err != nil:
			t.Errorf("%s: %v", s.name, err)
		case s.refusal != "" && err == nil:
			t.Errorf("%s: read, want %q", s.name, s.refusal)
		case s.refusal != "" && (fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), s.refusal)):
			t.Errorf("%s: %v: %v; want %q", s.name, fault.Of(err), err, s.refusal)
		}
	}
}

// checkHeader holds what is read from data to a header, format included.
func checkHeader(t *testing.T, name string, data []byte, want inspect.Header) {
	t.Helper()
	want.Frames, want.Orientation = max(1, want.Frames), max(1, want.Orientation)
	got, err := inspect.Read(data)
	if err != nil || got != want {
		t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, want)
	}
}

// checkCuts cuts a file everywhere before the nth byte. Each piece has to be
// refused.
func checkCuts(t *testing.T, data []byte, n int) {
	t.Helper()
	for i := range n {
		if _, err := inspect.Read(data[:i]); fault.Of(err) != fault.Unprocessable && fault.Of(err) != fault.Unsupported {
			t.Errorf("the first %d bytes of %d: %v", i, len(data), err)
		}
	}
}

func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func be32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func le24(n int) string { return le32(n)[:3] }

// exif is EXIF data that names an orientation.
func exif(orientation int) string {
	return "II*\x00" + le32(8) + le16(1) + le16(274) + le16(3) + le32(1) + le32(orientation) + le32(0)
}

func TestUnsupported(t *testing.T) {
	for _, data := range []string{"", "text", "%PDF-1.7\n", "\x1f\x8b\x08\x00", "<html><svg/></html>", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomavc1"} {
		_, err := inspect.Read([]byte(data))
		if fault.Of(err) != fault.Unsupported || !strings.Contains(fault.Message(err), "jpeg, png") {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestDrawing(t *testing.T) {
	for _, tt := range []struct {
		text string
		w, h int
	}{
		{`<svg xmlns="http://www.w3.org/2000/svg" width="30.4" height="0.2"/>`, 30, 1},
		{`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 8"/>`, 9, 8},
		{`<svg xmlns="http://www.w3.org/2000/svg" width="1e30" height="5"/>`, 1<<31 - 1, 5},
		{`<svg xmlns="http://www.w3.org/2000/svg"/>`, 0, 0},
	} {
		h, err := inspect.Read([]byte(tt.text))
		if err != nil || h.Width != tt.w || h.Height != tt.h || h.Format != media.SVG || h.Bands != 4 {
			t.Errorf("%s: %+v, %v", tt.text, h, err)
		}
	}
	checkSamples(t, []sample{
		{"an entity", []byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg/>`), "the drawing declares entities"},
		{"cut off", []byte("<svg width='9"), "the drawing is not well-formed"},
	})
}

// samplesOfAll are good files of all formats but SVG.
func samplesOfAll() map[string][]byte {
	return map[string][]byte{
		"jpeg":             plainJPEG(),
		"progressive jpeg": jpegOf(sof(2, 9, 8, 0x22, 0x11, 0x11), strings.Repeat(scan(3), 10)),
		"png":              pngOf(ihdr(9, 8, 8, 3, 0), chunk("PLTE", "abc"), chunk("tRNS", "a"), chunk("eXIf", exif(6)), chunk("IDAT", "x")),
		"gif":              []byte(gifScreen + gifControl + gifFrame + gifFrame + ";"),
		"webp":             riff(vp8x(0x12, 9, 8), anmf(0, 0, 9, 8, riffChunk("VP8 ", vp8(9, 8))), anmf(2, 2, 3, 2, riffChunk("VP8L", vp8l(3, 2, 1)))),
		"avif":             avif().file(),
		"heif":             heic().file(),
		"tiff":             plainTIFF().file(),
		"tiff pyramid":     stacked(plainTIFF(), level(5, 4), level(2, 2)),
		"tiff SubIFDs":     nested(plainTIFF(), level(5, 4), level(2, 2)),
		"bmp":              bmpOf(9, 8, 24),
		"jxl":              jxlOf(9, 8),
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	for name, data := range samplesOfAll() {
		if _, err := inspect.Read(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := testing.AllocsPerRun(10, func() { inspect.Read(data) }); n != 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

// TestGarbage changes each byte of each file in a few ways: nothing may panic,
// and whatever is read has a size.
func TestGarbage(t *testing.T) {
	for name, data := range samplesOfAll() {
		for i := range data {
			for _, c := range []byte{0, 1, 0x7f, 0x80, 0xff, data[i] + 1} {
				changed := bytes.Clone(data)
				changed[i] = c
				checkSane(t, name, changed)
			}
			checkSane(t, name, data[:i])
		}
	}
}

// checkSane holds whatever is read to what every header has.
func checkSane(t *testing.T, name string, data []byte) {
	t.Helper()
	h, err := inspect.Read(data)
	switch {
	case err != nil && fault.Of(err) != fault.Unprocessable && fault.Of(err) != fault.Unsupported:
		t.Errorf("%s: %v", name, err)
	case err != nil:
		if h != (inspect.Header{}) {
			t.Errorf("%s: %+v with %v", name, h, err)
		}
	case h.Format != media.SVG && (h.Width < 1 || h.Height < 1), h.Width > 1<<31-1, h.Height > 1<<31-1,
		h.Bands < 1, h.Bands > 8, h.Depth < 8, h.Depth > 64, h.Frames < 1, h.Orientation < 1, h.Orientation > 8,
		h.Samples <= 0, h.Profile < 0, h.Scans < 0, h.Scans > 100, h.TileWidth < 0, h.TileHeight < 0:
		t.Errorf("%s: %+v", name, h)
	}
	over := inspect.Level{Width: h.Width, Height: h.Height}
	for _, l := range h.Pyramid.Levels[:h.Pyramid.Len()] {
		if l.Width != over.Width/2 && l.Width != (over.Width+1)/2 || l.Height != over.Height/2 && l.Height != (over.Height+1)/2 {
			t.Errorf("%s: a level of %v over one of %v", name, over, l)
		}
		over = l
	}
}
