/* Colors multiplied with their opacity, and back, in 8 bits. libvips does it with
 * floats, which cost more than the resampling in between. Like libvips' cast to 8
 * bits this rounds down. */

#ifndef PIXEDGE_ALPHA_H
#define PIXEDGE_ALPHA_H

#include <vips/vips.h>

/* The image has channels of 8 bits, the last of them alpha. Each returns 0, or -1
 * with a text in libvips' error buffer. */
int pixedge_premultiply(VipsImage *in, VipsImage **out);
int pixedge_unpremultiply(VipsImage *in, VipsImage **out);

#endif
