/* PNG of 8 bits, decoded and encoded at once and not row by row: libdeflate, which
 * takes a third of the time of zlib, needs the whole of what it works on.
 *
 * What is unusual is left to libvips: palettes, transparent colors, interlacing, more
 * or less than 8 bits, metadata in what is written, and everything that is damaged. */

#ifndef PIXEDGE_WHOLEPNG_H
#define PIXEDGE_WHOLEPNG_H

#include <stddef.h>

#include <vips/vips.h>

/* What the chunks of a picture say of it. */
typedef struct {
	int width, height, bands; /* bands: 1 to 4, the second or fourth is alpha */
	size_t first;             /* offset of the first chunk with pixels */
	size_t stored;            /* bytes in all chunks with pixels */
	size_t chunks;            /* how many these are */
} PixedgePNG;

/* Read the chunks. Returns 0, or -1 for a picture that is left to libvips. */
int pixedge_png_scan(const unsigned char *buf, size_t len, PixedgePNG *png);

/* Decode into out, which has height * (width * bands + 1) + 1 bytes. The pixels are at its
 * beginning, without gaps. buf must be what was scanned. Returns 0, or -1 if
 * the pixels are damaged, come short or are followed by more, or memory is. */
int pixedge_png_decode(const unsigned char *buf, const PixedgePNG *png, unsigned char *out);

/* Make an image like another one, of pixels that it frees. */
int pixedge_png_image(void *pixels, const PixedgePNG *png, VipsImage *like, VipsImage **out);

/* Compute an image of 8 bits, grey or sRGB, and encode it without metadata but the
 * density. Returns 0 and memory for g_free, or -1 with a text in libvips' error buffer. */
int pixedge_png_encode(VipsImage *in, void **buf, size_t *len);

#endif
