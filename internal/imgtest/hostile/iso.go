package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// box is a box of an ISO base media file.
func box(kind string, data ...[]byte) []byte {
	body := join(data...)
	return join(be32(8+len(body)), []byte(kind), body)
}

// said returns an AVIF or HEIC whose every ispe says another size.
func said(file []byte, w, h int) []byte {
	for at := 0; ; {
		i := bytes.Index(file[at:], []byte("ispe"))
		if i < 0 {
			return file
		}
		at += i + 8
		copy(file[at:], join(be32(w), be32(h)))
	}
}

// changed returns file with what follows the first kind, and skip bytes more,
// replaced.
func changed(file []byte, kind string, skip int, with ...byte) []byte {
	if i := bytes.Index(file, []byte(kind)); i >= 0 {
		copy(file[min(len(file), i+len(kind)+skip):], with)
	}
	return file
}

// sequence is the header of an AV1 picture of up to 65,536 a side in an OBU.
func sequence(w, h int) []byte {
	var b bits
	b.put(0, 3)  // profile
	b.put(3, 2)  // a still picture with a short header
	b.put(31, 5) // level
	b.put(15, 4)
	b.put(15, 4)
	b.put(uint64(w-1), 16)
	b.put(uint64(h-1), 16)
	b.put(0, 3+3)           // tools
	b.put(0, 1+1+1+1+2+1+1) // 8 bits, colors, no separate planes, no grain
	b.put(1, 1)
	return join([]byte{0x0a, byte(len(b.data))}, b.data)
}

// avifs say one size and code another, nest, and point beyond their end.
func avifs(c *corpus, s seeds) {
	for _, of := range []string{"still-avif", "alpha-avif", "still-heic"} {
		get := func() []byte { return s.named(of) }
		name := func(text string) string { return of[len(of)-4:] + "/" + of[:5] + "-" + text }
		for _, size := range [][2]int{
			{65536, 65536},
			{1<<31 - 1, 1<<31 - 1},
			{1 << 31, 1 << 31},
			{1<<32 - 1, 1<<32 - 1},
			{17000, 17000},
			{1 << 30, 1},
			{1, 1 << 30},
			{8000, 8000},
			{0, 0},
			{0, 64},
		} {
			c.refused(name(fmt.Sprintf("bomb-said-%dx%d", size[0], size[1])), said(get(), size[0], size[1]))
		}
		c.either(name("lie-said-7000x7000"), 0, 0, said(get(), 7000, 7000))
		c.either(name("lie-said-1x1"), 0, 0, said(get(), 1, 1))
		for _, kind := range []string{"meta", "iprp", "ipco", "ipma", "iinf", "iloc", "pitm", "mdat", "av1C", "hvcC", "pixi", "infe", "hdlr"} {
			if !bytes.Contains(get(), []byte(kind)) {
				continue
			}
			c.either(name("lie-"+kind+"-full"), 0, 0, changed(get(), kind, 0, text("\xff", 16)...))
			c.either(name("lie-"+kind+"-empty"), 0, 0, changed(get(), kind, 0, make([]byte, 16)...))
			for _, n := range []int{0, 7, 1<<32 - 1} {
				file := get()
				copy(file[bytes.Index(file, []byte(kind))-4:], be32(n))
				c.either(name(fmt.Sprintf("lie-%s-of-%d", kind, n)), 0, 0, file)
			}
		}
	}
	still := s.named("still-avif")
	head := int(binary.BigEndian.Uint32(still))
	c.refused("avif/lie-no-boxes", still[:head])
	c.refused("avif/lie-empty-meta", join(still[:head], box("meta", make([]byte, 4))))
	c.either("avif/lie-two-metas", 0, 0, join(still[:head], still[head:], still[head:]))
	c.either("avif/meta-free-20000", seedWidth, seedHeight, join(still[:head], bytes.Repeat(box("free"), 0), still[head:], bytes.Repeat(box("free"), 20_000)))
	c.refused("avif/lie-brands-100000", join(box("ftyp", []byte("avif\x00\x00\x00\x00"), text("avif", 100_000))))
	nested := box("free")
	for range 2000 {
		nested = box("meta", make([]byte, 4), nested)
	}
	c.refused("avif/nested-2000", join(still[:head], nested))
	c.refused("avif/bomb-coded-65536", coded(still, sequence(65536, 65536)))
	c.refused("avif/bomb-coded-20000", coded(still, sequence(20000, 20000)))
	c.refused("avif/lie-sequence-of-movies", join(box("ftyp", []byte("avis\x00\x00\x00\x00avis")), box("moov", box("trak", box("mdia", make([]byte, 100))))))
	c.refused("avif/lie-large-box", join(still[:head], be32(1), []byte("meta"), text("\xff", 8)))
}

// coded replaces what an AVIF codes, where its index says it is.
func coded(avif, obu []byte) []byte {
	out := bytes.Clone(avif)
	at := bytes.Index(out, []byte("mdat")) + 4
	copy(out[at:], join([]byte{0x12, 0}, obu, []byte{0x32, 0x10}, text("\x55", 16)))
	return out
}

// jxlSize is how a naked JPEG XL begins.
func jxlSize(w, h int) []byte {
	b := bits{low: true}
	b.put(0x0aff, 16)
	b.put(0, 1)
	b.put(3, 2)
	b.put(uint64(h-1), 30)
	b.put(0, 3)
	b.put(3, 2)
	b.put(uint64(w-1), 30)
	b.put(1, 1) // the usual metadata
	return b.data
}

// jxls are bombs by their header, and boxes that are none.
func jxls(c *corpus, s seeds) {
	for _, size := range [][2]int{{1 << 30, 1 << 30}, {1 << 18, 1 << 18}, {65536, 65536}, {16384, 16384}, {1 << 30, 1}, {1, 1 << 30}, {8000, 8000}} {
		head := jxlSize(size[0], size[1])
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		c.refused("jxl/bomb-"+name, join(head, make([]byte, 64)))
		c.refused("jxl/bomb-cut-"+name, head)
		c.refused("jxl/bomb-boxed-"+name, join([]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), box("ftyp", []byte("jxl \x00\x00\x00\x00jxl ")),
			box("jxlc", head, make([]byte, 64))))
		c.refused("jxl/bomb-noise-"+name, join(head, text("\xa5\x3c\x77", 300)))
	}
	c.refused("jxl/lie-magic-alone", []byte{0xff, 0x0a})
	start := join([]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), box("ftyp", []byte("jxl \x00\x00\x00\x00jxl ")))
	c.refused("jxl/lie-box-alone", start)
	c.refused("jxl/lie-no-codestream", join(start, bytes.Repeat(box("free"), 1000)))
	c.refused("jxl/lie-box-of-4gb", join(start, be32(1<<32-1), []byte("jxlc"), s.named("still-jxl")[:40]))
	c.refused("jxl/lie-box-of-2", join(start, be32(2), []byte("jxlc")))
	c.refused("jxl/meta-brotli-garbage", join(start, box("brob", []byte("Exif"), text("\xff", 1000))))
	c.either("jxl/lie-parts", 0, 0, join(start, bytes.Repeat(box("jxlp", be32(0)), 20_000)))
}
