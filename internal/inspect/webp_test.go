package inspect_test

import (
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

func riffChunk(name, body string) string {
	return name + le32(len(body)) + body + strings.Repeat("\x00", len(body)%2)
}

func riff(chunks ...string) []byte {
	body := "WEBP" + strings.Join(chunks, "")
	return []byte("RIFF" + le32(len(body)) + body)
}

func vp8(w, h int) string { return "\x30\x01\x00\x9d\x01\x2a" + le16(w) + le16(h) + "x" }

func vp8l(w, h, alpha int) string { return "\x2f" + le32(w-1|(h-1)<<14|alpha<<28) + "x" }

func vp8x(flags byte, w, h int) string {
	return riffChunk("VP8X", string([]byte{flags, 0, 0, 0})+le24(w-1)+le24(h-1))
}

func anmf(x, y, w, h int, chunks ...string) string {
	return riffChunk("ANMF", le24(x/2)+le24(y/2)+le24(w-1)+le24(h-1)+"\x64\x00\x00\x00"+strings.Join(chunks, ""))
}

func TestWebP(t *testing.T) {
	of := func(change func(*inspect.Header)) inspect.Header {
		h := inspect.Header{Format: media.WebP, Width: 9, Height: 8, Bands: 3, Depth: 8, Samples: 1.5, Whole: true}
		change(&h)
		return h
	}
	lossy, lossless, anim := riffChunk("VP8 ", vp8(9, 8)), riffChunk("VP8L", vp8l(9, 8, 0)), riffChunk("ANIM", "\x00\x00\x00\x00\x00\x00")
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"lossy", riff(lossy), of(func(*inspect.Header) {})},
		{"data after it", append(riff(lossy), "junk"...), of(func(*inspect.Header) {})},
		{"lossless", riff(lossless), of(func(h *inspect.Header) { h.Lossless, h.Samples = true, 4 })},
		{"lossless, alpha", riff(riffChunk("VP8L", vp8l(9, 8, 1))), of(func(h *inspect.Header) { h.Lossless, h.Samples, h.Alpha, h.Bands = true, 4, true, 4 })},
		{"alpha", riff(vp8x(0x10, 9, 8), riffChunk("ALPH", "abc"), lossy), of(func(h *inspect.Header) { h.Samples, h.Alpha, h.Bands = 2.5, true, 4 })},
		{"metadata", riff(vp8x(0x28, 9, 8), riffChunk("ICCP", "abc"), lossy, riffChunk("EXIF", exif(3))), of(func(h *inspect.Header) { h.Profile, h.Orientation = 3, 3 })},
		{"metadata as in JPEG", riff(vp8x(0x08, 9, 8), lossy, riffChunk("EXIF", "Exif\x00\x00"+exif(3))), of(func(h *inspect.Header) { h.Orientation = 3 })},
		{"animated", riff(vp8x(0x02, 9, 8), anim, anmf(0, 0, 9, 8, lossy), anmf(6, 4, 3, 4, riffChunk("VP8 ", vp8(3, 4)))), of(func(h *inspect.Header) { h.Frames, h.Canvas = 2, true })},
		{"animated, some lossless", riff(vp8x(0x12, 9, 8), anim, anmf(0, 0, 9, 8, riffChunk("ALPH", "a"), lossy), anmf(0, 0, 9, 8, lossless)), of(func(h *inspect.Header) {
			h.Frames, h.Canvas, h.Alpha, h.Bands, h.Samples, h.Lossless = 2, true, true, 4, 4, true
		})},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, riff(vp8x(0, 9, 8), lossy), len(riff(vp8x(0, 9, 8), lossy)))
}

func TestWebPRefuses(t *testing.T) {
	lossy := riffChunk("VP8 ", vp8(9, 8))
	checkSamples(t, []sample{
		{"a length beyond the file", append([]byte("RIFF"+le32(5000)), riff(lossy)[8:]...), "ends too early"},
		{"a length too short", append([]byte("RIFF"+le32(2)), riff(lossy)[8:]...), "length is wrong"},
		{"a chunk beyond the file", riff("VP8 " + le32(5000) + vp8(9, 8)), "longer than the file"},
		{"another chunk first", riff(riffChunk("VP8?", "abc"), lossy), "no order"},
		{"no picture", riff(vp8x(0, 9, 8)), "no picture"},
		{"two pictures", riff(vp8x(0, 9, 8), lossy, lossy), "two pictures"},
		{"a canvas twice", riff(vp8x(0, 9, 8), vp8x(0, 9, 8), lossy), "no order"},
		{"a short canvas", riff(riffChunk("VP8X", "abc"), lossy), "no order"},
		{"a canvas larger than the picture", riff(vp8x(0, 1<<14, 1<<14), lossy), "contradict"},
		{"a canvas smaller than the picture", riff(vp8x(0, 1, 1), lossy), "contradict"},
		{"no width", riff(riffChunk("VP8 ", vp8(0, 8))), "no pixels"},
		{"no key frame", riff(riffChunk("VP8 ", "\x31"+vp8(9, 8)[1:])), "bit stream"},
		{"no start code", riff(riffChunk("VP8 ", "\x30\x01\x00\x9d\x01\x2b"+vp8(9, 8)[6:])), "bit stream"},
		{"a short bit stream", riff(riffChunk("VP8 ", vp8(9, 8)[:9])), "bit stream"},
		{"no signature", riff(riffChunk("VP8L", "\x2e"+vp8l(9, 8, 0)[1:])), "bit stream"},
		{"another version", riff(riffChunk("VP8L", vp8l(9, 8, 2))), "bit stream"},
		{"no frames", riff(vp8x(2, 9, 8), lossy), "no picture"},
		{"frames nobody announced", riff(vp8x(0, 9, 8), anmf(0, 0, 9, 8, lossy)), "no picture"},
		{"a frame beside the canvas", riff(vp8x(2, 9, 8), anmf(2, 0, 9, 8, lossy)), "not on the canvas"},
		{"a frame below the canvas", riff(vp8x(2, 9, 8), anmf(0, 2, 9, 8, lossy)), "not on the canvas"},
		{"a frame of another size", riff(vp8x(2, 9, 8), anmf(0, 0, 7, 8, lossy)), "contradict"},
		{"an empty frame", riff(vp8x(2, 9, 8), anmf(0, 0, 9, 8)), "a frame has no picture"},
		{"a frame of two pictures", riff(vp8x(2, 9, 8), anmf(0, 0, 9, 8, lossy, lossy)), "a frame has no picture"},
		{"a short frame", riff(vp8x(2, 9, 8), riffChunk("ANMF", "abc")), "too short"},
		{"a chunk beyond its frame", riff(vp8x(2, 9, 8), anmf(0, 0, 9, 8, "VP8 "+le32(5000)+vp8(9, 8))), "longer than its frame"},
		{"a wrong frame", riff(vp8x(2, 9, 8), anmf(0, 0, 9, 8, riffChunk("VP8 ", "abc"))), "bit stream"},
		{"a huge profile", riff(vp8x(0x20, 9, 8), riffChunk("ICCP", strings.Repeat("p", 4<<20+1)), lossy), "ICC profile"},
	})
}
