package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

func le24(n int) []byte { return le32(n)[:3] }

// riff is a WebP of these chunks.
func riff(chunks ...[]byte) []byte {
	body := join(chunks...)
	return join([]byte("RIFF"), le32(4+len(body)), []byte("WEBP"), body)
}

// riffChunk fills up to an even length.
func riffChunk(kind string, data ...[]byte) []byte {
	body := join(data...)
	return join([]byte(kind), le32(len(body)), body, make([]byte, len(body)%2))
}

// extended is the header of a WebP that is more than one plain picture.
func extended(flags byte, w, h int) []byte {
	return riffChunk("VP8X", []byte{flags, 0, 0, 0}, le24(w-1), le24(h-1))
}

// The flags of extended.
const (
	webpMoves   = 0x02
	webpXMP     = 0x04
	webpEXIF    = 0x08
	webpAlpha   = 0x10
	webpProfile = 0x20
)

// lossless is the header of a lossless picture of up to 16,384 a side, without
// pixels.
func lossless(w, h int) []byte {
	b := bits{low: true}
	b.put(0x2f, 8)
	b.put(uint64(w-1), 14)
	b.put(uint64(h-1), 14)
	b.put(0, 4)
	return riffChunk("VP8L", b.data, make([]byte, 13))
}

// lossy is the header of a lossy picture, without pixels.
func lossy(w, h int) []byte {
	return riffChunk("VP8 ", []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a}, le16(w), le16(h), make([]byte, 20))
}

// bitstream returns the chunk of that kind in a WebP.
func bitstream(webp []byte, kind string) []byte {
	at := bytes.Index(webp, []byte(kind))
	n := int(binary.LittleEndian.Uint32(webp[at+4:]))
	return webp[at : at+8+n+n%2]
}

// animationFrame is a frame at (x, y), both even.
func animationFrame(x, y, w, h int, data []byte) []byte {
	return riffChunk("ANMF", le24(x/2), le24(y/2), le24(w-1), le24(h-1), le24(10), []byte{0}, data)
}

// webps have headers worth a gigabyte in 38 bytes, and thousands of frames.
func webps(c *corpus, s seeds) {
	right := bitstream(s.named("lossless-webp"), "VP8L")
	plain := bitstream(s.named("lossy-webp"), "VP8 ")
	loop := riffChunk("ANIM", make([]byte, 6))
	for _, size := range [][2]int{{16384, 16384}, {16384, 16383}, {8000, 8000}, {16384, 4000}} {
		c.refused(fmt.Sprintf("webp/bomb-lossless-%dx%d", size[0], size[1]), riff(lossless(size[0], size[1])))
	}
	c.refused("webp/bomb-38-bytes", riff(lossless(16384, 16384))[:38])
	c.refused("webp/bomb-lossy", riff(lossy(16383, 16383)))
	c.refused("webp/bomb-lossy-8000", riff(lossy(8000, 8000)))
	c.either("webp/bomb-lossless-49mp", 7000, 7000, riff(lossless(7000, 7000)))
	c.refused("webp/bomb-canvas", riff(extended(0, 1<<24, 1<<24), right))
	c.refused("webp/bomb-canvas-wide", riff(extended(0, 1<<24, 1), right))
	c.refused("webp/bomb-canvas-moving", riff(extended(webpMoves, 16384, 16384), loop, animationFrame(0, 0, 96, 64, right), animationFrame(0, 0, 96, 64, right)))
	c.either("webp/bomb-canvas-49mp-moving", 7000, 7000, riff(extended(webpMoves, 7000, 7000), loop, animationFrame(0, 0, 96, 64, right)))
	for _, n := range []int{301, 10_000} {
		c.refused(fmt.Sprintf("webp/frames-%d", n), riff(extended(webpMoves, 96, 64), loop, bytes.Repeat(animationFrame(0, 0, 96, 64, right), n)))
	}
	c.refused("webp/frames-100-of-1mp", riff(extended(webpMoves, 1000, 1000), loop, bytes.Repeat(animationFrame(0, 0, 96, 64, right), 100)))
	c.either("webp/frames-49-of-1mp", 1000, 1000, riff(extended(webpMoves, 1000, 1000), loop, bytes.Repeat(animationFrame(0, 0, 96, 64, right), 49)))
	c.rendered("webp/frames-100", 96, 64, riff(extended(webpMoves, 96, 64), loop, bytes.Repeat(animationFrame(0, 0, 96, 64, right), 100)))
	c.refused("webp/lie-frame-outside", riff(extended(webpMoves, 96, 64), loop, animationFrame(1<<24, 1<<24, 96, 64, right)))
	c.either("webp/lie-frame-other-size", 0, 0, riff(extended(webpMoves, 96, 64), loop, animationFrame(0, 0, 9, 9, right)))
	c.refused("webp/lie-frame-larger-inside", riff(extended(webpMoves, 96, 64), loop, animationFrame(0, 0, 96, 64, lossless(16384, 16384))))
	c.refused("webp/lie-no-frames", riff(extended(webpMoves, 96, 64), loop))
	c.refused("webp/lie-canvas-smaller", riff(extended(0, 9, 9), right))
	c.refused("webp/lie-canvas-larger", riff(extended(0, 5000, 5000), right))
	c.refused("webp/lie-no-picture", riff(extended(0, 96, 64)))
	c.refused("webp/lie-empty-chunk", riff(riffChunk("VP8 ", nil)))
	c.refused("webp/lie-magic-alone", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "))
	c.refused("webp/lie-no-width", riff(lossy(0, 10)))
	c.refused("webp/lie-no-height", riff(lossy(10, 0)))
	c.refused("webp/lie-no-key-frame", riff(riffChunk("VP8 ", []byte{0x11, 0x02, 0x00, 0x9d, 0x01, 0x2a}, le16(96), le16(64), make([]byte, 20))))
	c.either("webp/lie-lossless-of-nothing", 3000, 3000, riff(lossless(3000, 3000)))
	c.either("webp/lie-lossy-of-nothing", 3000, 3000, riff(lossy(3000, 3000)))
	for _, n := range []int{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<32 - 10} {
		c.either(fmt.Sprintf("webp/lie-riff-of-%d", n), 0, 0, join([]byte("RIFF"), le32(n), []byte("WEBP"), right))
		c.either(fmt.Sprintf("webp/lie-chunk-of-%d", n), 0, 0, riff([]byte("VP8L"), le32(n), right[8:]))
		c.either(fmt.Sprintf("webp/lie-other-chunk-of-%d", n), 0, 0, riff(extended(0, 96, 64), []byte("xxxx"), le32(n), right))
	}
	c.either("webp/lie-alpha-garbage", 96, 64, riff(extended(webpAlpha, 96, 64), riffChunk("ALPH", []byte{1}, text("\xff", 100)), plain))
	c.either("webp/lie-alpha-twice", 96, 64, riff(extended(webpAlpha, 96, 64), riffChunk("ALPH", make([]byte, 1+96*64)), riffChunk("ALPH", make([]byte, 1+96*64)), plain))
	c.either("webp/meta-chunks-20000", 96, 64, riff(extended(0, 96, 64), bytes.Repeat(riffChunk("xxxx", nil), 20_000), right))
	c.either("webp/meta-all-flags", 96, 64, riff(extended(0xff, 96, 64), right))
	c.either("webp/meta-profile-5mb", 96, 64, riff(extended(webpProfile, 96, 64), riffChunk("ICCP", make([]byte, 5<<20)), right))
	c.either("webp/meta-xmp-2mb", 96, 64, riff(extended(webpXMP, 96, 64), right, riffChunk("XMP ", text("x", 2<<20))))
	for _, p := range profiles() {
		c.rendered("webp/profile-"+p.name, 96, 64, riff(extended(webpProfile|webpAlpha, 96, 64), riffChunk("ICCP", p.data), right))
	}
	for _, e := range exifs() {
		c.rendered("webp/exif-"+e.name, 96, 64, riff(extended(webpEXIF|webpAlpha, 96, 64), right, riffChunk("EXIF", e.data)))
	}
}
