// Package inspect reads the headers of pictures before any decoder sees them.
//
// [Read] is all there is. It tells the format by the content, and from the
// header what an estimate of work and memory needs: size, channels, frames, scans
// of a JPEG, tiles of a TIFF. A file whose structure is broken, contradicts itself
// or is over a structural bound is refused, and so is every kind of picture that
// the package does not know: what it does not understand does not reach a decoder
// written in C. Start reading at Read; each format has a file of its own.
//
// Nothing is believed that the bytes do not bear out: no memory is allocated by a
// declared size, no loop runs longer than the data is long, nothing recurses.
// Only the beginning of a drawing, PNG with much that is compressed beside its
// pixels, and JXL in small parts cost allocations.
//
// The package decodes no pixels and knows no limits of pixels, sides or frames;
// package transform holds a [Header] to those. Metadata that is broken is
// ignored where the picture itself can do without. Pixel data that is cut off is
// the decoder's to find, except where a container says how long it has to be.
package inspect

import (
	"math"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/svg"
)

// Bounds of structure, whatever the limits of a picture are.
const (
	maxScans       = 100     // of a JPEG; each is a pass over all of it
	maxProfile     = 4 << 20 // bytes of an ICC profile
	maxSegments    = 1000    // of a JPEG or PNG before its pixels; 20,000 with EXIF take libvips 3 s
	maxTexts       = 8 << 20 // bytes of the texts of a PNG once they are inflated
	maxBands       = 8       // CMYK with alpha and three colors of print
	maxDirectories = 1000    // pages of a TIFF
	maxProperties  = 512     // of all items of a HEIF or AVIF
	maxSide        = math.MaxInt32
)

// A Header is what a file says of itself before a pixel is decoded.
type Header struct {
	Format media.Format

	// Width and Height are those of one frame in pixels, before its Orientation is
	// applied. Both are 0 for a drawing that names no size, and else at least 1.
	Width, Height int

	// Bands are the channels of a pixel once decoded, alpha included, and Depth
	// is the bits of a channel then: 8, 16, 32 or 64. Where only the pixels tell,
	// as with the transparency of a BMP or a palette of greys, they are the larger choice.
	Bands, Depth int
	Alpha        bool

	// Frames counts the frames of an animation, the pages of a TIFF that are no levels
	// of its Pyramid, and the pictures in a HEIF that are neither thumbnails nor layers
	// of another. It is 1 for what is decoded as one picture: APNG and JXL.
	Frames int

	// Orientation is that of EXIF, 1 to 8, of a JPEG, PNG, WebP or TIFF. It is 1
	// for HEIF, AVIF and JXL, whose decoders turn the picture: their Width and
	// Height are those after the turn.
	Orientation int

	// Whole says that a decoder needs all pixels of a frame at once, and cannot
	// hand out rows as it goes. That is so of progressive JPEGs and those in
	// several scans, interlaced PNGs, TIFFs of one strip, and always of WebP, GIF,
	// HEIF, AVIF, JXL and BMP.
	Whole bool

	Scans    int     // of a JPEG; 1 if it is not Whole
	Profile  int     // bytes of the ICC profile as it is stored; 0 if there is none, and for JXL
	Samples  float64 // numbers stored for each pixel: 1.5 for colors in 4:2:0, 3 for RGB; of less than 8 bits in a PNG, so much less
	Lossless bool    // of a WebP: any frame is VP8L
	Canvas   bool    // of a WebP: it is made of frames on a canvas, be it one frame

	// TileWidth and TileHeight are those of the piece that is decoded at once: the
	// strip or tile of a TIFF, the tile of a HEIF. 0 if there are none.
	TileWidth, TileHeight int
	Compression           int // of a TIFF, tag 259

	Pyramid Pyramid // of a TIFF; none if it has none
}

// Animated reports whether the picture moves.
func (h Header) Animated() bool {
	return h.Frames > 1 && (h.Format == media.GIF || h.Format == media.WebP)
}

// Subsampled reports whether the picture is a JPEG or WebP that stores colors at a
// quarter of its pixels (4:2:0), or none: they are nowhere finer than that.
func (h Header) Subsampled() bool {
	return h.Format == media.JPEG && h.Samples <= 1.5 || h.Format == media.WebP && !h.Lossless
}

// Read reads the header of data in at most linear time.
//
// Its errors are Unsupported for what is in no format that is let in, and
// Unprocessable for pictures that are broken, over a structural bound, or of a
// kind that no decoder here takes. Those of drawings are svg.Size's.
func Read(data []byte) (Header, error) {
	format, _ := media.Sniff(data)
	h, err := readAs(format, data)
	if err != nil {
		return Header{}, err
	}
	h.Format = format
	switch {
	case format != media.SVG && (h.Width < 1 || h.Height < 1):
		return Header{}, damaged("it has no pixels")
	case h.Width > maxSide || h.Height > maxSide:
		return Header{}, damaged("its size is none")
	case h.Bands > maxBands:
		return Header{}, refused("the picture has %d channels; at most %d are read", h.Bands, maxBands)
	case h.Profile > maxProfile:
		return Header{}, refused("the picture's ICC profile has more than %d bytes", maxProfile)
	}
	h.Orientation, h.Frames = max(1, h.Orientation), max(1, h.Frames)
	return h, nil
}

func readAs(format media.Format, data []byte) (Header, error) {
	switch format {
	case media.JPEG:
		return readJPEG(data)
	case media.PNG:
		return readPNG(data)
	case media.WebP:
		return readWebP(data)
	case media.GIF:
		return readGIF(data)
	case media.TIFF:
		return readTIFF(data)
	case media.AVIF, media.HEIF:
		return readHEIF(data)
	case media.JXL:
		return readJXL(data)
	case media.BMP:
		return readBMP(data)
	case media.SVG:
		return readSVG(data)
	default:
		return Header{}, unsupported()
	}
}

// unsupported is the error of what is in no format that is let in.
func unsupported() error {
	var names []string
	for _, f := range media.Formats(media.Format.CanDecode) {
		names = append(names, f.String())
	}
	return fault.Errorf(fault.Unsupported, "the original is of no format that can be transformed here; those that can are %s",
		strings.Join(names, ", "))
}

// damaged is the error of a picture whose structure is broken.
func damaged(how string) error {
	return fault.Errorf(fault.Unprocessable, "the picture is damaged: %s", how)
}

func cutOff() error { return damaged("it ends too early") }

func crowded() error {
	return refused("the picture has more than %d segments or chunks before its pixels", maxSegments)
}

// unread is the error of a kind of picture that is left out on purpose.
func unread(kind string) error {
	return fault.Errorf(fault.Unprocessable, "%s cannot be read", kind)
}

func refused(format string, args ...any) error {
	return fault.Errorf(fault.Unprocessable, format, args...)
}

// readSVG reads what the drawing says it measures. All else is for whoever renders it to
// judge (svg.Sanitize), as it takes too long here. What a renderer makes of a drawing
// without a size, only the renderer knows.
func readSVG(data []byte) (Header, error) {
	width, height, err := svg.Size(data)
	if err != nil {
		return Header{}, err
	}
	h := Header{Bands: 4, Depth: 8, Alpha: true, Samples: 4}
	if width > 0 && height > 0 {
		h.Width = int(max(1, min(math.Round(width), maxSide)))
		h.Height = int(max(1, min(math.Round(height), maxSide)))
	}
	return h, nil
}
