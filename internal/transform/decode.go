package transform

import (
	"image"

	"pixedge/internal/fault"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/svg"
	"pixedge/internal/transform/vips"
)

// A source is an encoded picture on its way to a canvas.
type source struct {
	header inspect.Header
	data   []byte
	loader vips.Loader // none for what is pixels already
	bands  int         // of such pixels
	effort float64     // of a drawing: estimated milliseconds a megapixel
}

// maxEffort is how long, in milliseconds by estimate, a drawing may take.
const maxEffort = 5000

// affordable refuses a drawing that would take too long in the given size.
func (s source) affordable(at size) error {
	if ms := s.effort * float64(at.w) * float64(at.h) / 1e6; ms > maxEffort {
		return fault.Errorf(fault.Unprocessable, "the drawing's filters and patterns take too long at %dx%d pixels", at.w, at.h)
	}
	return nil
}

// sourceOf reads the header of a picture, holds it to the limits and readies it
// for libvips: drawings are cleaned of everything that is not drawing, and formats
// that libvips leaves to others are decoded. A file that was cut off is refused
// whatever is asked of it: what is missing may lie below a crop, or be the rest of
// an animation. No decoder sees what sourceOf refuses.
func sourceOf(picture media.Image, most Limits) (source, error) {
	header, err := inspect.Read(picture.Data)
	if err == nil {
		err = most.check(header.Width, header.Height, header.Frames)
	}
	if err == nil && inspect.CutOff(picture.Data, header.Format) {
		err = fault.Errorf(fault.Unprocessable, "the picture ends too early")
	}
	if err != nil {
		return source{}, err
	}
	s := source{header: header, data: picture.Data, loader: loaderOf(header.Format)}
	switch header.Format { //nolint:exhaustive // the others need no preparation
	case media.SVG:
		var drawing svg.Document
		drawing, err = svg.Sanitize(picture.Data)
		s.data, s.effort = drawing.Data, drawing.Effort
	case media.BMP:
		s.data, s.bands, err = decodeBMP(picture.Data)
	}
	return s, err
}

// loaderOf returns the loader of a format; none for those that libvips leaves to
// others, and those that nobody reads.
func loaderOf(format media.Format) vips.Loader {
	return map[media.Format]vips.Loader{
		media.JPEG: vips.LoadJPEG, media.PNG: vips.LoadPNG, media.WebP: vips.LoadWebP, media.AVIF: vips.LoadHEIF,
		media.HEIF: vips.LoadHEIF, media.GIF: vips.LoadGIF, media.TIFF: vips.LoadTIFF, media.JXL: vips.LoadJXL,
		media.SVG: vips.LoadSVG,
	}[format]
}

// Decodable lists the formats that can be decoded here: what this libvips has no loader
// for, or keeps closed, is not among them.
func Decodable() []media.Format {
	return media.Formats(func(f media.Format) bool {
		l := loaderOf(f)
		return f.CanDecode() && (l == 0 || l.Opens())
	})
}

// open makes an image, decoded so many times smaller as far as the format can.
func (s source) open(shrink float64, moving bool) (*vips.Image, error) {
	if s.loader == 0 {
		return vips.FromPixels(s.data, s.header.Width, s.header.Height, s.bands)
	}
	return vips.Open(s.data, s.loader, shrink, moving)
}

// lazy makes an image of the full size, of one frame. What libvips says of it is
// held to the limits once more: a drawing may have a size that its header does not
// tell, and two readers may disagree.
func (s source) lazy(most Limits) (*vips.Image, error) {
	img, err := s.open(1, false)
	if err != nil {
		return nil, damaged(err)
	}
	w, h := img.Size()
	if err := most.check(w, h, s.frames(img)); err != nil {
		img.Close()
		return nil, err
	}
	return img, nil
}

// decode takes an image whose header was read and returns one that is as small as
// the plan can do with: shrunk, or a part. done is how many steps of the plan are
// done with that. It closes the image it took if it returns another one, or none.
func (s source) decode(img *vips.Image, plan Plan, most Limits, moving bool) (_ *vips.Image, done int, err error) {
	turned := plan.turn(img.Orientation())
	from := turned.of(imageSize(img))
	shrink := plan.shrink(s.loader, from)
	if to := scaled(from, shrink, shrink); shrink < 1 && (max(to.w, to.h) > maxSide || int64(to.w)*int64(to.h) > int64(most.MaxPixels)) {
		shrink = 1 // the step itself will say what is wrong
	}
	if err := s.affordable(scaled(from, shrink, shrink)); err != nil {
		img.Close()
		return nil, 0, err
	}
	if level := plan.level(s.header.Pyramid, from, turned); level > 0 {
		img, err = s.level(img, level)
		return img, 0, err
	}
	if moving = moving && img.Frames() > 1; moving {
		img.Close()
		img, err = s.open(shrink, moving)
		return img, 0, err
	}
	var part image.Rectangle
	if shrink == 1 && turned == (turn{}) {
		part, done = plan.part(from)
	}
	switch ok, err := img.Part(s.data, s.loader, shrink, part); {
	case err != nil:
		img.Close()
		return nil, 0, err
	case ok:
		return img, done, nil
	}
	if s.loader.Shrinks(shrink) {
		img.Close()
		img, err = s.open(shrink, false)
	}
	return img, 0, err
}

// largePhoto is the size, in pixels, from which on libjpeg's way to halve a picture
// is as good as resampling: neighbouring pixels of large photographs are alike.
// The two differ by up to 1.4 of 255 there, and by 2 in smaller, sharper ones;
// see docs/decisions/0005.
const largePhoto = 6_000_000

// shrink says how many times smaller than it is the original is decoded.
func (p Plan) shrink(l vips.Loader, from size) float64 {
	by := p.reduction(from, l == vips.LoadSVG)
	if p.least > 0 {
		return by
	}
	return bearable(l, by, from)
}

// bearable returns by how much the picture may be decoded smaller, where a plan
// could do with shrink. A JPEG is resampled by more than a rounding error
// afterwards, as with sharp: libjpeg's half is sharper than one that is resampled,
// and the two would look different side by side. A large photograph is not, if its
// sides can be divided: otherwise a part of a pixel that is left over at two edges
// would move all others.
func bearable(l vips.Loader, shrink float64, from size) float64 {
	n := int(shrink)
	if !l.Halves() || n != 2 && n != 4 && n != 8 {
		return shrink
	}
	if whole := from.w%n == 0 && from.h%n == 0; whole && from.w*from.h >= largePhoto {
		return shrink
	}
	return float64(n) / 2
}
