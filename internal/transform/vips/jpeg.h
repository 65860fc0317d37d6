/* A part of a JPEG, decoded no further than it must be. libvips' own loader makes
 * every row above a crop; libjpeg can skip them after the Huffman decoding. */

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
 * if the data are damaged or end before the part does. */
int pixedge_jpeg_part(const void *buf, size_t len, const PixedgePart *part, unsigned char *out);

/* Make each pixel of the mean of n by n, 2 to 16, rounded once. in has rows of width
 * pixels of up to 4 bands, and n times as many as out or a few more, along both sides. */
void pixedge_mean(const unsigned char *in, int width, int bands, int n, unsigned char *out, int out_width, int out_height);

#endif
