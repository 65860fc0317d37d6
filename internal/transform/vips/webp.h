/* WebP, encoded by libwebp without libvips between them. libvips copies all pixels to
 * a place of its own before, and adds a block of EXIF, of 190 bytes, that nobody asked
 * for. */

#ifndef PIXEDGE_WEBP_H
#define PIXEDGE_WEBP_H

#include <stddef.h>

typedef struct {
	int width, height; /* 1 to 16383 */
	int bands;		   /* of 8 bits: RGB or RGBA */
	int quality;	   /* 0 to 100 */
	int effort;		   /* 0 to 6 */
} PixedgeWebP;

/* Encode rows of interleaved pixels in sRGB, with a loss. *cancel other than 0 ends it
 * early. Sets buf, which is to be freed with g_free, and len. Returns 0, or -1 with a
 * text in libvips' error buffer; without one if libwebp is of another kind than built for. */
int pixedge_webp(const unsigned char *in, const PixedgeWebP *how, const int *cancel, void **buf, size_t *len);

#endif
