package main

import (
	"fmt"
	"net/url"
	"strings"
)

// A work is what a request asks for, in no server's words: a picture of the
// corpus, one of the three ways to make it smaller, and how to encode it.
type work struct {
	source  string
	cover   [2]int // width and height to be covered, cut about the center; or
	width   int    // width in pixels, in the same shape; or
	crop    [4]int // left, top, width, height
	format  string // jpeg, webp, avif or png
	quality int    // 1 to 100; 0 where the format knows none
}

// A dialect is how a kind of server is asked.
type dialect struct {
	// path returns the path that asks for w, of the picture that the origin
	// has under name.
	path func(w work, origin, name string) string
	// caches reports whether the second request is expected to be a hit.
	caches bool
}

func dialects() map[string]dialect {
	return map[string]dialect{
		"pixedge":  {path: pixedge, caches: true},
		"imgproxy": {path: imgproxy},
		"static":   {}, // files alone: serves no work
	}
}

// cloud is the name of the cloud in the settings of the edge that is started.
const cloud = "bench"

func pixedge(w work, _, name string) string {
	var ops string
	switch {
	case w.cover != [2]int{}:
		ops = fmt.Sprintf("t.resize(w:%d,h:%d)", w.cover[0], w.cover[1])
	case w.width > 0:
		ops = fmt.Sprintf("t.resize(w:%d)", w.width)
	default:
		ops = fmt.Sprintf("t.crop(x:%d,y:%d,w:%d,h:%d)", w.crop[0], w.crop[1], w.crop[2], w.crop[3])
	}
	ops += "~t.toFormat(f:" + w.format
	if w.quality > 0 {
		ops += fmt.Sprintf(",q:%d", w.quality)
	}
	return "/v2/" + cloud + "/" + ops + ")/" + name
}

func imgproxy(w work, origin, name string) string {
	var ops []string
	switch {
	case w.cover != [2]int{}:
		ops = append(ops, fmt.Sprintf("rs:fill:%d:%d", w.cover[0], w.cover[1]))
	case w.width > 0:
		ops = append(ops, fmt.Sprintf("rs:fit:%d:0", w.width))
	default:
		//nolint:misspell // north-west
		ops = append(ops, fmt.Sprintf("g:nowe:%d:%d", w.crop[0], w.crop[1]), fmt.Sprintf("c:%d:%d", w.crop[2], w.crop[3]))
	}
	if w.quality > 0 {
		ops = append(ops, fmt.Sprintf("q:%d", w.quality))
	}
	format := strings.Replace(w.format, "jpeg", "jpg", 1)
	return "/unsafe/" + strings.Join(ops, "/") + "/plain/" + url.PathEscape(origin+name) + "@" + format
}
