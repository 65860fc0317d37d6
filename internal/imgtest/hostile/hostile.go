// Package hostile makes pictures that are meant to harm whoever decodes them, and
// odd ones that must come out right.
//
// [Pictures] is all there is. The pictures are made by code, the same ones in
// every run, and stay small: a bomb is large only once somebody believes its
// header. A file for each family of them says what its members try. The seeds,
// small right pictures of the formats that Go cannot write, are kept in seeds and
// were encoded by this project.
//
// The package decodes nothing and judges nobody; see the test in cmd/edge for
// that. It is imported by tests only.
package hostile

import (
	"embed"
	"testing"
)

// A Want says what an edge with the usual limits (50 million pixels, 30,000 a
// side, 300 frames) may answer when it is asked to transform a picture.
type Want uint8

// The answers.
const (
	Refused  Want = iota + 1 // a status from 400 to 499
	Rendered                 // 200, and the size is right
	Either                   // one of these: some decoders are forgiving
)

// String returns the word that reports use.
func (w Want) String() string { return [...]string{"", "refused", "rendered", "either"}[w] }

// A Picture is a file and what is to become of it.
type Picture struct {
	Name string // family/what it tries: letters, digits, - and one slash
	Data []byte
	Want Want
	// Width and Height are the size in pixels of one upright frame; 0 if the
	// picture does not say so clearly.
	Width, Height int
}

// Pictures returns the corpus, some 160 MB.
func Pictures(tb testing.TB) []Picture {
	tb.Helper()
	s := seedsOf(tb)
	c := &corpus{}
	for _, family := range []func(*corpus, seeds){
		pngBombs, pngLies, pngMetadata, pngOdd,
		jpegBombs, jpegScans, jpegLies, jpegMetadata, jpegOdd,
		gifs, webps, avifs, jxls, tiffs, tiffOdd, bmps,
		svgReferences, svgBombs, svgFilters, svgPaints, svgEmbedded, svgOdd,
		wrongTypes, wrongMagics, mutations,
	} {
		family(c, s)
	}
	return c.list
}

// A corpus grows by one picture a call.
type corpus struct{ list []Picture }

func (c *corpus) refused(name string, data []byte) {
	c.list = append(c.list, Picture{Name: name, Data: data, Want: Refused})
}

func (c *corpus) rendered(name string, w, h int, data []byte) {
	c.list = append(c.list, Picture{Name: name, Data: data, Want: Rendered, Width: w, Height: h})
}

// either takes a size of 0 where a forgiving decoder could find another one.
func (c *corpus) either(name string, w, h int, data []byte) {
	c.list = append(c.list, Picture{Name: name, Data: data, Want: Either, Width: w, Height: h})
}

//go:embed seeds
var seedFiles embed.FS

// A seed is a right picture of 96x64 pixels.
type seed struct {
	name string
	data []byte
	// codec reports whether its decoder is one that not every libvips has.
	codec bool
}

// seeds are the right pictures by name.
type seeds []seed

// The size of every seed.
const seedWidth, seedHeight = 96, 64

// named returns a copy of the bytes of a seed.
func (s seeds) named(name string) []byte {
	for _, one := range s {
		if one.name == name {
			return append([]byte(nil), one.data...)
		}
	}
	panic("no seed " + name) // a mistake in this package
}
