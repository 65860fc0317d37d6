/* The few calls into libvips that package vips makes. Each returns 0, or -1
 * with a text in libvips' error buffer, and sets its out parameters only when
 * it returns 0. They hold no state and no defaults. */

#ifndef PIXEDGE_VIPS_H
#define PIXEDGE_VIPS_H

#include <vips/vips.h>

typedef struct {
	const char *loader; /* libvips' nickname, such as jpegload_buffer */
	const void *buf;
	size_t len;
	int shrink;   /* jpegload: 1, 2, 4 or 8; 0 where the loader has no such option */
	double scale; /* webpload: up to 1; 0 where the loader has no such option */
} PixedgeSource;

typedef struct {
	const char *saver; /* libvips' nickname, such as jpegsave_buffer */
	int quality;       /* 0 where the saver has no such option */
	int effort;        /* -1 where the saver has no such option */
} PixedgeTarget;

int pixedge_load(const PixedgeSource *s, VipsImage **out);
int pixedge_save(VipsImage *in, const PixedgeTarget *t, void **buf, size_t *len);

int pixedge_memory(VipsImage *in, VipsImage **out);
int pixedge_extract(VipsImage *in, VipsImage **out, int left, int top, int width, int height);
int pixedge_resize(VipsImage *in, VipsImage **out, double hscale, double vscale, int kernel);
int pixedge_embed(VipsImage *in, VipsImage **out, int left, int top, int width, int height, const double *ink, int bands);
int pixedge_rotate(VipsImage *in, VipsImage **out, double angle, const double *ink, int bands);
int pixedge_quarter(VipsImage *in, VipsImage **out, int quarters);
int pixedge_flip(VipsImage *in, VipsImage **out, int direction);
int pixedge_premultiply(VipsImage *in, VipsImage **out);
int pixedge_unpremultiply(VipsImage *in, VipsImage **out);
int pixedge_add_alpha(VipsImage *in, VipsImage **out);
int pixedge_srgb(VipsImage *in, VipsImage **out);
int pixedge_orientation(VipsImage *in);

#endif
