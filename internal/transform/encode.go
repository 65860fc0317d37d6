package transform

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// An encoder is how a format is written.
type encoder struct {
	save    vips.Saver // none for BMP, which libvips leaves to others
	quality int        // where the URL asks for none
	effort  [2]int     // of pictures, and of large ones
	maxSide int        // 0: no limit of its own
}

// large is how many pixels make a picture large. A photograph of so many takes libwebp a
// fifth of a second at effort 3, and less than half of that at 2. To find Huffman tables
// for it libjpeg would have to hold all of it.
const large = 2 << 20

// encoderFor returns how format is written. The qualities look alike to the eye
// across formats; the efforts are where more time buys few bytes: see
// docs/decisions/0006.
func encoderFor(format media.Format) encoder {
	return map[media.Format]encoder{
		media.JPEG: {save: vips.SaveJPEG, quality: 80, effort: [2]int{1, 0}, maxSide: 65500},
		media.PNG:  {save: vips.SavePNG, quality: 100, effort: [2]int{7, 7}},
		media.WebP: {save: vips.SaveWebP, quality: 80, effort: [2]int{3, 2}, maxSide: 16383},
		media.AVIF: {save: vips.SaveAVIF, quality: 60, effort: [2]int{1, 1}, maxSide: 16384},
		media.HEIF: {save: vips.SaveHEIF, quality: 60, effort: [2]int{1, 1}, maxSide: 16384},
		media.GIF:  {save: vips.SaveGIF, effort: [2]int{7, 7}, maxSide: 65535},
		media.TIFF: {save: vips.SaveTIFF, quality: 80},
		media.JXL:  {save: vips.SaveJXL, quality: 80, effort: [2]int{5, 5}},
		media.BMP:  {},
		media.ICO:  {},
	}[format]
}

// natural returns the format a picture of the given format is encoded in when
// nothing is asked: its own, or one that every browser shows.
func natural(format media.Format) media.Format {
	switch format {
	case media.HEIF:
		return media.JPEG
	case media.SVG:
		return media.PNG
	default:
		return format
	}
}

// Encodable lists the formats that this libvips can make, found out by making a
// small picture in each: which codecs there are depends on how it was built.
func Encodable() []media.Format {
	return media.Formats(func(f media.Format) bool {
		e := encoderFor(f)
		return f.CanEncode() && (e.save == 0 || e.save.Works(e.quality, e.effort[0]))
	})
}

// write encodes the picture on a canvas, all its frames if the format holds
// them.
func (e encoder) write(ctx context.Context, c *Canvas, o Output, place vips.Place) ([]byte, error) {
	if o.Format == media.Pixels {
		return c.freeze(ctx, place)
	}
	if err := c.upright(); err != nil {
		return nil, err
	}
	img, err := c.picture(e.save.Frames())
	if err != nil {
		return nil, err
	}
	defer img.Close()
	switch o.Format { //nolint:exhaustive // the others are libvips' to write, or BMP
	case media.ICO:
		return writeICO(ctx, img)
	case media.JSON:
		return c.listFaces()
	}
	if e.save == 0 {
		return writeBMP(img)
	}
	if o.Density > 0 {
		if err := img.SetDensity(float64(o.Density), float64(cmp.Or(o.DensityDown, o.Density))); err != nil {
			return nil, damaged(err)
		}
	}
	data, err := img.Save(ctx, e.save, e.settings(img, o, c.subsampled), place)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		err = hollow(data, o.Format)
	}
	return data, unencodable(err, o.Format)
}

// hollow is an error if there is no picture in a file. libheif 1.15 writes such files when
// an encoder has no memory left, and says nothing.
func hollow(data []byte, format media.Format) error {
	if format != media.AVIF && format != media.HEIF {
		return nil
	}
	if _, err := inspect.Read(data); err != nil {
		return fault.Wrap(err, fault.Unprocessable, "the result could not be encoded as %v", format)
	}
	return nil
}

// unencodable explains an error of an encoder. Where pixels are still decoded while the
// encoder asks for them, it may be the picture's fault.
func unencodable(err error, format media.Format) error {
	failed, ok := errors.AsType[*vips.Error](err)
	if !ok || !failed.Encoding() || failed.OutOfMemory() {
		return damaged(err)
	}
	return fault.Wrap(err, fault.Unprocessable, "the result could not be encoded as %v", format)
}

// picture returns all frames as one image, or the first of them, to be closed.
func (c *Canvas) picture(moving bool) (*vips.Image, error) {
	switch {
	case moving && c.roll != nil:
		return c.roll.Copy(), nil
	case moving && c.Animated():
		roll, err := vips.Assemble(c.frames, c.timing)
		return roll, damaged(err)
	}
	first, err := c.first()
	if err != nil {
		return nil, err
	}
	return first.Copy(), nil
}

// fine is the quality from which on AVIF keeps colors in full whatever the picture, as
// libvips has it.
const fine = 90

func (e encoder) qualityOf(o Output) int {
	quality := cmp.Or(o.Quality, e.quality)
	if o.Saving {
		quality = quality * 3 / 4
	}
	return quality
}

// effortFor returns the effort for a frame of that size. Where nothing is to be lost it is
// the same for all: large is about searching for what may be.
func (e encoder) effortFor(o Output, frame size) int {
	if frame.w*frame.h > large && !o.Lossless {
		return e.effort[1]
	}
	return e.effort[0]
}

// subsamples reports whether colors are stored at half the width and height. As with
// sharp: a JPEG of high quality grows by a fifth with full chroma. In AVIF that keeps the
// edges of vivid colors for a twentieth more bytes, if the picture has such edges.
func (e encoder) subsamples(o Output, subsampled bool) bool {
	return e.save == vips.SaveJPEG || subsampled && e.qualityOf(o) < fine && !o.Lossless
}

func (e encoder) settings(img *vips.Image, o Output, subsampled bool) vips.Settings {
	w, _ := img.Size()
	with := vips.Settings{
		Quality: e.qualityOf(o), Effort: e.effortFor(o, size{w, img.FrameHeight()}), Lossless: o.Lossless,
		Subsample: e.subsamples(o, subsampled),
	}
	var options []string
	add := func(set bool, option string, savers ...vips.Saver) {
		for _, s := range savers {
			if set && s == e.save {
				options = append(options, option)
			}
		}
	}
	add(o.Palette, "palette=true,filter=none", vips.SavePNG) // filters are for neighbours that are alike, and indices are not
	add(o.Progressive, "interlace=true", vips.SaveJPEG, vips.SavePNG)
	// JPEG inside, as with sharp, for what JPEG can hold.
	plain := !img.HasAlpha() && !img.Wide()
	add(plain, "compression=jpeg", vips.SaveTIFF)
	add(!plain, "compression=deflate", vips.SaveTIFF)
	with.Options = strings.Join(options, ",")
	if o.Copyright {
		with.Keep = append(with.Keep, "exif-ifd0-Artist", "exif-ifd0-Copyright")
	}
	if o.Density > 0 {
		with.Keep = append(with.Keep, "resolution-unit") // without metadata a JPEG has no density
	}
	if o.Orientation == storedKept {
		with.Keep = append(with.Keep, "orientation")
	}
	if o.Profile {
		with.Keep = append(with.Keep, "icc-profile-data")
	}
	return with
}

// writeBMP encodes one frame as BMP.
func writeBMP(img *vips.Image) ([]byte, error) {
	if img.Bands() < 3 {
		if err := img.To(vips.SRGB); err != nil {
			return nil, damaged(err)
		}
	}
	pixels, err := img.Pixels()
	if err != nil {
		return nil, damaged(err)
	}
	w, h := img.Size()
	return encodeBMP(pixels, w, h, img.Bands())
}
