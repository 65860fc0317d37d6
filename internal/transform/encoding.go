package transform

import (
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// An encoding is what it takes to encode a format, a pixel, measured as the
// decodings are, with results of up to 49 million pixels.
type encoding struct {
	bytes  float64 // that the encoder holds, of one frame
	first  float64 // as many more for each of the first [large] pixels: tables, and what is learnt of a picture
	clear  float64 // as many more with alpha
	result float64 // of the file, generously, for a photograph
	ns     float64
}

func encodingOf(format media.Format, o Output) encoding {
	switch {
	case format == media.PNG && o.Palette:
		return encoding{bytes: 4.5, first: 18, result: 0.5, ns: 250}
	case format == media.WebP && o.Lossless:
		return encoding{bytes: 16.5, first: 22, result: 1, ns: 600}
	case format == media.JXL && o.Lossless:
		return encoding{bytes: 85, clear: 18, result: 0.5, ns: 900}
	}
	return map[media.Format]encoding{
		media.JPEG: {bytes: 3, result: 0.2, ns: 6}, // coefficients of 2 bytes, with colors at half the size
		media.PNG:  {result: 1, ns: 190},
		media.WebP: {bytes: 4.5, clear: 15, result: 0.15, ns: 80},
		media.AVIF: {result: 0.1, ns: 250}, // see draft.avif
		media.HEIF: {bytes: 21, result: 0.1, ns: 1500},
		media.JXL:  {bytes: 42, clear: 18, result: 0.15, ns: 165},
		media.GIF:  {bytes: 11.5, first: 12, result: 0.5, ns: 220},
		media.TIFF: {result: 0.2, ns: 5},
		media.BMP:  {bytes: 14, ns: 8}, // with the file in the memory of results
	}[format]
}

// write is encoder.write.
func (d *draft) write(format media.Format, e encoder, o Output) {
	d.makes = format
	switch format { //nolint:exhaustive // the others are encoded
	case media.Pixels:
		d.settle()
		d.most(d.area()*d.pixel() + d.levels)
		return
	case media.ICO, media.JSON:
		d.upright()
		d.settle()
		d.ns += 30e6 // of icons that are as large whatever the picture, or of looking at it
		return
	}
	d.upright()
	if !e.save.Frames() && d.frames > 1 {
		d.frames = 1 // the first
	}
	about := encodingOf(format, o)
	if format == media.AVIF {
		about.bytes = d.avif(o, e.subsamples(o, d.subsampled))
	}
	one := float64(d.size.w) * float64(d.size.h)
	bytes := about.bytes
	switch {
	case format == media.JPEG && e.effortFor(o, d.size) == 0 && !o.Progressive:
		bytes = 0 // rows are written as they come: see large
	case format == media.JPEG && d.alpha:
		bytes = coefficients(d.bands - 1)
	case format == media.JPEG:
		bytes = coefficients(d.bands)
	case d.alpha:
		bytes += about.clear
	}
	result := d.fileOf(format, e.qualityOf(o), about.result) * d.area()
	if format == media.PNG && !o.Palette {
		result *= d.pixel() / 3
		bytes += d.filtered(o)
	}
	if format == media.PNG && o.Progressive {
		bytes += d.pixel()
	}
	d.most(bytes*one + about.first*min(one, large) + 2*result) // the codec's file, and ours
	d.spend(about.ns)
}

// fileOf returns the bytes a pixel of a result: usual, unless it grows with the quality.
func (d *draft) fileOf(format media.Format, quality int, usual float64) float64 {
	const deflated = 0.7 // of the pixels of a photograph
	switch {
	case format == media.TIFF && (d.alpha || d.width > 1):
		return deflated * d.pixel()
	case format == media.TIFF && quality >= fine:
		return 2 * photograph(quality) // libvips keeps colors in full
	case format == media.JPEG, format == media.TIFF:
		return max(usual, photograph(quality))
	}
	return usual
}

// photograph returns the bytes a pixel of a JPEG of one, generously: 0.2 at quality 80, 0.5 at
// 95 and 1 at 100, with the grain of a camera. libjpeg's tables are scaled by 200-2*quality
// percent (jcparam.c); the rest was measured.
func photograph(quality int) float64 { return 10 / (10 + 200 - 2*float64(quality)) }

// avif returns the bytes a pixel that it takes to encode AVIF. What package vips encodes
// without libvips has only its planes beside the encoder.
func (d *draft) avif(o Output, subsampled bool) float64 {
	const copies = 3
	bytes := 29.5
	switch {
	case d.width > 1:
		return 51
	case subsampled:
		bytes = 19.5
	}
	if o.Lossless || !o.bare() {
		return bytes + copies
	}
	return bytes
}

// filtered returns the bytes a pixel of the rows that a PNG is compressed from, where
// package vips does that at once.
func (d *draft) filtered(o Output) float64 {
	plain := d.width == 1 && !o.Progressive && o.bare()
	if !plain || !vips.WholePNG(d.size.w, d.size.h, d.bands) {
		return 0
	}
	return d.pixel()
}
