package hostile

import (
	"bytes"
	"fmt"
)

// screen is how a GIF of so many pixels begins, with two colors.
func screen(w, h int) []byte {
	return join([]byte("GIF89a"), le16(w), le16(h), []byte{0x80, 0, 0}, []byte("\x00\x00\x00\xff\xff\xff"))
}

// descriptor is one image of a GIF; codes are its pixels.
func descriptor(x, y, w, h int, codes []byte) []byte {
	return join([]byte{0x2c}, le16(x), le16(y), le16(w), le16(h), []byte{0}, codes)
}

// dot is one pixel; dots are any number of them.
const dot = "\x02\x02\x4c\x01\x00"

func dots(n int) []byte {
	b := bits{low: true}
	for range n {
		b.put(4, 3) // forget all codes, so that they do not grow
		b.put(0, 3)
	}
	b.put(5, 3)
	return join([]byte{2}, subBlocks(b.data))
}

// subBlocks cuts data as GIF does.
func subBlocks(data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		n := min(len(data), 255)
		out = append(append(out, byte(n)), data[:n]...)
		data = data[n:]
	}
	return append(out, 0)
}

// gifs have many frames, large ones, or none.
func gifs(c *corpus, s seeds) {
	one := descriptor(0, 0, 1, 1, []byte(dot))
	end := []byte{';'}
	control := []byte("\x21\xf9\x04\x00\x01\x00\x00\x00")
	c.either("gif/bomb-screen-65535", 0, 0, join(screen(65535, 65535), one, end))
	c.refused("gif/bomb-frame-65535", join(screen(65535, 65535), descriptor(0, 0, 65535, 65535, []byte(dot)), end))
	c.either("gif/bomb-frame-beyond-screen", 0, 0, join(screen(1, 1), descriptor(0, 0, 65535, 65535, []byte(dot)), end))
	c.refused("gif/bomb-8000x8000", join(screen(8000, 8000), descriptor(0, 0, 8000, 8000, dots(100)), end))
	c.refused("gif/frames-10000", join(screen(1, 1), bytes.Repeat(one, 10_000), end))
	c.refused("gif/frames-10000-timed", join(screen(10, 10), bytes.Repeat(join(control, one), 10_000), end))
	c.refused("gif/frames-301", join(screen(1, 1), bytes.Repeat(one, 301), end))
	c.refused("gif/frames-100-of-25mp", join(screen(5000, 5000), bytes.Repeat(descriptor(0, 0, 5000, 5000, []byte(dot)), 100), end))
	c.refused("gif/frames-32-gigapixels", join(screen(1800, 1800), bytes.Repeat(one, 10_000), end))
	c.either("gif/frames-49-of-1mp", 1000, 1000, join(screen(1000, 1000), bytes.Repeat(one, 49), end))
	c.rendered("gif/frames-300", 1, 1, join(screen(1, 1), bytes.Repeat(one, 300), end))
	c.either("gif/lie-no-width", 0, 0, join(screen(0, 1), one, end))
	c.refused("gif/lie-no-screen", join(screen(0, 0), end))
	c.either("gif/lie-empty-screen-with-frame", 0, 0, join(screen(0, 0), one, end))
	c.either("gif/lie-empty-frame", 0, 0, join(screen(10, 10), descriptor(0, 0, 0, 0, []byte(dot)), end))
	c.either("gif/lie-frame-outside", 0, 0, join(screen(10, 10), descriptor(60000, 60000, 1, 1, []byte(dot)), end))
	c.refused("gif/lie-no-frame", join(screen(10, 10), end))
	c.refused("gif/lie-header-alone", []byte("GIF89a"))
	c.refused("gif/lie-screen-alone", screen(10, 10))
	c.either("gif/lie-no-colors", 0, 0, join([]byte("GIF89a"), le16(1), le16(1), []byte{0, 0, 0}, one, end))
	c.either("gif/lie-colors-missing", 0, 0, join([]byte("GIF89a"), le16(1), le16(1), []byte{0xf7, 0, 0}, one, end))
	c.either("gif/lie-frame-of-nothing", 1000, 1000, join(screen(1000, 1000), descriptor(0, 0, 1000, 1000, []byte(dot)), end))
	c.either("gif/lie-too-many-codes", 1, 1, join(screen(1, 1), descriptor(0, 0, 1, 1, dots(1_000_000)), end))
	for _, size := range []byte{0, 1, 11, 12, 13, 255} {
		c.either(fmt.Sprintf("gif/lie-codes-of-%d-bits", size), 0, 0, join(screen(4, 4), descriptor(0, 0, 4, 4, []byte{size, 2, 0x4c, 1, 0}), end))
	}
	c.either("gif/lie-code-not-defined", 4, 4, join(screen(4, 4), descriptor(0, 0, 4, 4, []byte("\x02\x04\xff\xff\xff\xff\x00")), end))
	c.either("gif/lie-no-end", 1, 1, join(screen(1, 1), one))
	c.either("gif/lie-block-beyond-end", 0, 0, join(screen(1, 1), []byte("\x21\xf9\xff\xff")))
	c.either("gif/lie-unknown-block", 0, 0, join(screen(1, 1), []byte{0x99}, one, end))
	c.either("gif/meta-comments-20000", 1, 1, join(screen(1, 1), bytes.Repeat([]byte("\x21\xfe\x01x\x00"), 20_000), one, end))
	c.either("gif/meta-comment-2mb", 1, 1, join(screen(1, 1), []byte("\x21\xfe"), subBlocks(make([]byte, 2<<20)), one, end))
	c.either("gif/meta-controls-20000", 1, 1, join(screen(1, 1), bytes.Repeat(control, 20_000), one, end))
	c.either("gif/meta-loops-20000", 1, 1, join(screen(1, 1), bytes.Repeat([]byte("\x21\xff\x0bNETSCAPE2.0\x03\x01\xff\xff\x00"), 20_000), one, end))
	c.either("gif/meta-xmp", 1, 1, join(screen(1, 1), []byte("\x21\xff\x0bXMP DataXMP"), subBlocks(text("x", 1<<20)), one, end))
	for disposal := range byte(8) {
		control := []byte{0x21, 0xf9, 4, disposal<<2 | 1, 0xff, 0xff, 1, 0}
		c.rendered(fmt.Sprintf("gif/odd-disposal-%d", disposal), 10, 10,
			join(screen(10, 10), bytes.Repeat(join(control, descriptor(2, 2, 5, 5, dots(25))), 3), end))
	}
	c.rendered("gif/odd-1x1", 1, 1, join(screen(1, 1), one, end))
	c.rendered("gif/odd-40x1", 40, 1, join(screen(40, 1), descriptor(0, 0, 40, 1, dots(40)), end))
	c.rendered("gif/odd-1x40", 1, 40, join(screen(1, 40), descriptor(0, 0, 1, 40, dots(40)), end))
	c.rendered("gif/odd-old", seedWidth, seedHeight, join([]byte("GIF87a"), s.named("gif")[6:]))
	interlaced := join(screen(8, 8), descriptor(0, 0, 8, 8, dots(64)), end)
	interlaced[13+6+9] = 0x40
	c.rendered("gif/odd-interlaced", 8, 8, interlaced)
}
