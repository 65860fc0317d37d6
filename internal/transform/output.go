package transform

import (
	"fmt"
	"strings"

	"pixedge/internal/media"
	"pixedge/internal/op"
)

// An Output is how the finished picture is to be encoded. Its zero value keeps
// the format of the original, takes the format's own quality and drops all
// metadata.
type Output struct {
	Format      media.Format
	Quality     int // 1 to 100; 0: the format's own
	Palette     bool
	Lossless    bool
	Progressive bool
	Density     int  // dots an inch; 0: as it was
	DensityDown int  // dots an inch from top to bottom; 0: as across
	Copyright   bool // keep who made the picture
	Profile     bool // keep the colors and their profile as they are
	Saving      bool // fewer bytes are worth more than detail

	Orientation orientationMode
}

// An orientationMode says what becomes of the orientation that a camera noted.
type orientationMode string

const (
	upright    orientationMode = ""     // the picture is turned upright
	storedKept orientationMode = "keep" // it stays as it is stored, and the note with it
	storedBare orientationMode = "drop" // it stays as it is stored, without the note
)

// Text describes o, for cache keys and people. It is the same for two outputs
// only if they are the same.
func (o Output) text() string {
	words := []string{o.Format.String()}
	add := func(set bool, format string, args ...any) {
		if set {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(o.Quality > 0, "quality %d", o.Quality)
	add(o.Palette, "palette")
	add(o.Lossless, "lossless")
	add(o.Progressive, "progressive")
	add(o.Density > 0, "%d dpi", o.Density)
	add(o.DensityDown > 0, "%d dpi down", o.DensityDown)
	add(o.Copyright, "copyright")
	add(o.Profile, "profile")
	add(o.Saving, "saving")
	add(o.Orientation != upright, "orientation %s", o.Orientation)
	return strings.Join(words, ",")
}

// bare reports whether the file says nothing but pixels.
func (o Output) bare() bool {
	return !o.Profile && !o.Copyright && o.Density == 0 && o.Orientation != storedKept
}

// toFormat changes the format.
type toFormat struct {
	format  string
	quality int

	palette, lossless, progressive bool
}

func (f *toFormat) Params(p *op.ParamSet) {
	p.Choice(&f.format, "f", "jpeg", []string{"jpeg", "png", "webp", "tiff", "avif", "bmp", "heif", "gif", "jxl", "ico"}, "Format to encode in. gif, jxl and ico, an icon of 128, 64 and 32 pixels, are extensions.")
	p.IntOrWord(&f.quality, "q", 75, 1, 100, qualities(), "Quality of formats that lose detail. best is 95, good 80, eco 60, low 40.")
	p.Bool(&f.palette, "palette", false, "Make a PNG of at most 256 colors. An extension.")
	p.Bool(&f.lossless, "lossless", false, "Make a WebP, AVIF or JXL that loses nothing. An extension.")
	p.Bool(&f.progressive, "progressive", false, "Make a JPEG or PNG that shows coarsely at once. An extension.")
}

// qualities are PixelBin's words for quality. It does not say which numbers they
// stand for; these are ours.
func qualities() []op.Word {
	return []op.Word{{Name: "best", Value: 95}, {Name: "good", Value: 80}, {Name: "eco", Value: 60}, {Name: "low", Value: 40}}
}

func (f *toFormat) output(o *Output) {
	o.Format, o.Quality = media.ByName(f.format), f.quality
	o.Palette, o.Lossless, o.Progressive = f.palette, f.lossless, f.progressive
}

// list names formats for people.
func list(formats []media.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.String()
	}
	return strings.Join(names, ", ")
}

// Apply does nothing: the format matters once, at the end.
func (*toFormat) Apply(*Canvas) error { return nil }

// compress changes the quality.
type compress struct{ quality int }

func (q *compress) Params(p *op.ParamSet) {
	p.Int(&q.quality, "q", 80, 0, 100, "Quality of formats that lose detail.")
}

func (q *compress) output(o *Output) { o.Quality = max(1, q.quality) }

// Apply does nothing: the quality matters once, at the end.
func (*compress) Apply(*Canvas) error { return nil }

// density sets the resolution that printers go by.
type density struct{ dpi, down int }

func (d *density) Params(p *op.ParamSet) {
	p.Int(&d.dpi, "d", 300, 1, 10000, "Dots an inch. No pixel changes.")
	p.Int(&d.down, "y", 0, 0, 10000, "Dots an inch from top to bottom; 0: as across. An extension.")
}

func (d *density) output(o *Output) {
	o.Density, o.DensityDown = d.dpi, d.down
	if d.down == d.dpi {
		o.DensityDown = 0
	}
}

// Apply does nothing: the resolution matters once, at the end.
func (*density) Apply(*Canvas) error { return nil }

// metadata says what is kept of it.
type metadata struct{ keep string }

func (m *metadata) Params(p *op.ParamSet) {
	p.Choice(&m.keep, "k", "copyright", []string{"copyright", "none"}, "What to keep: the EXIF fields Artist and Copyright, or nothing. JPEG, WebP and AVIF carry them; libvips before 8.15 writes none into PNG and TIFF.")
}

func (m *metadata) output(o *Output) { o.Copyright = m.keep == "copyright" }

// Apply does nothing: metadata matters once, at the end.
func (*metadata) Apply(*Canvas) error { return nil }

// srgb says whether colors are brought to sRGB.
type srgb struct{ on bool }

func (s *srgb) Params(p *op.ParamSet) {
	p.Bool(&s.on, "on", true, "false keeps the original's colors and its profile as they are.")
}

func (s *srgb) output(o *Output) { o.Profile = !s.on }

// Apply does nothing: colors are converted when the original is opened.
func (*srgb) Apply(*Canvas) error { return nil }

// keepStored says what becomes of the orientation that a camera noted.
type keepStored struct{ mode string }

func (k *keepStored) Params(p *op.ParamSet) {
	p.Choice(&k.mode, "m", "keep", []string{"apply", "keep", "drop"}, "apply turns the picture upright, as happens without this. keep and drop leave it as it is stored, so that places are those of the stored pixels: "+
		"keep with the note for those who show it, in JPEG, WebP and TIFF; drop without.")
}

func (k *keepStored) output(o *Output) {
	o.Orientation = map[string]orientationMode{"keep": storedKept, "drop": storedBare}[k.mode]
}

// Apply does nothing: pixels are turned when the original is opened.
func (*keepStored) Apply(*Canvas) error { return nil }

func output() []Spec {
	return []Spec{
		spec[toFormat]("t.toFormat", "Change the format, and the quality with it.", "t.toFormat(f:webp,q:70)"),
		spec[compress]("t.compress", "Change the quality and keep the format. Where several operations set the quality, the last one counts.", "t.compress(q:30)"),
		spec[density]("t.density", "Set the resolution that printers go by.", "t.density(d:150)"),
		spec[metadata]("t.metadata", "Keep who made the picture; without this nothing is kept. An extension.", "t.metadata(k:copyright)"),
		spec[srgb]("t.srgb", "Keep the original's color profile with on:false; without this colors become sRGB. An extension.", "t.srgb(on:false)"),
		spec[keepStored]("t.orientation", "Say what becomes of the orientation that a camera noted, from the first operation on. An extension.", "t.orientation(m:drop)"),
		spec[faceList]("t.faces", "List the faces in the picture, as JSON, instead of showing it. An extension.", "t.faces()"),
	}
}
