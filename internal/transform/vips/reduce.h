/* Pictures of 8 bits made smaller, in both directions at once, as vips_resize makes
 * them without its vector code. */

#ifndef PIXEDGE_REDUCE_H
#define PIXEDGE_REDUCE_H

#include <vips/vips.h>

/* The image has 1 to 4 channels of 8 bits. A side whose scale is 1 or more stays as it
 * is. Pixels are asked for from top to bottom as they are needed. Returns 0, or -1 with
 * a text in libvips' error buffer. */
int pixedge_reduce(VipsImage *in, double hscale, double vscale, VipsKernel kernel, VipsImage **out);

#endif
