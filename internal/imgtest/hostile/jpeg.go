package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// segment is a marker of a JPEG with its length and data.
func segment(marker byte, parts ...[]byte) []byte {
	data := join(parts...)
	return join([]byte{0xff, marker}, be16(len(data)+2), data)
}

// tables are the quantization and Huffman tables of all JPEGs here: one code a
// table, a single 0, which says "no difference" and "end of block". A block
// takes two bits.
func tables() []byte {
	code := append([]byte{1}, make([]byte, 16)...)
	return join(segment(0xdb, []byte{0}, text("\x10", 64)),
		segment(0xc4, []byte{0x00}, code), segment(0xc4, []byte{0x10}, code))
}

// frame is a start of frame; sampling has a byte for each component.
func frame(marker byte, precision, w, h int, sampling ...byte) []byte {
	spec := []byte{byte(precision)}
	spec = append(spec, be16(h)...)
	spec = append(spec, be16(w)...)
	spec = append(spec, byte(len(sampling)))
	for i, s := range sampling {
		spec = append(spec, byte(i+1), s, 0)
	}
	return segment(marker, spec)
}

// scan is a start of scan of so many components.
func scan(first, n int, spectral, last, approx byte) []byte {
	spec := []byte{byte(n)}
	for i := range n {
		spec = append(spec, byte(first+i), 0)
	}
	return segment(0xda, spec, []byte{spectral, last, approx})
}

// blocks returns how many blocks a picture has with such sampling, in one scan.
func blocks(w, h int, sampling []byte) int {
	if len(sampling) == 1 {
		return (w + 7) / 8 * ((h + 7) / 8)
	}
	mx, my, n := 1, 1, 0
	for _, s := range sampling {
		mx, my, n = max(mx, int(s>>4)), max(my, int(s&15)), n+int(s>>4)*int(s&15)
	}
	return (w + 8*mx - 1) / (8 * mx) * ((h + 8*my - 1) / (8 * my)) * n
}

// maxEntropy is enough for 50 million pixels.
const maxEntropy = 512 << 10

// entropy is so many blocks of as many bits each, all of them 0. More than
// maxEntropy of it is left out: nobody should come that far.
func entropy(blocks, bits int) []byte {
	n := blocks * bits
	data := make([]byte, min((n+7)/8, maxEntropy))
	if n%8 != 0 && len(data) == (n+7)/8 {
		data[len(data)-1] = 0xff >> (n % 8)
	}
	return data
}

// The sampling of components.
var (
	mono   = []byte{0x11}
	full   = []byte{0x11, 0x11, 0x11}
	halved = []byte{0x22, 0x11, 0x11}
	inks   = []byte{0x11, 0x11, 0x11, 0x11}
)

// baseline is a grey JPEG, with more segments behind its start.
func baseline(w, h int, sampling []byte, more ...[]byte) []byte {
	return join([]byte{0xff, 0xd8}, join(more...), tables(), frame(0xc0, 8, w, h, sampling...),
		scan(1, len(sampling), 0, 63, 0), entropy(blocks(w, h, sampling), 2), []byte{0xff, 0xd9})
}

// progressive is a JPEG with a first scan and more behind it.
func progressive(w, h int, sampling []byte, more ...[]byte) []byte {
	return join([]byte{0xff, 0xd8}, tables(), frame(0xc2, 8, w, h, sampling...),
		scan(1, len(sampling), 0, 0, 0), entropy(blocks(w, h, sampling), 1), join(more...), []byte{0xff, 0xd9})
}

// jpegBombs have more pixels than anybody wants, or more than memory for all of
// them at once.
func jpegBombs(c *corpus, _ seeds) {
	for _, size := range [][2]int{{65500, 65500}, {65535, 65535}, {30001, 8}, {8, 30001}, {65535, 1}, {1, 65535}, {7080, 7080}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		c.refused("jpeg/bomb-"+name, baseline(size[0], size[1], halved))
		c.refused("jpeg/bomb-progressive-"+name, progressive(size[0], size[1], full))
		c.refused("jpeg/bomb-inks-"+name, baseline(size[0], size[1], inks))
	}
	c.rendered("jpeg/not-quite-a-bomb", 7040, 7040, baseline(7040, 7040, mono))
	c.either("jpeg/bomb-progressive-49mp", 7000, 7000, progressive(7000, 7000, full))
	c.either("jpeg/bomb-progressive-inks-49mp", 7000, 7000, progressive(7000, 7000, inks))
	c.either("jpeg/bomb-49mp-of-nothing", 7000, 7000, baseline(7000, 7000, full)[:1000])
}

// refinement is a scan over all blocks that changes nothing.
func refinement(w, h, component int, first, last, approx byte) []byte {
	return join(scan(component, 1, first, last, approx), entropy(blocks(w, h, mono), 1))
}

// jpegScans come back to the same pixels thousands of times.
func jpegScans(c *corpus, _ seeds) {
	const side = 256
	for _, n := range []int{101, 500, 20_000} {
		c.refused(fmt.Sprintf("jpeg/scans-%d", n), progressive(side, side, mono, bytes.Repeat(refinement(side, side, 1, 1, 63, 0), n)))
	}
	long := segment(0xc4, []byte{0x10}, []byte{1}, make([]byte, 15), []byte{0xe0}) // a run of 16,384 blocks
	c.refused("jpeg/scans-20000-of-16mp", join([]byte{0xff, 0xd8}, tables(), long, frame(0xc2, 8, 4000, 4000, mono...),
		scan(1, 1, 0, 0, 0), entropy(blocks(4000, 4000, mono), 1),
		bytes.Repeat(join(scan(1, 1, 1, 63, 0), make([]byte, 30)), 20_000), []byte{0xff, 0xd9}))
	c.refused("jpeg/scans-20000-headers-alone", progressive(side, side, mono, bytes.Repeat(scan(1, 1, 1, 63, 0), 20_000)))
	// A decoder may stop at the end of the first, which has all there is.
	c.either("jpeg/scans-5000-in-baseline", side, side, join(baseline(side, side, mono)[:len(baseline(side, side, mono))-2],
		bytes.Repeat(join(scan(1, 1, 0, 63, 0), make([]byte, 64)), 5000), []byte{0xff, 0xd9}))
	var steps [][]byte // as they should be: every coefficient, one bit better each time
	for bit := byte(5); bit > 0; bit-- {
		for k := byte(1); k <= 9; k++ {
			steps = append(steps, refinement(side, side, 1, k, k, bit<<4|bit-1))
		}
	}
	var first [][]byte
	for k := byte(1); k <= 9; k++ {
		first = append(first, refinement(side, side, 1, k, k, 5))
	}
	c.rendered("jpeg/scans-55", side, side, progressive(side, side, mono, join(first...), join(steps...)))
	restart := func(n int) []byte { return segment(0xdd, be16(n)) }
	flood := join(text("\xff\xd0\xff\xd1\xff\xd2\xff\xd3\xff\xd4\xff\xd5\xff\xd6\xff\xd7", 250_000))
	whole := baseline(side, side, mono, restart(1))
	c.either("jpeg/restarts-2-million", side, side, join(whole[:len(whole)-2], flood, []byte{0xff, 0xd9}))
	c.either("jpeg/restarts-2-million-first", side, side, join(whole[:len(whole)-2-256], flood, []byte{0xff, 0xd9}))
	c.either("jpeg/fill-bytes-4-million", side, side, join(whole[:2], text("\xff", 4<<20), whole[2:]))
	c.either("jpeg/fill-bytes-in-the-scan", side, side, join(whole[:len(whole)-2], text("\xff", 4<<20), []byte{0xd9}))
	c.either("jpeg/fill-zeros-between", side, side, join(whole[:2], make([]byte, 4<<20), whole[2:]))
}

// restarted is a right JPEG with a restart behind every block.
func restarted(w, h int) []byte {
	var data []byte
	n := blocks(w, h, mono)
	for i := range n {
		data = append(data, 0x3f)
		if i < n-1 {
			data = append(data, 0xff, 0xd0+byte(i%8))
		}
	}
	return join([]byte{0xff, 0xd8}, tables(), segment(0xdd, be16(1)), frame(0xc0, 8, w, h, mono...), scan(1, 1, 0, 63, 0), data, []byte{0xff, 0xd9})
}

// jpegLies have headers that no decoder should believe.
func jpegLies(c *corpus, _ seeds) {
	of := func(parts ...[]byte) []byte {
		return join([]byte{0xff, 0xd8}, join(parts...), []byte{0xff, 0xd9})
	}
	sos, data := scan(1, 1, 0, 63, 0), make([]byte, 64)
	c.refused("jpeg/lie-no-width", of(tables(), frame(0xc0, 8, 0, 16, mono...), sos, data))
	c.refused("jpeg/lie-no-height", of(tables(), frame(0xc0, 8, 16, 0, mono...), sos, data))
	c.either("jpeg/lie-height-comes-later", 0, 0, of(tables(), frame(0xc0, 8, 16, 0, mono...), sos, data, segment(0xdc, be16(60000))))
	c.refused("jpeg/lie-no-components", of(tables(), frame(0xc0, 8, 16, 16), sos, data))
	for _, n := range []int{2, 5, 10, 255} {
		c.either(fmt.Sprintf("jpeg/lie-%d-components", n), 16, 16, of(tables(), frame(0xc0, 8, 16, 16, text("\x11", n)...), scan(1, min(n, 4), 0, 63, 0), data))
	}
	for _, s := range []byte{0x00, 0x01, 0x10, 0x55, 0xff} {
		c.either(fmt.Sprintf("jpeg/lie-sampling-%02x", s), 16, 16, of(tables(), frame(0xc0, 8, 16, 16, s, 0x11, 0x11), scan(1, 3, 0, 63, 0), data))
	}
	for _, p := range []int{0, 1, 7, 12, 16, 255} {
		c.either(fmt.Sprintf("jpeg/lie-precision-%d", p), 16, 16, of(tables(), frame(0xc0, p, 16, 16, mono...), sos, data))
	}
	for _, m := range []byte{0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf} {
		c.either(fmt.Sprintf("jpeg/lie-frame-%02x", m), 16, 16, of(tables(), frame(m, 8, 16, 16, mono...), sos, data))
	}
	c.either("jpeg/lie-two-frames", 0, 0, of(tables(), frame(0xc0, 8, 16, 16, mono...), frame(0xc0, 8, 60000, 60000, mono...), sos, data))
	c.either("jpeg/lie-frames-after-scan", 0, 0, of(tables(), frame(0xc0, 8, 16, 16, mono...), sos, data, frame(0xc2, 8, 60000, 60000, full...), sos, data))
	c.refused("jpeg/lie-no-frame", of(tables(), sos, data))
	c.refused("jpeg/lie-no-scan", of(tables(), frame(0xc0, 8, 16, 16, mono...)))
	c.either("jpeg/lie-no-tables", 16, 16, of(frame(0xc0, 8, 16, 16, mono...), sos, data))
	c.either("jpeg/lie-no-huffman", 16, 16, of(tables()[:69], frame(0xc0, 8, 16, 16, mono...), sos, data))
	c.either("jpeg/lie-huffman-overfull", 16, 16, of(tables(), segment(0xc4, []byte{0}, text("\xff", 16)), frame(0xc0, 8, 16, 16, mono...), sos, data))
	c.either("jpeg/lie-tables-10000", 16, 16, of(bytes.Repeat(tables(), 10_000), frame(0xc0, 8, 16, 16, mono...), sos, data))
	c.either("jpeg/lie-scan-of-unknown-component", 16, 16, of(tables(), frame(0xc0, 8, 16, 16, mono...), scan(9, 1, 0, 63, 0), data))
	c.either("jpeg/lie-spectral-range", 16, 16, progressive(16, 16, mono, scan(1, 1, 63, 1, 0xff), data))
	for _, length := range []int{0, 1, 2, 65535} {
		c.either(fmt.Sprintf("jpeg/lie-segment-of-%d", length), 24, 16, baseline(24, 16, mono, []byte{0xff, 0xe1}, be16(length)))
	}
	c.refused("jpeg/lie-magic-alone", []byte{0xff, 0xd8, 0xff})
	c.refused("jpeg/lie-start-and-end", []byte{0xff, 0xd8, 0xff, 0xd9})
	c.either("jpeg/lie-starts-1-million", 16, 16, join(text("\xff\xd8", 1_000_000), baseline(16, 16, mono)))
}

// jpegMetadata is more than pixels need.
func jpegMetadata(c *corpus, _ seeds) {
	with := func(more ...[]byte) []byte { return baseline(24, 16, mono, more...) }
	icc := func(i, n int, data []byte) []byte {
		return segment(0xe2, []byte("ICC_PROFILE\x00"), []byte{byte(i), byte(n)}, data)
	}
	for _, p := range profiles() {
		if len(p.data) < 60_000 {
			c.rendered("jpeg/profile-"+p.name, 24, 16, with(icc(1, 1, p.data)))
			c.rendered("jpeg/profile-of-colors-"+p.name, 24, 16, baseline(24, 16, full, icc(1, 1, p.data)))
		}
	}
	c.rendered("jpeg/profile-0-of-0", 24, 16, with(icc(0, 0, make([]byte, 200))))
	c.rendered("jpeg/profile-255-of-1", 24, 16, with(icc(255, 1, make([]byte, 200))))
	c.rendered("jpeg/profile-1-of-255", 24, 16, with(icc(1, 255, make([]byte, 200))))
	var parts [][]byte
	for i := range 80 {
		parts = append(parts, icc(i+1, 80, make([]byte, 65000)))
	}
	c.either("jpeg/profile-of-5mb", 24, 16, with(parts...))
	for _, e := range exifs() {
		c.rendered("jpeg/exif-"+e.name, 24, 16, with(segment(0xe1, []byte("Exif\x00\x00"), e.data)))
	}
	c.either("jpeg/meta-app1-20000", 24, 16, with(bytes.Repeat(segment(0xe1, []byte("Exif\x00\x00"), turned(binary.LittleEndian, 1)), 20_000)))
	c.either("jpeg/meta-xmp-60-of-64kb", 24, 16, with(bytes.Repeat(segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"), make([]byte, 65000)), 60)))
	c.either("jpeg/meta-comments-20000", 24, 16, with(bytes.Repeat(segment(0xfe, []byte("x")), 20_000)))
	c.either("jpeg/meta-photoshop", 24, 16, with(segment(0xed, []byte("Photoshop 3.0\x00"), bytes.Repeat(join([]byte("8BIM\x04\x04\x00\x00"), be32(1<<31-1)), 100))))
	c.either("jpeg/meta-xmp-entities", 24, 16, with(segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(laughs("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">&i;</x:xmpmeta>")))))
}

// jpegOdd are right, and not what cameras make.
func jpegOdd(c *corpus, s seeds) {
	for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {8, 8}, {17, 9}, {3, 200}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		c.rendered("jpeg/odd-"+name, size[0], size[1], baseline(size[0], size[1], halved))
		c.rendered("jpeg/odd-progressive-"+name, size[0], size[1], progressive(size[0], size[1], full))
		c.rendered("jpeg/odd-restarts-"+name, size[0], size[1], restarted(size[0], size[1]))
	}
	c.rendered("jpeg/odd-restarts-40000", 1600, 1600, restarted(1600, 1600))
	for _, s := range []byte{0x11, 0x21, 0x12, 0x22, 0x41, 0x14, 0x42} {
		c.rendered(fmt.Sprintf("jpeg/odd-sampling-%02x", s), 100, 60, baseline(100, 60, []byte{s, 0x11, 0x11}))
	}
	c.rendered("jpeg/odd-less-of-light", 100, 60, baseline(100, 60, []byte{0x11, 0x22, 0x22}))
	adobe := func(transform byte) []byte {
		return segment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00"), []byte{transform})
	}
	c.rendered("jpeg/odd-inks", 100, 60, baseline(100, 60, inks))
	c.rendered("jpeg/odd-inks-adobe", 100, 60, baseline(100, 60, inks, adobe(0)))
	c.rendered("jpeg/odd-inks-ycck", 100, 60, baseline(100, 60, inks, adobe(2)))
	c.either("jpeg/odd-inks-unknown-transform", 100, 60, baseline(100, 60, inks, adobe(9))) // libjpeg warns of it
	c.rendered("jpeg/odd-rgb-adobe", 100, 60, baseline(100, 60, full, adobe(0)))
	card := s.named("jpeg")
	for o := 1; o <= 8; o++ {
		w, h := seedWidth, seedHeight
		if o >= 5 {
			w, h = h, w
		}
		for _, order := range []part{{"little", turned(binary.LittleEndian, o)}, {"big", turned(binary.BigEndian, o)}} {
			c.rendered(fmt.Sprintf("jpeg/odd-orientation-%d-%s", o, order.name), w, h,
				join(card[:2], segment(0xe1, []byte("Exif\x00\x00"), order.data), card[2:]))
		}
	}
	c.either("jpeg/odd-no-end", seedWidth, seedHeight, card[:len(card)-2])
}
