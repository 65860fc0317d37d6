/* AVIF, encoded by libheif without libvips between them. libvips before 8.16 has aom
 * start four threads whatever it is told, and hands over RGB, which libheif converts
 * slowly. */

#ifndef PIXEDGE_AVIF_H
#define PIXEDGE_AVIF_H

#include <libheif/heif.h>
#include <stddef.h>

typedef struct {
	int width, height;
	int bands;		/* of 8 bits: grey, grey and alpha, RGB or RGBA */
	int quality;	/* 0 to 100 */
	int speed;		/* 0 to 9, as libheif counts */
	int subsampled; /* 4:2:0; otherwise 4:4:4 */
} PixedgeAVIF;

/* Make planes of rows of interleaved pixels in sRGB. Sets image, also where it fails,
 * which is to be released. Returns 0, or -1 with a text in libvips' error buffer. */
int pixedge_avif_planes(const unsigned char *in, const PixedgeAVIF *how, struct heif_image **image);

/* Encode planes, and release them. Sets buf, which is to be freed with g_free, and len.
 * Returns as above. */
int pixedge_avif(struct heif_image *image, const PixedgeAVIF *how, void **buf, size_t *len);

#endif
