/* AVIF, encoded by libheif without libvips between them. libvips before 8.16 has aom
 * start four threads whatever it is told, and hands over RGB, which libheif converts
 * slowly. */

#ifndef PIXEDGE_AVIF_H
#define PIXEDGE_AVIF_H

#include <stddef.h>

typedef struct {
	int width, height;
	int bands;		/* of 8 bits: grey, grey and alpha, RGB or RGBA */
	int quality;	/* 0 to 100 */
	int speed;		/* 0 to 9, as libheif counts */
	int subsampled; /* 4:2:0; otherwise 4:4:4 */
} PixedgeAVIF;

/* Encode rows of interleaved pixels in sRGB. Sets buf, which is to be freed with
 * g_free, and len. Returns 0, or -1 with a text in libvips' error buffer. */
int pixedge_avif(const unsigned char *in, const PixedgeAVIF *how, void **buf, size_t *len);

#endif
