package transform

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/bmp"

	"pixedge/internal/fault"
)

// BMP is left to golang.org/x/image, since libvips reads it only through
// ImageMagick, which is kept away from what strangers send.

// decodeBMP returns the pixels of a BMP, interleaved, 8 bits a sample, the top
// row first: 3 bands of RGB, or 4 of RGBA, not premultiplied, if the picture has
// transparency. It takes memory as the header says, to which package inspect and
// the limits have been held before.
//
// What is read are uncompressed pictures of 1, 2, 4, 8, 24 and 32 bits with a
// BITMAPINFOHEADER or one of versions 4 and 5. Alpha counts only in the latter,
// and only if not all of it is 0, as in browsers. Everything else (run lengths,
// 16 bits, masks of colors, OS/2) is Unprocessable, like damaged files.
func decodeBMP(data []byte) (pixels []byte, bands int, err error) {
	img, err := bmp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, 0, fault.Wrap(err, fault.Unprocessable, "the picture is damaged or of a kind that cannot be read")
	}
	pixels, bands = samples(img)
	return pixels, bands, nil
}

// samples returns the pixels of a decoded BMP and their bands. The picture is
// not needed any more afterwards.
func samples(img image.Image) (pixels []byte, bands int) {
	switch img := img.(type) {
	case *image.Paletted:
		return expand(img.Pix, img.Palette), 3
	case *image.NRGBA:
		if !translucent(img.Pix) {
			return packed(img.Pix), 3
		}
		return img.Pix, 4
	case *image.RGBA:
		return packed(img.Pix), 3
	}
	return nil, 0
}

// expand looks the colors of pixels up.
func expand(pixels []byte, palette color.Palette) []byte {
	var colors [256][3]byte
	for i, c := range palette[:min(len(palette), len(colors))] {
		c := color.NRGBAModel.Convert(c).(color.NRGBA)
		colors[i] = [3]byte{c.R, c.G, c.B}
	}
	rgb := make([]byte, 3*len(pixels))
	for i, p := range pixels {
		copy(rgb[3*i:], colors[p][:])
	}
	return rgb
}

// translucent reports whether the alpha of RGBA pixels says anything: whether it
// is neither 255 everywhere nor, as careless programs leave it, 0 everywhere.
func translucent(pixels []byte) bool {
	low, high := byte(255), byte(0)
	for i := 3; i < len(pixels); i += 4 {
		low, high = min(low, pixels[i]), max(high, pixels[i])
	}
	return low < 255 && high > 0
}

// packed makes RGB of RGBA in the same memory.
func packed(pixels []byte) []byte {
	for i := range len(pixels) / 4 {
		copy(pixels[3*i:3*i+3], pixels[4*i:])
	}
	return pixels[: len(pixels)/4*3 : len(pixels)/4*3]
}

// encodeBMP returns an uncompressed BMP of 24 bits from pixels as decodeBMP
// returns them. Transparency is laid on black, as JPEG does it: the 32 bits that
// x/image writes have the header in which readers, its own among them, do not
// look for alpha.
func encodeBMP(pixels []byte, w, h, bands int) ([]byte, error) {
	const header = 14 + 40
	if (bands != 3 && bands != 4) || w < 1 || h < 1 || len(pixels) != w*h*bands {
		return nil, fault.Errorf(fault.Internal, "%d bytes are no %dx%d pixels of %d bands", len(pixels), w, h, bands)
	}
	total := header + (3*w+3)/4*4*h
	if total > math.MaxUint32 {
		return nil, fault.Errorf(fault.Unprocessable, "the result has %dx%d pixels, more than BMP can hold", w, h)
	}
	var out bytes.Buffer
	out.Grow(total)
	if err := bmp.Encode(&out, opaque(pixels, w, h, bands)); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the result cannot be written as BMP")
	}
	return out.Bytes(), nil
}

// opaque returns pixels as a picture without transparency, laid on black.
func opaque(pixels []byte, w, h, bands int) *image.RGBA {
	all := image.Rect(0, 0, w, h)
	img := image.NewRGBA(all)
	if bands == 4 {
		draw.Draw(img, all, image.Black, image.Point{}, draw.Src)
		draw.Draw(img, all, &image.NRGBA{Pix: pixels, Stride: 4 * w, Rect: all}, image.Point{}, draw.Over)
		return img
	}
	for i := range w * h {
		to := img.Pix[4*i : 4*i+4]
		copy(to, pixels[3*i:3*i+3])
		to[3] = 255
	}
	return img
}
