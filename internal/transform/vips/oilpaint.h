/* A picture as if painted in oil, by the algorithm of ImageMagick's OilPaintImage
 * (MagickCore/paint.c), exactly: each pixel becomes the one of a square around it
 * that is the first, row by row, to bring the fullest of 256 bins of intensity to
 * its count. At the edges the pixels of the edge are repeated. */

#ifndef PIXEDGE_OILPAINT_H
#define PIXEDGE_OILPAINT_H

#include <vips/vips.h>

/* The image has 1 to 4 channels of 8 or 16 bits; an even number of them means that
 * the last is alpha, which is copied and not looked at. The side of the square is
 * 2 * radius + 1, with a radius of 0 to PIXEDGE_OILPAINT_MOST. Returns 0, or -1 with
 * a text in libvips' error buffer. */
#define PIXEDGE_OILPAINT_MOST 10
int pixedge_oilpaint(VipsImage *in, int radius, VipsImage **out);

#endif
