package hostile

import (
	"bytes"
	"fmt"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// The types of color of a PNG.
const (
	grey = iota
	_
	rgb
	indexed
	greyAlpha
	_
	rgba
)

func ihdr(w, h, depth, color, interlace int) []byte {
	return chunk("IHDR", join(be32(w), be32(h), []byte{byte(depth), byte(color), 0, 0, byte(interlace)}))
}

func samplesOf(color int) int { return [...]int{1, 1, 3, 1, 2, 1, 4, 1}[color&7] }

// rawLength is how many bytes the pixels of a PNG have before they are packed.
func rawLength(w, h, depth, color, interlace int) int {
	row := func(w int) int { return 1 + (w*depth*samplesOf(color)+7)/8 }
	if interlace == 0 {
		return h * row(w)
	}
	n := 0
	for _, p := range [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		pw, ph := (w-p[0]+p[2]-1)/p[2], (h-p[1]+p[3]-1)/p[3]
		if pw > 0 && ph > 0 {
			n += ph * row(pw)
		}
	}
	return n
}

// pngOf is a black PNG with more chunks behind its header.
func pngOf(w, h, depth, color, interlace int, more ...[]byte) []byte {
	palette := []byte{}
	if color == indexed {
		palette = chunk("PLTE", []byte("\x00\x00\x00\xff\xff\xff"))
	}
	return join([]byte(pngMagic), ihdr(w, h, depth, color, interlace), join(more...), palette,
		chunk("IDAT", zeros(rawLength(w, h, depth, color, interlace))), chunk("IEND", nil))
}

// small is a right PNG of 24x16 pixels with more chunks behind its header.
func small(more ...[]byte) []byte { return pngOf(24, 16, 8, rgb, 0, more...) }

// pngBombs have more pixels than anybody wants: 400 kB can hold 3.6 billion.
func pngBombs(c *corpus, _ seeds) {
	c.refused("png/bomb-60000x60000-grey1", pngOf(60000, 60000, 1, grey, 0))
	c.refused("png/bomb-60000x60000-grey8", pngOf(60000, 60000, 8, grey, 0))
	c.refused("png/bomb-60000x60000-indexed", pngOf(60000, 60000, 1, indexed, 0))
	c.refused("png/bomb-20000x20000-rgb8", pngOf(20000, 20000, 8, rgb, 0))
	c.refused("png/bomb-10000x10000-rgba16", pngOf(10000, 10000, 16, rgba, 0))
	c.refused("png/bomb-30000x30000-interlaced", pngOf(30000, 30000, 1, grey, 1))
	c.refused("png/bomb-8000x8000-interlaced-rgba8", pngOf(8000, 8000, 8, rgba, 1))
	c.refused("png/bomb-just-over", pngOf(7072, 7072, 1, grey, 0))
	c.refused("png/bomb-wide", pngOf(30001, 1, 1, grey, 0))
	c.refused("png/bomb-tall", pngOf(1, 30001, 1, grey, 0))
	c.rendered("png/not-quite-a-bomb", 7071, 7071, pngOf(7071, 7071, 1, grey, 0))
	c.either("png/not-quite-a-bomb-rgba16", 0, 0, pngOf(30000, 1666, 16, rgba, 0))
	c.either("png/bomb-interlaced-49mp-rgba16", 7000, 7000, pngOf(7000, 7000, 16, rgba, 1))
	c.either("png/bomb-interlaced-49mp-rgba8", 7000, 7000, pngOf(7000, 7000, 8, rgba, 1))
	for _, side := range []int{100_000, 1 << 24, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		for _, size := range [][2]int{{side, 1}, {1, side}, {side, side}} {
			c.refused(fmt.Sprintf("png/bomb-header-%dx%d", size[0], size[1]),
				join([]byte(pngMagic), ihdr(size[0], size[1], 8, rgba, 0), chunk("IDAT", zeros(1<<16)), chunk("IEND", nil)))
		}
	}
}

// pngLies have headers that their pixels do not keep to, or that no PNG may have.
func pngLies(c *corpus, _ seeds) {
	lie := func(header, data []byte) []byte {
		return join([]byte(pngMagic), header, chunk("IDAT", data), chunk("IEND", nil))
	}
	c.refused("png/lie-no-width", lie(ihdr(0, 16, 8, rgb, 0), zeros(16)))
	c.refused("png/lie-no-height", lie(ihdr(24, 0, 8, rgb, 0), zeros(16)))
	for _, bad := range [][2]int{
		{1, rgb},
		{2, rgb},
		{4, rgb},
		{16, indexed},
		{4, greyAlpha},
		{2, rgba},
		{1, rgba},
		{3, grey},
		{0, grey},
		{32, grey},
		{255, rgb},
		{8, 1},
		{8, 5},
		{8, 7},
		{8, 255},
	} {
		c.refused(fmt.Sprintf("png/lie-depth-%d-color-%d", bad[0], bad[1]), lie(ihdr(24, 16, bad[0], bad[1], 0), zeros(4096)))
	}
	odd := func(at int, value byte) []byte {
		data := []byte{0, 0, 0, 24, 0, 0, 0, 16, 8, rgb, 0, 0, 0}
		data[at] = value
		return lie(chunk("IHDR", data), zeros(rawLength(24, 16, 8, rgb, 0)))
	}
	c.refused("png/lie-compression", odd(10, 1))
	c.refused("png/lie-filter", odd(11, 1))
	c.refused("png/lie-interlace", odd(12, 2))
	c.either("png/lie-too-few-rows", 1000, 1000, lie(ihdr(1000, 1000, 8, rgb, 0), zeros(300)))
	c.either("png/lie-49mp-of-nothing", 7000, 7000, lie(ihdr(7000, 7000, 8, rgb, 0), zeros(300)))
	c.either("png/lie-too-many-rows", 24, 16, lie(ihdr(24, 16, 8, rgb, 0), zeros(50<<20)))
	c.refused("png/lie-far-too-many-rows", lie(ihdr(1, 1, 8, rgb, 0), zeros(100<<20)))
	c.either("png/lie-no-pixels", 24, 16, lie(ihdr(24, 16, 8, rgb, 0), nil))
	c.either("png/lie-no-zlib", 24, 16, lie(ihdr(24, 16, 8, rgb, 0), text("\xff", 800)))
	c.either("png/lie-filter-of-row", 24, 16, lie(ihdr(24, 16, 8, rgb, 0), zipped(text("\x09", 16*73))))
	c.either("png/lie-no-palette", 24, 16, lie(ihdr(24, 16, 8, indexed, 0), zeros(16*25)))
	c.either("png/lie-color-beyond-palette", 24, 16, join([]byte(pngMagic), ihdr(24, 16, 8, indexed, 0),
		chunk("PLTE", []byte{1, 2, 3}), chunk("IDAT", zipped(bytes.Repeat(append([]byte{0}, text("\xff", 24)...), 16))), chunk("IEND", nil)))
	c.either("png/lie-palette-of-half-a-color", 24, 16, small(chunk("PLTE", []byte{1, 2})))
	c.either("png/lie-transparency-too-long", 24, 16, small(chunk("tRNS", make([]byte, 300))))
	c.refused("png/lie-no-header", join([]byte(pngMagic), chunk("IDAT", zeros(100)), chunk("IEND", nil)))
	c.refused("png/lie-no-data", join([]byte(pngMagic), ihdr(24, 16, 8, rgb, 0), chunk("IEND", nil)))
	c.refused("png/lie-magic-alone", []byte(pngMagic))
	c.either("png/lie-two-headers", 0, 0, small(ihdr(60000, 60000, 8, rgb, 0)))
	c.either("png/lie-no-end", 24, 16, small()[:len(small())-12])
	for _, length := range []int{1<<31 - 1, 1 << 31, 1<<32 - 1} {
		c.either(fmt.Sprintf("png/lie-chunk-of-%d", length), 24, 16, small(be32(length), []byte("teXt")))
		c.refused(fmt.Sprintf("png/lie-header-of-%d", length), join([]byte(pngMagic), be32(length), []byte("IHDR"), make([]byte, 17)))
	}
	bad := small()
	bad[29] ^= 1 // the header's checksum
	c.either("png/lie-checksum-of-header", 24, 16, bad)
	bad = small()
	bad[len(bad)-13] ^= 1
	c.either("png/lie-checksum-of-data", 24, 16, bad)
}

// pngMetadata is more than pixels need. It is to be ignored or refused, not read.
func pngMetadata(c *corpus, s seeds) {
	const bomb = 60 << 20
	c.either("png/meta-profile-60mb", 24, 16, small(chunk("iCCP", join([]byte("x\x00\x00"), zeros(bomb)))))
	c.either("png/meta-ztxt-60mb", 24, 16, small(chunk("zTXt", join([]byte("x\x00\x00"), zeros(bomb)))))
	c.either("png/meta-itxt-60mb", 24, 16, small(chunk("iTXt", join([]byte("x\x00\x01\x00\x00\x00"), zeros(bomb)))))
	c.either("png/meta-ztxt-50-times-40mb", 24, 16, small(bytes.Repeat(chunk("zTXt", join([]byte("x\x00\x00"), zeros(40<<20))), 50)))
	c.either("png/meta-text-20000", 24, 16, small(bytes.Repeat(chunk("tEXt", []byte("a\x00b")), 20_000)))
	c.either("png/meta-empty-unknown-50000", 24, 16, small(bytes.Repeat(chunk("xxXx", nil), 50_000)))
	c.either("png/meta-critical-unknown", 24, 16, small(chunk("XXXX", nil)))
	c.either("png/meta-text-2mb", 24, 16, small(chunk("tEXt", join([]byte("a\x00"), text("b", 2<<20)))))
	c.either("png/meta-suggested-palettes", 24, 16, small(bytes.Repeat(chunk("sPLT", join([]byte("p\x00\x08"), make([]byte, 6000))), 1000)))
	c.either("png/meta-data-in-20000-chunks", 24, 16, join([]byte(pngMagic), ihdr(24, 16, 8, rgb, 0),
		bytes.Repeat(chunk("IDAT", nil), 20_000), small()[33:]))
	for _, p := range profiles() {
		c.rendered("png/profile-"+p.name, 24, 16, small(chunk("iCCP", join([]byte("x\x00\x00"), zipped(p.data)))))
	}
	c.rendered("png/profile-cut", 24, 16, small(chunk("iCCP", []byte("x\x00\x00\x78\x9c\x01"))))
	for _, e := range exifs() {
		c.rendered("png/exif-"+e.name, 24, 16, small(chunk("eXIf", e.data)))
	}
	frames := bytes.Repeat(join(
		chunk("fcTL", join(be32(1), be32(1), be32(1), be32(0), be32(0), be16(1), be16(1), []byte{0, 0})),
		chunk("fdAT", join(be32(2), zeros(4)))), 10_000)
	c.either("png/frames-10000", 24, 16, join(small(chunk("acTL", join(be32(10_001), be32(0))))[:len(small())+8], frames, chunk("IEND", nil)))
	c.either("png/frames-lie", 24, 16, small(chunk("acTL", join(be32(1<<31-1), be32(0)))))
	c.either("png/frames-huge", 24, 16, small(chunk("acTL", join(be32(2), be32(0))),
		chunk("fcTL", join(be32(0), be32(1<<30), be32(1<<30), be32(1<<30), be32(1<<30), make([]byte, 6)))))
	c.rendered("png/odd-seed-with-text", seedWidth, seedHeight, join(s.named("png")[:33], chunk("tEXt", []byte("a\x00b")), s.named("png")[33:]))
}

// pngOdd are right, and not what cameras make.
func pngOdd(c *corpus, _ seeds) {
	for _, kind := range [][2]int{
		{1, grey},
		{2, grey},
		{4, grey},
		{8, grey},
		{16, grey},
		{8, rgb},
		{16, rgb},
		{1, indexed},
		{2, indexed},
		{4, indexed},
		{8, indexed},
		{8, greyAlpha},
		{16, greyAlpha},
		{8, rgba},
		{16, rgba},
	} {
		for interlace := range 2 {
			c.rendered(fmt.Sprintf("png/odd-depth-%d-color-%d-interlace-%d", kind[0], kind[1], interlace), 13, 9,
				pngOf(13, 9, kind[0], kind[1], interlace))
		}
	}
	for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {3, 200}} {
		for interlace := range 2 {
			c.rendered(fmt.Sprintf("png/odd-%dx%d-interlace-%d", size[0], size[1], interlace), size[0], size[1],
				pngOf(size[0], size[1], 8, rgb, interlace))
		}
	}
	c.either("png/odd-30000x1", 30000, 1, pngOf(30000, 1, 8, grey, 0))
	c.rendered("png/odd-clear-grey", 24, 16, pngOf(24, 16, 8, grey, 0, chunk("tRNS", be16(0))))
	c.rendered("png/odd-clear-rgb", 24, 16, small(chunk("tRNS", make([]byte, 6))))
	c.rendered("png/odd-clear-indexed", 24, 16, join([]byte(pngMagic), ihdr(24, 16, 1, indexed, 0), chunk("PLTE", make([]byte, 6)),
		chunk("tRNS", []byte{0, 128}), chunk("IDAT", zeros(16*4)), chunk("IEND", nil)))
	c.rendered("png/odd-gamma-zero", 24, 16, small(chunk("gAMA", be32(0))))
	c.rendered("png/odd-chromaticities", 24, 16, small(chunk("cHRM", text("\xff", 32))))
	c.rendered("png/odd-density", 24, 16, small(chunk("pHYs", join(be32(1<<31-1), be32(1), []byte{1}))))
}
