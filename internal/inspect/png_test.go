package inspect_test

import (
	"bytes"
	"compress/zlib"
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

// chunk has a wrong checksum, which is the decoder's to find.
func chunk(name, body string) string { return be32(len(body)) + name + body + "crc!" }

func ihdr(w, h int, depth, kind, interlace byte) string {
	return chunk("IHDR", be32(w)+be32(h)+string([]byte{depth, kind, 0, 0, interlace}))
}

func pngOf(chunks ...string) []byte {
	return []byte("\x89PNG\r\n\x1a\n" + strings.Join(chunks, "") + chunk("IEND", ""))
}

func deflated(n int) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(make([]byte, n))
	w.Close()
	return b.String()
}

func TestPNG(t *testing.T) {
	idat := chunk("IDAT", "x")
	of := func(bands, depth int, alpha bool, samples float64) inspect.Header {
		return inspect.Header{Format: media.PNG, Width: 9, Height: 8, Bands: bands, Depth: depth, Alpha: alpha, Samples: samples}
	}
	interlaced, turned := of(3, 8, false, 3), of(3, 8, false, 3)
	interlaced.Whole, turned.Orientation = true, 6
	tall := of(3, 16, false, 3)
	tall.Height = 8000
	profile := of(3, 8, false, 3)
	profile.Profile = len(deflated(3000))
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"grey", pngOf(ihdr(9, 8, 1, 0, 0), idat), of(1, 8, false, 0.125)},
		{"grey, one clear", pngOf(ihdr(9, 8, 16, 0, 0), chunk("tRNS", "ab"), idat), of(2, 16, true, 1)},
		{"grey and alpha", pngOf(ihdr(9, 8, 8, 4, 0), chunk("tRNS", "ab"), idat), of(2, 8, true, 2)},
		{"RGB, 16 bits", pngOf(ihdr(9, 8, 16, 2, 0), idat), of(3, 16, false, 3)},
		{"RGBA", pngOf(ihdr(9, 8, 8, 6, 0), idat), of(4, 8, true, 4)},
		{"palette", pngOf(ihdr(9, 8, 4, 3, 0), chunk("PLTE", "abc"), idat), of(3, 8, false, 0.5)},
		{"palette, some clear", pngOf(ihdr(9, 8, 2, 3, 0), chunk("PLTE", "abc"), chunk("tRNS", "a"), idat), of(4, 8, true, 0.25)},
		{"interlaced", pngOf(ihdr(9, 8, 8, 2, 1), idat), interlaced},
		{"orientation", pngOf(ihdr(9, 8, 8, 2, 0), chunk("eXIf", exif(6)), idat), turned},
		{"a wrong orientation", pngOf(ihdr(9, 8, 8, 2, 0), chunk("eXIf", exif(9)), idat), of(3, 8, false, 3)},
		{"broken EXIF", pngOf(ihdr(9, 8, 8, 2, 0), chunk("eXIf", "II*\x00\xff\xff\xff\xff"), idat), of(3, 8, false, 3)},
		{"profile", pngOf(ihdr(9, 8, 8, 2, 0), chunk("iCCP", "a\x00\x00"+deflated(3000)), chunk("iCCP", "a\x00\x00more"), idat), profile},
		{"a broken profile", pngOf(ihdr(9, 8, 8, 2, 0), chunk("iCCP", "a"), idat), of(3, 8, false, 3)},
		{"animated", pngOf(ihdr(9, 8, 8, 2, 0), chunk("acTL", be32(5)+be32(0)), idat, chunk("fdAT", "x")), of(3, 8, false, 3)},
		{"pixels cut off", pngOf(ihdr(9, 8, 8, 2, 0), be32(5000)+"IDATx"), of(3, 8, false, 3)},
		{"as much data as may be", pngOf(ihdr(9, 8, 8, 2, 0), chunk("IDAT", strings.Repeat("x", 2*8*28+64<<10))), of(3, 8, false, 3)},
		{"much data for more pixels", pngOf(ihdr(9, 8000, 16, 2, 0), chunk("IDAT", strings.Repeat("x", 2*8000*55))), tall},
		{"data behind another chunk", pngOf(ihdr(9, 8, 8, 2, 0), idat, chunk("tEXt", "a\x00b"), chunk("IDAT", strings.Repeat("x", 100_000))), of(3, 8, false, 3)},
		{"900 texts", pngOf(ihdr(9, 8, 8, 2, 0), strings.Repeat(chunk("tEXt", "a\x00b"), 300)+strings.Repeat(chunk("zTXt", "a\x00\x00"+deflated(200)), 600), idat), of(3, 8, false, 3)},
		{"broken texts", pngOf(ihdr(9, 8, 8, 2, 0), chunk("zTXt", ""), chunk("zTXt", "a\x00\x00xyz"), chunk("iTXt", "a\x00\x01\x00"), chunk("iTXt", "a\x00\x01\x00en"), idat), of(3, 8, false, 3)},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, pngOf(ihdr(9, 8, 8, 2, 0), idat), 8+25+8)
}

func TestPNGRefuses(t *testing.T) {
	idat, color := chunk("IDAT", "x"), ihdr(9, 8, 8, 2, 0)
	samples := []sample{
		{"no header", pngOf(idat), "no order"},
		{"another chunk first", pngOf(chunk("gAMA", "abcd"), color, idat), "no order"},
		{"two headers", pngOf(color, color, idat), "no order"},
		{"no pixels", pngOf(color), "no order"},
		{"no pixels and no end", pngOf(color)[:8+25], "ends too early"},
		{"a short header", pngOf(chunk("IHDR", be32(1)+be32(1)), idat), "no order"},
		{"a chunk beyond the file", pngOf(color, be32(5000)+"tEXtabc", idat), "longer than the file"},
		{"a chunk beyond any", pngOf(color, be32(1<<31)+"IDAT"), "longer than any"},
		{"no width", pngOf(ihdr(0, 8, 8, 2, 0), idat), "size is none"},
		{"no height", pngOf(ihdr(9, 0, 8, 2, 0), idat), "size is none"},
		{"a width of 2^31", pngOf(ihdr(1<<31, 8, 8, 2, 0), idat), "size is none"},
		{"interlaced somehow", pngOf(ihdr(9, 8, 8, 2, 2), idat), "header is wrong"},
		{"compressed somehow", pngOf(chunk("IHDR", be32(9)+be32(8)+"\x08\x02\x01\x00\x00"), idat), "header is wrong"},
		{"filtered somehow", pngOf(chunk("IHDR", be32(9)+be32(8)+"\x08\x02\x00\x01\x00"), idat), "header is wrong"},
		{"no palette", pngOf(ihdr(9, 8, 8, 3, 0), idat), "no palette"},
		{"1001 texts", pngOf(color, strings.Repeat(chunk("tEXt", "a\x00b"), 1001), idat), "more than 1000"},
		{"a huge text", pngOf(color, chunk("zTXt", "a\x00\x00"+deflated(9<<20)), idat), "texts of more than"},
		{"a huge text in a language", pngOf(color, chunk("iTXt", "a\x00\x01\x00en\x00b\x00"+deflated(9<<20)), idat), "texts of more than"},
		{"huge texts together", pngOf(color, strings.Repeat(chunk("zTXt", "a\x00\x00"+deflated(1<<20)), 9), idat), "texts of more than"},
		{"far more data than pixels", pngOf(color, chunk("IDAT", strings.Repeat("x", 2*8*28+64<<10+1))), "more data than pixels"},
		{"far more data in chunks", pngOf(color, strings.Repeat(chunk("IDAT", strings.Repeat("x", 1000)), 67)), "more data than pixels"},
		{"far more data, cut off", pngOf(color, be32(1<<30)+"IDAT"+strings.Repeat("x", 70_000)), "more data than pixels"},
		{"far more data, one bit a pixel", pngOf(ihdr(800, 800, 1, 0, 0), chunk("IDAT", strings.Repeat("x", 240_000))), "more data than pixels"},
		{"a huge profile", pngOf(color, chunk("iCCP", "a\x00\x00"+deflated(5<<20)), idat), "ICC profile"},
	}
	good := map[byte]string{0: "\x01\x02\x04\x08\x10", 2: "\x08\x10", 3: "\x01\x02\x04\x08", 4: "\x08\x10", 6: "\x08\x10"}
	for kind := range byte(8) {
		for depth := range byte(33) {
			if strings.IndexByte(good[kind], depth) < 0 {
				samples = append(samples, sample{"bits and colors", pngOf(ihdr(9, 8, depth, kind, 0), chunk("PLTE", "abc"), idat), "header is wrong"})
			}
		}
	}
	checkSamples(t, samples)
}
