package transform

import (
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/svg"
	"pixedge/internal/transform/vips"
)

// A source is an encoded picture on its way to a canvas.
type source struct {
	data   []byte
	loader vips.Loader // none for what is pixels already
	w, h   int         // of such pixels
	bands  int
	effort float64 // of a drawing: estimated milliseconds a megapixel
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

// sourceOf readies a picture for libvips: drawings are cleaned of everything
// that is not drawing, and formats that libvips leaves to others are decoded.
func sourceOf(picture media.Image, most Limits) (source, error) {
	s := source{data: picture.Data}
	switch picture.Format { //nolint:exhaustive // the others need no preparation
	case media.SVG:
		drawing, err := svg.Sanitize(picture.Data)
		if err != nil {
			return s, err
		}
		s.data, s.effort = drawing.Data, drawing.Effort
	case media.BMP:
		pixels, w, h, bands, err := decodeBMP(picture.Data, most)
		return source{data: pixels, w: w, h: h, bands: bands}, err
	}
	s.loader = map[media.Format]vips.Loader{
		media.JPEG: vips.LoadJPEG, media.PNG: vips.LoadPNG, media.WebP: vips.LoadWebP, media.AVIF: vips.LoadHEIF,
		media.HEIF: vips.LoadHEIF, media.GIF: vips.LoadGIF, media.TIFF: vips.LoadTIFF, media.JXL: vips.LoadJXL,
		media.SVG: vips.LoadSVG,
	}[picture.Format]
	if s.loader == 0 {
		return s, fault.Errorf(fault.Unsupported, "the original is of no format that can be transformed here; those that can are %s",
			list(media.Formats(media.Format.CanDecode)))
	}
	return s, nil
}

// open makes an image, decoded so many times smaller as far as the format can.
func (s source) open(shrink float64, moving bool) (*vips.Image, error) {
	if s.loader == 0 {
		return vips.FromPixels(s.data, s.w, s.h, s.bands)
	}
	return vips.Open(s.data, s.loader, shrink, moving)
}

// drawn reports whether the picture has no pixels of its own and can be made in
// any size.
func (s source) drawn() bool { return s.loader == vips.LoadSVG }
