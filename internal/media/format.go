// Package media knows image formats: their names, how to recognise them, what
// they can hold, and what a client accepts.
//
// It never looks past the first bytes of an image and decodes nothing; package
// transform/vips does.
package media

import "slices"

// An Image is an encoded image. It is shared between requests: nobody writes
// to its fields once it is made.
type Image struct {
	Data   []byte
	Format Format
	ETag   string // strong entity tag, in quotes; empty until delivery sets it
}

// A Format is a way to encode images.
type Format struct {
	Name   string // as written in URLs
	MIME   string
	Ext    string // as in file names
	Alpha  bool   // can be transparent
	Decode bool   // can be transformed
	Encode bool   // can be asked for
}

// Formats lists the formats that are recognised. To add one, add its row and,
// if its magic is new, teach Sniff.
func Formats() []Format {
	return []Format{JPEG, PNG, WebP, AVIF, GIF, TIFF, HEIF, SVG, BMP, JXL}
}

// The formats. Those that are neither decoded nor encoded are delivered as
// they are, with the pattern "original".
var (
	JPEG = Format{Name: "jpeg", MIME: "image/jpeg", Ext: ".jpg", Decode: true, Encode: true}
	PNG  = Format{Name: "png", MIME: "image/png", Ext: ".png", Alpha: true, Decode: true, Encode: true}
	WebP = Format{Name: "webp", MIME: "image/webp", Ext: ".webp", Alpha: true, Decode: true, Encode: true}
	AVIF = Format{Name: "avif", MIME: "image/avif", Ext: ".avif", Alpha: true, Decode: true, Encode: true}
	GIF  = Format{Name: "gif", MIME: "image/gif", Ext: ".gif", Alpha: true, Decode: true, Encode: true}
	TIFF = Format{Name: "tiff", MIME: "image/tiff", Ext: ".tif", Alpha: true, Decode: true, Encode: true}
	HEIF = Format{Name: "heif", MIME: "image/heif", Ext: ".heic", Alpha: true, Decode: true}
	SVG  = Format{Name: "svg", MIME: "image/svg+xml", Ext: ".svg", Alpha: true}
	BMP  = Format{Name: "bmp", MIME: "image/bmp", Ext: ".bmp"}
	JXL  = Format{Name: "jxl", MIME: "image/jxl", Ext: ".jxl", Alpha: true}
)

// ByName returns the format called name in URLs.
func ByName(name string) (Format, bool) {
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats()[i], true
}

// Names lists the names of the formats for which keep is true.
func Names(keep func(Format) bool) []string {
	var names []string
	for _, f := range Formats() {
		if keep(f) {
			names = append(names, f.Name)
		}
	}
	return names
}
