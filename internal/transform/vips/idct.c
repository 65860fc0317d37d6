#include "idct.h"

#include <string.h>

#ifdef __x86_64__
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

#define INLINE static inline __attribute__((always_inline))

/* The fractions of libjpeg's fixed numbers: of the constants, of what stands between the
 * two passes, and of a color's share. */
#define CONST_BITS 13
#define PASS1_BITS 2
#define COLOR_BITS 16

#define FIX(x, bits) ((int32_t) ((x) * (1 << (bits)) + 0.5))
#define K(x) ((uint32_t) FIX(x, CONST_BITS))

/* descale divides and rounds. Sums are unsigned, since those of a hostile file may be too
 * large for what they are. */
INLINE int32_t
descale(uint32_t x, int bits)
{
	return (int32_t) (x + (1 << (bits - 1))) >> bits;
}

INLINE uint8_t
clamp(int32_t x)
{
	return x < 0 ? 0 : x > 255 ? 255 : x;
}

/* odd2 is the odd part of a transform of 8 to 2, of coefficients 1, 3, 5 and 7. The
 * factors of this and the next are those of jidctred.c, sums of cosines over the pixels
 * that become one. */
INLINE uint32_t
odd2(uint32_t c1, uint32_t c3, uint32_t c5, uint32_t c7)
{
	return c1 * K(3.624509785) - c3 * K(1.272758580) + c5 * K(0.850430095) - c7 * K(0.720959822);
}

/* outer4 and inner4 are the odd parts of a transform of 8 to 4, of the first and last
 * number and of those between. */
INLINE uint32_t
outer4(uint32_t c1, uint32_t c3, uint32_t c5, uint32_t c7)
{
	return c1 * K(2.562915447) + c3 * K(0.899976223) - c5 * K(0.601344887) - c7 * K(0.509795579);
}

INLINE uint32_t
inner4(uint32_t c1, uint32_t c3, uint32_t c5, uint32_t c7)
{
	return c1 * K(1.061594337) - c3 * K(2.172734803) + c5 * K(1.451774981) - c7 * K(0.211164243);
}

/* C is a coefficient of column x. */
#define C(row) ((uint32_t) c[8 * (row) + x] * q[8 * (row) + x])

INLINE void
block1(const int16_t *c, const uint16_t *q, uint8_t *out)
{
	*out = clamp(descale((uint32_t) c[0] * q[0], 3) + 128);
}

INLINE void
block2(const int16_t *c, const uint16_t *q, uint8_t *out, size_t stride)
{
	uint32_t w[2][8];

	for (int x = 0; x < 8; x++) {
		uint32_t even = C(0) * (1 << (CONST_BITS + 2)), odd = odd2(C(1), C(3), C(5), C(7));

		w[0][x] = descale(even + odd, CONST_BITS - PASS1_BITS + 2);
		w[1][x] = descale(even - odd, CONST_BITS - PASS1_BITS + 2);
	}
	for (int y = 0; y < 2; y++, out += stride) {
		uint32_t even = w[y][0] * (1 << (CONST_BITS + 2)), odd = odd2(w[y][1], w[y][3], w[y][5], w[y][7]);

		out[0] = clamp(descale(even + odd, CONST_BITS + PASS1_BITS + 3 + 2) + 128);
		out[1] = clamp(descale(even - odd, CONST_BITS + PASS1_BITS + 3 + 2) + 128);
	}
}

INLINE void
block4(const int16_t *c, const uint16_t *q, uint8_t *out, size_t stride)
{
	uint32_t w[4][8];

	for (int x = 0; x < 8; x++) {
		uint32_t dc = C(0) * (1 << (CONST_BITS + 1)), even = C(2) * K(1.847759065) - C(6) * K(0.765366865);
		uint32_t outer = outer4(C(1), C(3), C(5), C(7)), inner = inner4(C(1), C(3), C(5), C(7));

		w[0][x] = descale(dc + even + outer, CONST_BITS - PASS1_BITS + 1);
		w[1][x] = descale(dc - even + inner, CONST_BITS - PASS1_BITS + 1);
		w[2][x] = descale(dc - even - inner, CONST_BITS - PASS1_BITS + 1);
		w[3][x] = descale(dc + even - outer, CONST_BITS - PASS1_BITS + 1);
	}
	for (int y = 0; y < 4; y++, out += stride) {
		const uint32_t *r = w[y];
		uint32_t dc = r[0] * (1 << (CONST_BITS + 1)), even = r[2] * K(1.847759065) - r[6] * K(0.765366865);
		uint32_t outer = outer4(r[1], r[3], r[5], r[7]), inner = inner4(r[1], r[3], r[5], r[7]);

		out[0] = clamp(descale(dc + even + outer, CONST_BITS + PASS1_BITS + 3 + 1) + 128);
		out[1] = clamp(descale(dc - even + inner, CONST_BITS + PASS1_BITS + 3 + 1) + 128);
		out[2] = clamp(descale(dc - even - inner, CONST_BITS + PASS1_BITS + 3 + 1) + 128);
		out[3] = clamp(descale(dc + even - outer, CONST_BITS + PASS1_BITS + 3 + 1) + 128);
	}
}

/* flat tells whether a block has one color: coefficients but the first are 0. */
INLINE int
flat(const int16_t *c)
{
	uint64_t words[16], any = 0;
	int16_t first[4];

	memcpy(words, c, sizeof(words));
	for (int i = 1; i < 16; i++)
		any |= words[i];
	memcpy(first, c, sizeof(first));
	return any == 0 && (first[1] | first[2] | first[3]) == 0;
}

/* fill gives all samples of a flat block their color. */
INLINE void
fill(const int16_t *c, const uint16_t *q, int size, uint8_t *out, size_t stride)
{
	uint8_t color;

	block1(c, q, &color);
	for (int y = 0; y < size; y++, out += stride)
		memset(out, color, size);
}

CLONES void
pixedge_idct(const int16_t (*blocks)[64], int n, const uint16_t *quant, int size, uint8_t *out, size_t stride)
{
	for (int i = 0; i < n; i++, out += size)
		if (size == 1)
			block1(blocks[i], quant, out);
		else if (flat(blocks[i]))
			fill(blocks[i], quant, size, out, stride);
		else if (size == 2)
			block2(blocks[i], quant, out, stride);
		else
			block4(blocks[i], quant, out, stride);
}

CLONES void
pixedge_join_ycc(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *out, int n)
{
	const int32_t half = 1 << (COLOR_BITS - 1);

	for (int i = 0; i < n; i++, out += 3) {
		int32_t b = cb[i] - 128, r = cr[i] - 128;

		out[0] = clamp(y[i] + ((FIX(1.40200, COLOR_BITS) * r + half) >> COLOR_BITS));
		out[1] = clamp(y[i] + ((-FIX(0.34414, COLOR_BITS) * b - FIX(0.71414, COLOR_BITS) * r + half) >> COLOR_BITS));
		out[2] = clamp(y[i] + ((FIX(1.77200, COLOR_BITS) * b + half) >> COLOR_BITS));
	}
}

CLONES void
pixedge_join_rgb(const uint8_t *r, const uint8_t *g, const uint8_t *b, uint8_t *out, int n)
{
	for (int i = 0; i < n; i++, out += 3) {
		out[0] = r[i];
		out[1] = g[i];
		out[2] = b[i];
	}
}
