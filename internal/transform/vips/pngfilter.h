/* What undoing and applying the filters of PNG have in common. */

#ifndef PIXEDGE_PNGFILTER_H
#define PIXEDGE_PNGFILTER_H

#include <stdint.h>
#include <string.h>

/* The filters, by the number that is written before a row (PNG 3, table 9). */
enum { NONE, SUB, UP, AVERAGE, PAETH, FILTERS };

/* Eight bytes, and as signed numbers, wide enough for sums of three. The compiler makes
 * one instruction of each operation on them. */
typedef int16_t Wide __attribute__((vector_size(16)));
typedef uint8_t Narrow __attribute__((vector_size(8)));

/* load reads n of them, at most 8; the others are 0. */
static inline Narrow
load(const unsigned char *p, int n)
{
	uint64_t bytes = 0;

	memcpy(&bytes, p, n);
	return (Narrow) bytes;
}

static inline Wide
wide(Narrow narrow)
{
	return __builtin_convertvector(narrow, Wide);
}

/* narrow drops the upper halves: modulo 256. */
static inline Narrow
narrow(Wide wide)
{
	return __builtin_convertvector(wide, Narrow);
}

static inline Wide
absolute(Wide v)
{
	Wide sign = v >> 15;

	return (v ^ sign) - sign;
}

static inline Wide
choose(Wide mask, Wide yes, Wide no)
{
	return (mask & yes) | (~mask & no);
}

/* paeth is the neighbour that is nearest to left + up - corner (PNG 3, 9.4). */
static inline Wide
paeth(Wide left, Wide up, Wide corner)
{
	Wide by_left = up - corner, by_up = left - corner;
	Wide by_corner = absolute(by_left + by_up), nearest;

	by_left = absolute(by_left);
	by_up = absolute(by_up);
	nearest = choose(by_up <= by_corner, up, corner);
	return choose((by_left <= by_up) & (by_left <= by_corner), left, nearest);
}

#endif
