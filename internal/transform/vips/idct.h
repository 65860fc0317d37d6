/* libjpeg's inverse transforms of blocks of 8 by 8 coefficients to fewer pixels, to the
 * bit, and its way from there to colors. */

#ifndef PIXEDGE_IDCT_H
#define PIXEDGE_IDCT_H

#include <stddef.h>
#include <stdint.h>

/* Make a row of n blocks that many squares of size by size (1, 2 or 4) samples, side by
 * side in rows of stride. quant is in the order of the coefficients: row by row. */
void pixedge_idct(const int16_t (*blocks)[64], int n, const uint16_t *quant, int size, uint8_t *out, size_t stride);

/* Make n pixels of RGB of as many samples of each component: of YCbCr, and of RGB. */
void pixedge_join_ycc(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *out, int n);
void pixedge_join_rgb(const uint8_t *r, const uint8_t *g, const uint8_t *b, uint8_t *out, int n);

#endif
