// Package media knows image formats: their names, how to recognise them, what
// they can hold, and what a client accepts.
//
// It never looks past the first bytes of an image and decodes nothing; package
// transform/vips does.
package media

// An Image is an encoded image. It is shared between requests: nobody writes
// to its fields once it is made.
type Image struct {
	Data   []byte
	Format Format
	ETag   string // strong entity tag, in quotes; empty until delivery sets it
}

// A Format is a way to encode images. The zero Format is none.
type Format uint8

// The formats that are recognised. To add one, add its name here, its row in
// about and, if its magic is new, teach Sniff, or SniffVideo.
const (
	None Format = iota
	JPEG
	PNG
	WebP
	AVIF
	GIF
	TIFF
	HEIF
	SVG
	BMP
	JXL
	ICO
	MP4
	QuickTime
	WebM
	JSON   // what a picture is, instead of the picture
	Pixels // of a picture on its way, between two jobs of a renderer; nobody is sent them, and Sniff knows none
	numFormats
)

// A row is what there is to know of a format. Those that are neither decoded
// nor encoded are delivered as they are, with the pattern "original".
type row struct {
	name   string // as written in URLs
	mime   string
	ext    string // as in file names
	alpha  bool   // can be transparent
	decode bool   // can be transformed
	encode bool   // can be asked for
	web    bool   // every browser shows it
}

func (f Format) about() row {
	return [numFormats]row{
		JPEG:      {name: "jpeg", mime: "image/jpeg", ext: ".jpg", decode: true, encode: true, web: true},
		PNG:       {name: "png", mime: "image/png", ext: ".png", alpha: true, decode: true, encode: true, web: true},
		WebP:      {name: "webp", mime: "image/webp", ext: ".webp", alpha: true, decode: true, encode: true, web: true},
		AVIF:      {name: "avif", mime: "image/avif", ext: ".avif", alpha: true, decode: true, encode: true},
		GIF:       {name: "gif", mime: "image/gif", ext: ".gif", alpha: true, decode: true, encode: true, web: true},
		TIFF:      {name: "tiff", mime: "image/tiff", ext: ".tif", alpha: true, decode: true, encode: true},
		HEIF:      {name: "heif", mime: "image/heif", ext: ".heic", alpha: true, decode: true, encode: true},
		SVG:       {name: "svg", mime: "image/svg+xml", ext: ".svg", alpha: true, decode: true, web: true},
		BMP:       {name: "bmp", mime: "image/bmp", ext: ".bmp", decode: true, encode: true},
		JXL:       {name: "jxl", mime: "image/jxl", ext: ".jxl", alpha: true, decode: true, encode: true},
		ICO:       {name: "ico", mime: "image/vnd.microsoft.icon", ext: ".ico", alpha: true, encode: true, web: true},
		MP4:       {name: "mp4", mime: "video/mp4", ext: ".mp4"},
		QuickTime: {name: "mov", mime: "video/quicktime", ext: ".mov"},
		WebM:      {name: "webm", mime: "video/webm", ext: ".webm"},
		JSON:      {name: "json", mime: "application/json", ext: ".json"},
		Pixels:    {name: "pixels", mime: "application/octet-stream", ext: ".pixels"},
	}[f]
}

// String returns the format's name as written in URLs; that of None is empty.
func (f Format) String() string { return f.about().name }

// MIME returns the media type, such as "image/jpeg".
func (f Format) MIME() string { return f.about().mime }

// Ext returns the ending of file names, with its dot.
func (f Format) Ext() string { return f.about().ext }

// HasAlpha reports whether the format can be transparent.
func (f Format) HasAlpha() bool { return f.about().alpha }

// OnWeb reports whether every browser shows the format.
func (f Format) OnWeb() bool { return f.about().web }

// CanDecode reports whether images of the format can be transformed.
func (f Format) CanDecode() bool { return f.about().decode }

// CanEncode reports whether the format can be asked for.
func (f Format) CanEncode() bool { return f.about().encode }

// Formats lists the formats for which keep is true.
func Formats(keep func(Format) bool) []Format {
	var list []Format
	for f := None + 1; f < numFormats; f++ {
		if keep(f) {
			list = append(list, f)
		}
	}
	return list
}

// ByName returns the format called name in URLs, or None.
func ByName(name string) Format {
	for f := None + 1; f < numFormats; f++ {
		if f.String() == name {
			return f
		}
	}
	return None
}
