package inspect_test

import (
	"strings"
	"testing"

	"pixedge/internal/inspect"
	"pixedge/internal/media"
)

func isoBox(name string, parts ...string) string {
	body := strings.Join(parts, "")
	return be32(8+len(body)) + name + body
}

// fullBox has a version, and flags of 0.
func fullBox(name string, version byte, parts ...string) string {
	return isoBox(name, string([]byte{version, 0, 0, 0})+strings.Join(parts, ""))
}

// An item of a HEIF is kept in mdat, or in idat if it says so.
type item struct {
	id, flags int
	kind      string
	props     []int // from 1 on
	data      string
	inIdat    bool
}

// A heifFile is a HEIF or AVIF in the making.
type heifFile struct {
	brand   string
	primary int
	items   []item
	props   []string // boxes
	refs    []string // boxes
	extra   string   // in meta
	shift   int      // by which offsets in mdat are wrong
}

func ispe(w, h int) string { return fullBox("ispe", 0, be32(w), be32(h)) }

const (
	av1C  = "\x00\x00\x00\x0cav1C\x81\x00\x0c\x00"
	alpha = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00"
)

func auxC(kind string) string { return fullBox("auxC", 0, kind) }

// high writes numbers, each as its bits, the most significant bit first.
func high(pairs ...int) string {
	var out []byte
	at := 0
	for i := 0; i < len(pairs); i += 2 {
		for k := pairs[i+1] - 1; k >= 0; k-- {
			if at%8 == 0 {
				out = append(out, 0)
			}
			out[at/8] |= byte(pairs[i]>>k&1) << (7 - at%8)
			at++
		}
	}
	return string(out)
}

// av1 is a stream of a temporal delimiter, a sequence header of a still picture,
// and something.
func av1(w, h int) string {
	head := high(0, 3, 1, 1, 1, 1, 0, 5, 15, 4, 15, 4, w-1, 16, h-1, 16, 0, 8)
	return "\x12\x00\x0a" + string([]byte{byte(len(head))}) + head + "\x32\x01x"
}

// hvcC is a configuration with a sequence parameter set.
func hvcC(w, h int) string {
	golomb := func(n int) (int, int) {
		bits := 0
		for (n+1)>>(bits+1) > 0 {
			bits++
		}
		return n + 1, 2*bits + 1
	}
	wv, wn := golomb(w)
	hv, hn := golomb(h)
	var profile []int
	for range 12 {
		profile = append(profile, 0xff, 8)
	}
	sps := high(append(append([]int{0x4201, 16, 0, 4, 0, 3, 1, 1}, profile...), 1, 1, 2, 3, wv, wn, hv, hn, 0, 8)...)
	return isoBox("hvcC", "\x01"+strings.Repeat("\x00", 15)+"\xfd\xf8\xf8\x00\x00\x0f\x02",
		"\x20\x00\x01", be16(3), "vps", "\xa1\x00\x01", be16(len(sps)), sps)
}

func avif() heifFile {
	return heifFile{
		brand: "avif", primary: 1,
		items: []item{{id: 1, kind: "av01", props: []int{1, 2}, data: av1(9, 8)}},
		props: []string{ispe(9, 8), av1C},
	}
}

func heic() heifFile {
	return heifFile{
		brand: "heic", primary: 1,
		items: []item{{id: 1, kind: "hvc1", props: []int{1, 2}, data: "hevc"}},
		props: []string{ispe(9, 8), hvcC(16, 8)},
	}
}

// grid is a HEIC of two tiles of 8 by 8.
func grid() heifFile {
	return heifFile{
		brand: "heic", primary: 3,
		items: []item{
			{id: 1, flags: 1, kind: "hvc1", props: []int{1, 2}, data: "hevc"},
			{id: 2, flags: 1, kind: "hvc1", props: []int{1, 2}, data: "hevc"},
			{id: 3, kind: "grid", props: []int{3}, data: "\x00\x00\x00\x01" + be16(9) + be16(8), inIdat: true},
		},
		props: []string{ispe(8, 8), hvcC(8, 8), ispe(9, 8)},
		refs:  []string{isoBox("dimg", be16(3), be16(2), be16(1), be16(2))},
	}
}

// with returns the file after a change.
func (f heifFile) with(change func(*heifFile)) []byte {
	f.items = append([]item(nil), f.items...)
	f.props = append([]string(nil), f.props...)
	change(&f)
	return f.file()
}

func (f heifFile) file() []byte {
	ftyp := isoBox("ftyp", f.brand, be32(0), "mif1", f.brand)
	// Where mdat is depends on how long meta is, which does not depend on where
	// mdat is.
	meta := f.meta(0)
	var body []string
	for _, it := range f.items {
		if !it.inIdat {
			body = append(body, it.data)
		}
	}
	return []byte(ftyp + f.meta(len(ftyp)+len(meta)+8+f.shift) + isoBox("mdat", body...))
}

func (f heifFile) meta(mdat int) string {
	var infe, iloc, ipma, idat strings.Builder
	for _, it := range f.items {
		infe.WriteString(isoBox("infe", "\x02\x00\x00"+string([]byte{byte(it.flags)})+be16(it.id)+be16(0)+it.kind+"\x00"))
		if it.inIdat {
			iloc.WriteString(be16(it.id) + be16(1) + be16(0) + be16(1) + be32(idat.Len()) + be32(len(it.data)))
			idat.WriteString(it.data)
		} else {
			iloc.WriteString(be16(it.id) + be16(0) + be16(0) + be16(1) + be32(mdat) + be32(len(it.data)))
			mdat += len(it.data)
		}
		ipma.WriteString(be16(it.id) + string([]byte{byte(len(it.props))}))
		for _, p := range it.props {
			ipma.WriteByte(byte(p))
		}
	}
	return fullBox("meta", 0, fullBox("hdlr", 0, be32(0), "pict", strings.Repeat("\x00", 13)),
		fullBox("pitm", 0, be16(f.primary)),
		fullBox("iloc", 1, "\x44\x00", be16(len(f.items)), iloc.String()),
		fullBox("iinf", 0, be16(len(f.items)), infe.String()),
		fullBox("iref", 0, f.refs...),
		isoBox("iprp", isoBox("ipco", f.props...), fullBox("ipma", 0, be32(len(f.items)), ipma.String())),
		isoBox("idat", idat.String()), f.extra)
}

func TestHEIF(t *testing.T) {
	of := func(format media.Format, change func(*inspect.Header)) inspect.Header {
		h := inspect.Header{Format: format, Width: 9, Height: 8, Bands: 3, Depth: 8, Samples: 1.5, Whole: true}
		change(&h)
		return h
	}
	same := func(*inspect.Header) {}
	prop := func(boxes ...string) func(*heifFile) {
		return func(f *heifFile) {
			for _, b := range boxes {
				f.props = append(f.props, b)
				f.items[0].props = append(f.items[0].props, len(f.props))
			}
		}
	}
	layer := func(kind string) func(*heifFile) {
		return func(f *heifFile) {
			f.props = append(f.props, auxC(kind))
			f.items = append(f.items, item{id: 7, kind: "av01", props: []int{1, 2, 3}, data: av1(9, 8)})
			f.refs = append(f.refs, isoBox("auxl", be16(7), be16(1), be16(1)))
		}
	}
	for _, tt := range []struct {
		name string
		data []byte
		want inspect.Header
	}{
		{"AVIF", avif().file(), of(media.AVIF, same)},
		{"data after it", append(avif().file(), "junk"...), of(media.AVIF, same)},
		{"HEIC", heic().file(), of(media.HEIF, same)},
		{"AVIF, 4:4:4 of 10 bits", avif().with(func(f *heifFile) { f.props[1] = "\x00\x00\x00\x0cav1C\x81\x00\x40\x00" }), of(media.AVIF, func(h *inspect.Header) { h.Samples, h.Depth = 3, 16 })},
		{"grey", avif().with(func(f *heifFile) { f.props[1] = "\x00\x00\x00\x0cav1C\x81\x00\x1c\x00" }), of(media.AVIF, func(h *inspect.Header) { h.Samples = 1 })},
		{"12 bits", avif().with(prop(fullBox("pixi", 0, "\x03\x0c\x0c\x0c"))), of(media.AVIF, func(h *inspect.Header) { h.Depth = 16 })},
		{"turned", avif().with(prop(isoBox("irot", "\x01"), isoBox("imir", "\x00"))), of(media.AVIF, func(h *inspect.Header) { h.Width, h.Height = 8, 9 })},
		{"turned twice", avif().with(prop(isoBox("irot", "\x02"))), of(media.AVIF, same)},
		{"a profile", avif().with(prop(isoBox("colr", "prof"+"12345"))), of(media.AVIF, func(h *inspect.Header) { h.Profile = 5 })},
		{"colors by number", avif().with(prop(isoBox("colr", "nclx\x00\x01\x00\x0d\x00\x06\x80"))), of(media.AVIF, same)},
		{"alpha", avif().with(layer(alpha)), of(media.AVIF, func(h *inspect.Header) { h.Alpha, h.Bands, h.Samples = true, 4, 2.5 })},
		{"a depth map", avif().with(layer("urn:mpeg:hevc:2015:auxid:2\x00")), of(media.AVIF, same)},
		{"two pictures and a thumbnail", heic().with(func(f *heifFile) {
			f.items = append(f.items, item{id: 2, kind: "hvc1", props: []int{1, 2}, data: "hevc"}, item{id: 3, kind: "hvc1", props: []int{1, 2}, data: "hevc"}, item{id: 4, kind: "Exif", data: "broken"})
			f.refs = append(f.refs, isoBox("thmb", be16(3), be16(1), be16(1)))
		}), of(media.HEIF, func(h *inspect.Header) { h.Frames = 2 })},
		{"a grid", grid().file(), of(media.HEIF, func(h *inspect.Header) { h.TileWidth, h.TileHeight = 8, 8 })},
		{"metadata beyond the file", avif().with(func(f *heifFile) {
			f.items = append(f.items, item{id: 9, kind: "Exif", data: strings.Repeat("e", 50)})
		})[:len(avif().with(func(f *heifFile) { f.items = append(f.items, item{id: 9, kind: "Exif"}) }))+10], of(media.AVIF, same)},
	} {
		checkHeader(t, tt.name, tt.data, tt.want)
	}
	checkCuts(t, avif().file(), len(avif().file()))
}

func TestHEIFRefuses(t *testing.T) {
	of := func(change func(*heifFile)) []byte { return avif().with(change) }
	gridOf := func(change func(*heifFile)) []byte { return grid().with(change) }
	layer := func(it item) func(*heifFile) {
		return func(f *heifFile) {
			f.props = append(f.props, auxC(alpha), ispe(1<<14, 1<<14))
			f.items = append(f.items, it)
			f.refs = append(f.refs, isoBox("auxl", be16(7), be16(1), be16(1)))
		}
	}
	box := func(i int, to string) func(*heifFile) { return func(f *heifFile) { f.props[i] = to } }
	checkSamples(t, []sample{
		{"no items", []byte(isoBox("ftyp", "avif", be32(0), "avif", "mif1") + isoBox("mdat", "x")), "no box of items"},
		{"a box beyond the file", []byte(isoBox("ftyp", "avif", be32(0), "avif", "mif1") + be32(5000) + "meta" + "x"), "no box of items"},
		{"a box beyond its box", of(func(f *heifFile) { f.extra = be32(5000) + "free" }), "longer than what it is in"},
		{"a box of no length", of(func(f *heifFile) { f.extra = be32(4) + "free" }), "longer than what it is in"},
		{"a box of 2^64", of(func(f *heifFile) { f.extra = be32(1) + "free" + strings.Repeat("\xff", 8) }), "longer than what it is in"},
		{"a list twice", of(func(f *heifFile) { f.extra = fullBox("pitm", 0, be16(2)) }), "there twice"},
		{"another primary item", of(func(f *heifFile) { f.primary = 2 }), "no primary item"},
		{"no picture", of(func(f *heifFile) { f.items[0].kind = "mime" }), "cannot be read"},
		{"a JPEG inside", of(func(f *heifFile) { f.items[0].kind = "jpeg" }), "cannot be read"},
		{"an overlay", of(func(f *heifFile) { f.items[0].kind = "iovl" }), "cannot be read"},
		{"no size", of(func(f *heifFile) { f.items[0].props = []int{2} }), "no size"},
		{"a size of 0", of(box(0, ispe(0, 8))), "no size"},
		{"no height", of(box(0, ispe(9, 0))), "no size"},
		{"a short size", of(box(0, fullBox("ispe", 0, be32(9)))), "a property ends too early"},
		{"a size larger than coded", of(box(0, ispe(1<<14, 1<<14))), "contradict"},
		{"a size smaller than coded", of(func(f *heifFile) { f.items[0].data = av1(1<<14, 1<<14) }), "contradict"},
		{"a property that is not there", of(func(f *heifFile) { f.items[0].props = []int{1, 2, 3} }), "not there"},
		{"too many properties", of(func(f *heifFile) { f.props = append(f.props, strings.Repeat(isoBox("free"), 600)) }), "more than 512 properties"},
		{"no AV1 configuration", of(box(1, isoBox("av1C", "\x00\x00\x00\x00"))), "AV1 configuration"},
		{"no sequence header", of(func(f *heifFile) { f.items[0].data = "\x12\x00" }), "no sequence header"},
		{"pixels beyond the file", of(func(f *heifFile) { f.shift = 5 }), "ends too early"},
		{"huge alpha", of(layer(item{id: 7, kind: "av01", props: []int{1, 2, 3}, data: av1(1<<14, 1<<14)})), "contradict"},
		{"alpha that says it is huge", of(layer(item{id: 7, kind: "av01", props: []int{4, 2, 3}, data: av1(9, 8)})), "contradict"},
		{"alpha of something else", of(layer(item{id: 7, kind: "jpeg", props: []int{1, 2, 3}, data: "x"})), "made of such parts"},
		{"alpha made of tiles", of(layer(item{id: 7, kind: "grid", props: []int{1, 2, 3}, data: "\x00\x00\x00\x00" + be16(9) + be16(8)})), "other tiles"},
		{"a layer of something else, not shown", of(layer(item{id: 7, kind: "grid", props: []int{1, 2}, data: "x"})), ""},
		{"its own tile", gridOf(func(f *heifFile) { f.refs = []string{isoBox("dimg", be16(3), be16(2), be16(1), be16(3))} }), "made of such parts"},
		{"more references than there are", of(func(f *heifFile) { f.refs = append(f.refs, isoBox("auxl", be16(7), be16(9), be16(1))) }), "ends too early"},
		{"a huge profile", of(func(f *heifFile) {
			f.props = append(f.props, isoBox("colr", "prof", strings.Repeat("p", 4<<20+1)))
			f.items[0].props = []int{1, 2, 3}
		}), "ICC profile"},
		{"no HEVC parameters", heic().with(box(1, isoBox("hvcC", strings.Repeat("\x00", 23)))), "coded size is nowhere"},
		{"HEVC parameters cut off", heic().with(box(1, isoBox("hvcC", strings.Repeat("\x00", 22), "\x01\xa1\x00\x01\x00\x50"))), "ends too early"},
		{"wrong HEVC parameters", heic().with(box(1, isoBox("hvcC", strings.Repeat("\x00", 22), "\x01\xa1\x00\x01\x00\x03abc"))), "HEVC configuration is wrong"},
		{"HEVC of another size", heic().with(box(1, hvcC(1<<14, 1<<14))), "contradict"},
		{"a grid of other tiles", gridOf(func(f *heifFile) { f.items[2].data = "\x00\x00\x01\x01" + be16(9) + be16(8) }), "other tiles"},
		{"a grid of another size", gridOf(func(f *heifFile) { f.items[2].data = "\x00\x00\x00\x01" + be16(9) + be16(9) }), "contradict"},
		{"a short grid", gridOf(func(f *heifFile) { f.items[2].data = "\x00\x00\x00\x01" + be16(9) }), "grid ends too early"},
		{"a grid with gaps", gridOf(func(f *heifFile) {
			f.props[2] = ispe(17, 8)
			f.items[2].data = "\x00\x00\x00\x01" + be16(17) + be16(8)
		}), "gaps"},
		{"tiles nobody sees", gridOf(func(f *heifFile) {
			f.props[2] = ispe(8, 8)
			f.items[2].data = "\x00\x00\x00\x01" + be16(8) + be16(8)
		}), "nobody sees"},
		{"huge tiles", gridOf(func(f *heifFile) {
			f.props[0], f.props[1] = ispe(8, 1<<14), hvcC(8, 1<<14)
		}), "nobody sees"},
		{"tiles of different sizes", gridOf(func(f *heifFile) { f.items[1].props = []int{3, 2} }), "differ in size"},
		{"a grid of grids", gridOf(func(f *heifFile) { f.items[0].kind = "grid" }), "made of such parts"},
		{"a grid of nothing", gridOf(func(f *heifFile) { f.refs = nil }), "other tiles"},
	})
}
