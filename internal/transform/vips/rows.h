/* The arithmetic of making rows of bytes smaller: sums of products with weights of
 * 12 bits, exact, rounded once. Each way is there twice, for processors with AVX2 and
 * for any; both give the same bytes. */

#ifndef PIXEDGE_ROWS_H
#define PIXEDGE_ROWS_H

#include "axis.h"

/* How many bytes may be read beyond those that count, after a row. */
#define PIXEDGE_SLACK 64

/* Mix rows: byte i of out is made of byte i of each. taps is even. */
typedef void (*PixedgeMix)(const uint8_t *const *rows, const int16_t *weights, int taps, uint8_t *out, int n);

typedef struct PixedgeGather PixedgeGather;

struct PixedgeGather {
	const PixedgeAxis *axis;
	int bands;

	/* run makes n pixels, from the one with that number. in is where the pixels of
	 * the original would begin. */
	void (*run)(const PixedgeGather *gather, const uint8_t *in, int from, int n, uint8_t *out);

	/* With AVX2: the bytes of a load are put in an order in which neighbours count for
	 * one sum, and the weights of each phase, in that order, are repeated. */
	int loads, step; /* of a pixel, and the bytes from one to the next */
	uint8_t order[32];
	int16_t *spread;
	int room; /* of a phase in it */
};

/* Whether the processor has AVX2, and vector code is not switched off in libvips. */
gboolean pixedge_rows_wide(void);

PixedgeMix pixedge_mix(gboolean wide);

/* Prepare for an axis, whose weights are used as long. The memory is the image's. */
int pixedge_gather(PixedgeGather *gather, VipsImage *owner, const PixedgeAxis *axis, int bands, gboolean wide);

/* Add a row to sums, and make bytes of the sums of so many rows: their mean, rounded. */
void pixedge_add(const uint8_t *row, uint32_t *sums, int n);
void pixedge_divide(const uint32_t *sums, int by, uint8_t *out, int n);

/* Make n pixels of as many boxes, their means. in has so many columns, of which the last
 * one counts again where the last box is not full. */
void pixedge_boxes(const uint8_t *in, int columns, int bands, int box, uint8_t *out, int n);

#endif
