package hostile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// eighths is how often each seed is cut.
const eighths = 8

// flips is how often bytes of a seed are changed: the first of each format more
// often than its sisters.
func (s seed) flips() int {
	if strings.HasPrefix(s.name, "alpha") || strings.HasPrefix(s.name, "lossless") || s.name == "png-alpha" {
		return 8
	}
	return 20
}

// mutations are the seeds with something cut off, changed, or put behind.
func mutations(c *corpus, all seeds) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range all {
		add := func(name string, data []byte) {
			c.either("damaged/"+s.name+"-"+name, 0, 0, data)
		}
		for i := range eighths {
			add(fmt.Sprintf("cut-%d-of-8", i), s.data[:len(s.data)*i/eighths])
		}
		add("cut-last-byte", s.data[:len(s.data)-1])
		half := bytes.Clone(s.data)
		clear(half[len(half)/2:])
		add("half-zero", half)
		middle := join(s.data[:len(s.data)/3], s.data[len(s.data)/2:])
		add("middle-missing", middle)
		for i := range s.flips() {
			data := bytes.Clone(s.data)
			for range 1 + i/7 { // one byte, then two, then three
				data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
			}
			add(fmt.Sprintf("flipped-%d", i), data)
		}
		for i := range 4 {
			data := bytes.Clone(s.data)
			data[min(len(data)-1, 4+r.IntN(60))] = byte(r.Uint32()) // a header is where it hurts
			add(fmt.Sprintf("header-flipped-%d", i), data)
		}
		appended(c, s)
	}
	for i, s := range all {
		other := all[(i+5)%len(all)]
		c.either("polyglot/"+s.name+"-then-"+other.name, 0, 0, join(s.data, other.data))
	}
	page := []byte("/*<html><script>alert(1)</script></html>*/=1;")
	c.either("polyglot/gif-script", 0, 0, join([]byte("GIF89a"), page, all.named("gif")[6:]))
	c.rendered("polyglot/jpeg-html", seedWidth, seedHeight, join(all.named("jpeg")[:2], segment(0xfe, page), all.named("jpeg")[2:]))
	c.rendered("polyglot/png-html", seedWidth, seedHeight, join(all.named("png")[:33], chunk("tEXt", join([]byte("c\x00"), page)), all.named("png")[33:]))
	c.either("polyglot/pdf-jpeg", 0, 0, join([]byte("%PDF-1.4\n"), all.named("jpeg")))
}

// appended are the seeds as they are, and with garbage behind them, which does not
// matter to those who read a picture and no further.
func appended(c *corpus, s seed) {
	add := c.rendered
	if s.codec {
		add = c.either
	}
	add("right/"+s.name, seedWidth, seedHeight, s.data)
	if s.name == "svg" || strings.Contains(s.name, "jxl") || strings.Contains(s.name, "heic") {
		add = c.either
	}
	add("garbage-behind/zeros-"+s.name, seedWidth, seedHeight, join(s.data, make([]byte, 1000)))
	add("garbage-behind/zip-"+s.name, seedWidth, seedHeight, join(s.data, []byte("PK\x03\x04"), text("x", 1000)))
	add("garbage-behind/html-"+s.name, seedWidth, seedHeight, join(s.data, []byte("<html><script>alert(1)</script></html>")))
	c.either("garbage-before/"+s.name, 0, 0, join([]byte("\x00\x00"), s.data))
}
