/* Where the pixels of one side of a smaller picture come from. Positions, kernels,
 * weights and rounding are libvips' (and so sharp's): the result is the same. */

#ifndef PIXEDGE_AXIS_H
#define PIXEDGE_AXIS_H

#include <stdint.h>

#include <vips/vips.h>

/* The weights of a pixel have the sum 4096, or a few less where they are cut off. The places between two pixels that have
 * weights of their own are 64, and the next pixel. */
#define PIXEDGE_ONE_SHIFT 12
#define PIXEDGE_PHASES 65

typedef struct {
	int box;  /* so many pixels of the original first become one, their mean */
	int in;	  /* pixels there are then */
	int out;  /* pixels to be made */
	int taps; /* pixels that one is made of, with those that only fill up pairs */

	/* Of each of the out pixels: the first that it is made of, which may be beyond
	 * an edge, where the pixel at the edge counts; and whose weights it has. */
	int *first;
	uint8_t *phase;
	int16_t *weights[PIXEDGE_PHASES]; /* NULL for those that no pixel has */
} PixedgeAxis;

/* Plan a side of so many pixels that becomes factor times shorter, 1 or more. The
 * memory is the image's. Returns 0, or -1 with a text in libvips' error buffer. */
int pixedge_axis(PixedgeAxis *axis, VipsImage *owner, int size, double factor, VipsKernel kernel);

#endif
