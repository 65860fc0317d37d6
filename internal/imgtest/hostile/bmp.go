package hostile

import "fmt"

// bitmap is a BMP header of 40 bytes and so many bytes behind it.
func bitmap(w, h, depth, compression, colors, begin, data int) []byte {
	return join([]byte("BM"), le32(begin+data), make([]byte, 4), le32(begin),
		le32(40), le32(w), le32(h), le16(1), le16(depth), le32(compression), le32(0), le32(0), le32(0), le32(colors), le32(0),
		make([]byte, max(0, begin-54)+data))
}

// bmps have bad heights and offsets: one of 54 bytes took another server 12 GB.
func bmps(c *corpus, _ seeds) {
	plain := func(w, h int) []byte { return bitmap(w, h, 24, 0, 0, 54, 4096) }
	for _, size := range [][2]int{
		{1<<31 - 1, 1<<31 - 1},
		{60000, 60000},
		{30001, 1},
		{1, 30001},
		{8000, 8000},
		{1 << 31, 1},
		{1, 1 << 31},
		{1, -1<<31 + 1},
		{-1, 1},
		{-24, 16},
		{24, -60000},
		{1 << 30, -1 << 30},
		{0, 16},
		{7000, 7000},
		{7000, -7000},
	} {
		c.refused(fmt.Sprintf("bmp/bomb-%dx%d", size[0], size[1]), plain(size[0], size[1]))
		c.refused(fmt.Sprintf("bmp/bomb-bits-%dx%d", size[0], size[1]), bitmap(size[0], size[1], 1, 0, 2, 62, 1024))
	}
	c.either("bmp/lie-no-height", 0, 0, plain(24, 0))
	for _, depth := range []int{0, 2, 3, 16, 48, 64, 65535} {
		c.either(fmt.Sprintf("bmp/lie-depth-%d", depth), 24, 16, bitmap(24, 16, depth, 0, 0, 54, 4096))
	}
	for _, compression := range []int{1, 2, 3, 4, 5, 6, 11, 1<<32 - 1} {
		c.either(fmt.Sprintf("bmp/lie-compression-%d", compression), 24, 16, bitmap(24, 16, 8, compression, 0, 54+1024, 4096))
	}
	for _, colors := range []int{1, 257, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		c.either(fmt.Sprintf("bmp/lie-colors-%d", colors), 24, 16, bitmap(24, 16, 8, 0, colors, 54+1024, 4096))
	}
	for _, begin := range []int{0, 10, 53, 1 << 31, 1<<32 - 1} {
		data := plain(24, 16)
		copy(data[10:], le32(begin))
		c.either(fmt.Sprintf("bmp/lie-begins-at-%d", begin), 24, 16, data)
	}
	for _, header := range []int{0, 12, 39, 52, 64, 108, 124, 1<<32 - 1} {
		data := plain(24, 16)
		copy(data[14:], le32(header))
		c.either(fmt.Sprintf("bmp/lie-header-of-%d", header), 0, 0, data)
	}
	c.refused("bmp/lie-magic-alone", []byte("BM\x00\x00\x00\x00\x00\x00\x00\x00"))
	for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {24, 16}} {
		w, h := size[0], size[1]
		c.rendered(fmt.Sprintf("bmp/odd-%dx%d", w, h), w, h, plain(w, h))
		c.rendered(fmt.Sprintf("bmp/odd-upside-down-%dx%d", w, h), w, h, plain(w, -h))
		for _, depth := range []int{1, 4, 8, 32} {
			colors := 0
			if depth <= 8 {
				colors = 1 << depth
			}
			c.rendered(fmt.Sprintf("bmp/odd-depth-%d-%dx%d", depth, w, h), w, h, bitmap(w, h, depth, 0, colors, 54+4*colors, 8192))
		}
	}
}
