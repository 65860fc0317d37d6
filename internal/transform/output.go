package transform

import (
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// An Output is how the finished picture is to be encoded. Its zero value keeps
// the format of the original and takes the format's own quality.
type Output struct {
	Format  media.Format
	Quality int // 1 to 100; 0: the format's own
}

// toFormat changes the format.
type toFormat struct {
	format  string
	quality int
}

func (f *toFormat) Params(p *op.ParamSet) {
	p.Choice(&f.format, "f", "jpeg", []string{"jpeg", "png", "webp", "tiff", "avif", "gif", "bmp", "heif"}, "Format to encode in.")
	p.IntOrWord(&f.quality, "q", 75, 1, 100, qualities(), "Quality of formats that lose detail.")
}

// qualities are PixelBin's words for quality. It does not say which numbers they
// stand for; these are ours.
func qualities() []op.Word {
	return []op.Word{{Name: "best", Value: 95}, {Name: "good", Value: 80}, {Name: "eco", Value: 60}, {Name: "low", Value: 40}}
}

func (f *toFormat) output(o *Output) error {
	format := media.ByName(f.format)
	if !format.CanEncode() {
		return fault.Errorf(fault.Unsupported, "t.toFormat: f: %s cannot be made here; there are %s",
			f.format, list(media.Formats(media.Format.CanEncode)))
	}
	*o = Output{Format: format, Quality: f.quality}
	return nil
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

func (q *compress) output(o *Output) error {
	o.Quality = max(1, q.quality)
	return nil
}

// Apply does nothing: the quality matters once, at the end.
func (*compress) Apply(*Canvas) error { return nil }

// An encoder is how a format is written.
type encoder struct {
	save    vips.Saver
	opaque  vips.Saver // for pictures of 8 bits without alpha, if that differs
	quality int        // where the URL asks for none
	effort  int
	maxSide int // 0: no limit of its own
}

func (e encoder) saver(img *vips.Image) vips.Saver {
	if e.opaque != 0 && !img.HasAlpha() && !img.Wide() {
		return e.opaque
	}
	return e.save
}

// encoderFor returns how format is written. The qualities look alike to the eye
// across formats; the efforts are where more time buys few bytes.
func encoderFor(format media.Format) encoder {
	switch format {
	case media.PNG:
		return encoder{save: vips.SavePNG}
	case media.WebP:
		return encoder{save: vips.SaveWebP, quality: 80, effort: 4, maxSide: 16383}
	case media.AVIF:
		return encoder{save: vips.SaveAVIF, quality: 55, effort: 1, maxSide: 16384}
	case media.GIF:
		return encoder{save: vips.SaveGIF, effort: 7, maxSide: 65535}
	case media.TIFF:
		return encoder{save: vips.SaveTIFFDeflate, opaque: vips.SaveTIFF, quality: 80}
	default:
		return encoder{save: vips.SaveJPEG, quality: 80, maxSide: 65500}
	}
}

// natural returns the format a picture of the given format is encoded in when
// nothing is asked: its own if we can make it, and otherwise one that every
// browser shows.
func natural(format media.Format) media.Format {
	if format.CanEncode() {
		return format
	}
	return media.JPEG
}

func output() []Spec {
	return []Spec{
		spec[toFormat]("t.toFormat", "Change the format, and the quality with it.", "t.toFormat(f:webp,q:70)"),
		spec[compress]("t.compress", "Change the quality and keep the format. Where several operations set the quality, the last one counts.", "t.compress(q:30)"),
	}
}
