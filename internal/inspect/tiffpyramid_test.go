package inspect_test

import (
	"slices"
	"strings"
	"testing"

	"pixedge/internal/inspect"
)

// level returns a page that may be a level of plainTIFF's pyramid: its pixels are the
// same bytes of the file.
func level(w, h int) tiffFile {
	return plainTIFF().with(254, 1).with(256, w).with(257, h)
}

// stacked is a file of several pages.
func stacked(pages ...tiffFile) []byte {
	out := pages[0].head()
	for i, p := range pages {
		if i < len(pages)-1 {
			p.next = len(out) + len(p.directory(0))
		}
		out = append(out, p.directory(len(out))...)
	}
	return out
}

// nested is a file of one page and those that are its SubIFDs.
func nested(page tiffFile, subs ...tiffFile) []byte {
	directories := strings.Builder{}
	begin := 8 + len(page.pixels)
	var at []int
	for _, s := range subs {
		at = append(at, begin+directories.Len())
		directories.WriteString(s.directory(begin + directories.Len()))
	}
	page = page.with(330, at...)
	page.pixels += directories.String()
	return page.file()
}

func TestPyramid(t *testing.T) {
	type levels = []inspect.Level
	plain := plainTIFF()
	half, quarter := level(5, 4), level(2, 2)
	unsaid := half.with(254)
	profile := func(f tiffFile, n ...int) tiffFile { return f.with(34675, n...) }
	grey := func(f tiffFile) tiffFile { return f.with(258, 8).with(277, 1).with(262, 1) }
	few := func(f tiffFile, depth, photometric int) tiffFile {
		return f.with(258, depth).with(277, 1).with(262, photometric)
	}
	clear := func(f tiffFile, opacity int) tiffFile {
		return f.with(258, 8, 8, 8, 8).with(277, 4).with(338, opacity)
	}
	both, round := plain, half
	both.next = 8 + len(plain.pixels) // the SubIFD is also the next page
	round.next = len(stacked(plain))
	for _, tt := range []struct {
		name   string
		data   []byte
		levels levels
		sub    bool
		frames int
	}{
		{"pages", stacked(plain, half, quarter), levels{{5, 4}, {2, 2}}, false, 1},
		{"rounded down", stacked(plain, level(4, 4)), levels{{4, 4}}, false, 1},
		{"SubIFDs", nested(plain, half, quarter), levels{{5, 4}, {2, 2}}, true, 1},
		{"SubIFDs that say nothing", nested(plain, unsaid), levels{{5, 4}}, true, 1},
		{"another compression", stacked(plain, half.with(259, 8)), levels{{5, 4}}, false, 1},
		{"tiles", stacked(plain, half.tiled(16, 16, 8)), levels{{5, 4}}, false, 1},
		{"grey", stacked(grey(plain), grey(half)), levels{{5, 4}}, false, 1},
		{"opacity", stacked(clear(plain, 2), clear(half, 2)), levels{{5, 4}}, false, 1},
		{"a profile", stacked(profile(plain, 1), profile(half, 1)), levels{{5, 4}}, false, 1},
		{"a document after it", stacked(plain, half, plain, plain), levels{{5, 4}}, false, 3},
		{"of the second page", stacked(plain, plain, half), nil, false, 3},
		{"pages that say nothing", stacked(plain, unsaid, quarter.with(254)), nil, false, 3},
		{"pages of a document", stacked(plain, half.with(254, 2)), nil, false, 2},
		{"pages of a document, smaller", stacked(plain, half.with(254, 3)), nil, false, 2},
		{"masks", stacked(plain, half.with(254, 4), half.with(254, 5)), nil, false, 3},
		{"masks in SubIFDs", nested(plain, half.with(254, 4)), nil, false, 1},
		{"a thumbnail", stacked(plain, quarter), nil, false, 2},
		{"a thumbnail in a SubIFD", nested(plain, quarter), nil, false, 1},
		{"a thumbnail last", stacked(plain, half, level(1, 1), level(1, 1)), levels{{5, 4}}, false, 3},
		{"another aspect", stacked(plain, level(5, 8)), nil, false, 2},
		{"larger", nested(plain, level(18, 16)), nil, false, 1},
		{"other channels", stacked(plain, grey(half)), nil, false, 2},
		{"other bits", stacked(plain, half.with(258, 16, 16, 16)), nil, false, 2},
		{"other numbers", stacked(plain, half.with(339, 2)), nil, false, 2},
		{"other colors", stacked(plain, half.with(262, 6)), nil, false, 2},
		{"other opacity", stacked(clear(plain, 2), clear(half, 1)), nil, false, 2},
		{"turned otherwise", stacked(plain, half.with(274, 1)), nil, false, 2},
		{"no profile", stacked(profile(plain, 1), half), nil, false, 2},
		{"another profile", stacked(profile(plain, 1), profile(half, 2)), nil, false, 2},
		{"palettes", stacked(few(plain, 8, 3), few(half, 8, 3)), nil, false, 2},
		{"black and white", stacked(few(plain, 1, 1), few(half, 1, 1)), nil, false, 2},
		{"of a kind that is not read", stacked(plain, half.with(259, 6)), nil, false, 2},
		{"strips that are missing", nested(plain, half.with(278, 2).with(273, 8)), nil, false, 1},
		{"strips beyond the file", nested(plain, half.with(278, 2).with(273, 8, 50_000)), nil, false, 1},
		{"a good one after a bad one", nested(plain, half.with(278, 2).with(273, 8), half), nil, false, 1},
		{"a SubIFD beyond the file", plain.with(330, 5000).file(), nil, false, 1},
		{"a SubIFD that is the page", plain.with(330, 108).file(), nil, false, 1},
		{"SubIFDs that are no numbers", plain.with(330, 1<<32-1, 0).file(), nil, false, 1},
		{"10,000 SubIFDs", nested(plain, slices.Repeat([]tiffFile{half}, 10_000)...), levels{{5, 4}}, true, 1},
		{"SubIFDs and pages", nested(both, half), levels{{5, 4}}, true, 2},
	} {
		h, err := inspect.Read(tt.data)
		got := h.Pyramid.Levels[:h.Pyramid.Len()]
		if err != nil || !slices.Equal(got, tt.levels) || h.Pyramid.SubIFDs != tt.sub || h.Frames != tt.frames {
			t.Errorf("%s: %v in SubIFDs %t, %d pages, %v; want %v in SubIFDs %t, %d pages",
				tt.name, got, h.Pyramid.SubIFDs, h.Frames, err, tt.levels, tt.sub, tt.frames)
		}
	}
	checkSamples(t, []sample{{"a level that is followed by itself", stacked(plain, round), "overlap"}})
}

// TestHighPyramid has more levels than are looked at: the rest are pages.
func TestHighPyramid(t *testing.T) {
	pages := []tiffFile{plainTIFF().with(256, 1<<18).with(257, 1)}
	for n := 17; n >= 0; n-- {
		pages = append(pages, level(1<<n, 1))
	}
	h, err := inspect.Read(stacked(pages...))
	if err != nil || h.Pyramid.Len() != 16 || h.Frames != 3 {
		t.Errorf("%d levels, %d pages, %v", h.Pyramid.Len(), h.Frames, err)
	}
}
