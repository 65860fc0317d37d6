/* A part of a JPEG, decoded no further than it must be. libvips' own loader makes
 * every row above a crop; libjpeg can skip them after the Huffman decoding. And all of it
 * in several sizes, for one Huffman decoding. */

#ifndef PIXEDGE_JPEG_H
#define PIXEDGE_JPEG_H

#include <stddef.h>

/* What is to be decoded: a rectangle in pixels of the picture after it was made
 * shrink (1, 2, 4 or 8) times smaller. */
typedef struct {
	int shrink;
	int left, top, width, height;
} PixedgePart;

/* Ask for the channels. Returns 0, or -1 if libjpeg cannot read the header or they
 * are neither grey nor RGB. */
int pixedge_jpeg_bands(const void *buf, size_t len, int *bands);

/* Decode a part into out, which has width * height * bands bytes. Returns 0, or -1
 * if the data are damaged or end before the part does, or the picture does. */
int pixedge_jpeg_part(const void *buf, size_t len, const PixedgePart *part, unsigned char *out);

#define PIXEDGE_LEVELS 3

/* A picture shrink (2, 4 or 8) times smaller, and each time as small again, down to 8
 * times. Where there is no room, there are no more levels. */
typedef struct {
	int width, height, bands; /* of the picture in the file */
	int shrink;
	unsigned char *out[PIXEDGE_LEVELS]; /* NULL after the last one */
} PixedgeLevels;

/* Decode all levels, of which the sides are rounded down, reading the file once. Each is
 * the same as if libjpeg had decoded it so small. Returns 0, 1 if the file is of a kind
 * that is left to libvips, or -1 if it is damaged or there is no memory. */
int pixedge_jpeg_levels(const void *buf, size_t len, const PixedgeLevels *levels);

#endif
