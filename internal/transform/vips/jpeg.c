#include "jpeg.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
	struct jpeg_error_mgr base;
	jmp_buf failed;
} Errors;

static void
fail(j_common_ptr cinfo)
{
	longjmp(((Errors *) cinfo->err)->failed, 1);
}

/* note makes errors of warnings, as package vips has libvips do: after one libjpeg
 * fills what it could not read with grey. */
static void
note(j_common_ptr cinfo, int level)
{
	if (level < 0)
		fail(cinfo);
}

static void
silent(j_common_ptr cinfo)
{
	(void) cinfo;
}

/* begin reads the header. It returns the channels, or 0 for a picture that is left
 * to libvips. */
static int
begin(struct jpeg_decompress_struct *cinfo, const void *buf, size_t len, int shrink)
{
	jpeg_mem_src(cinfo, buf, len);
	if (jpeg_read_header(cinfo, TRUE) != JPEG_HEADER_OK)
		return 0;
	cinfo->scale_num = 1;
	cinfo->scale_denom = shrink;
	switch (cinfo->jpeg_color_space) {
	case JCS_GRAYSCALE:
		cinfo->out_color_space = JCS_GRAYSCALE;
		return 1;
	case JCS_YCbCr:
	case JCS_RGB:
		cinfo->out_color_space = JCS_RGB;
		return 3;
	default:
		return 0;
	}
}

static void
ready(struct jpeg_decompress_struct *cinfo, Errors *errors)
{
	cinfo->err = jpeg_std_error(&errors->base);
	errors->base.error_exit = fail;
	errors->base.emit_message = note;
	errors->base.output_message = silent;
}

int
pixedge_jpeg_bands(const void *buf, size_t len, int *bands)
{
	struct jpeg_decompress_struct cinfo = { 0 };
	Errors errors;

	ready(&cinfo, &errors);
	*bands = 0;
	if (!setjmp(errors.failed)) {
		jpeg_create_decompress(&cinfo);
		*bands = begin(&cinfo, buf, len, 1);
	}
	jpeg_destroy_decompress(&cinfo);
	return *bands > 0 ? 0 : -1;
}

/* How many pixels around a part are decoded with it: chroma that is made larger
 * looks at its neighbours. */
#define MARGIN 2

/* read_rows decodes the part, with the columns libjpeg starts and ends at. row
 * has room for one row of them. */
static int
read_rows(struct jpeg_decompress_struct *cinfo, const PixedgePart *part, JDIMENSION first, int bands, JSAMPROW row, unsigned char *out)
{
	JDIMENSION top = part->top > MARGIN ? (JDIMENSION) part->top - MARGIN : 0;
	size_t size = (size_t) part->width * bands;
	size_t skip = ((size_t) part->left - first) * bands;

	if (top > 0 && jpeg_skip_scanlines(cinfo, top) != top)
		return -1;
	while (cinfo->output_scanline < (JDIMENSION) (part->top + part->height)) {
		JDIMENSION y = cinfo->output_scanline;

		if (jpeg_read_scanlines(cinfo, &row, 1) != 1)
			return -1;
		if (y >= (JDIMENSION) part->top)
			memcpy(out + (y - part->top) * size, row + skip, size);
	}
	return 0;
}

int
pixedge_jpeg_part(const void *buf, size_t len, const PixedgePart *part, unsigned char *out)
{
	struct jpeg_decompress_struct cinfo = { 0 };
	Errors errors;
	JSAMPROW volatile row = NULL;
	volatile int result = -1;

	ready(&cinfo, &errors);
	if (!setjmp(errors.failed)) {
		JDIMENSION first, width;
		int bands;

		jpeg_create_decompress(&cinfo);
		bands = begin(&cinfo, buf, len, part->shrink);
		if (bands > 0 && jpeg_start_decompress(&cinfo)) {
			first = part->left > MARGIN ? (JDIMENSION) part->left - MARGIN : 0;
			width = (JDIMENSION) (part->left + part->width) - first + MARGIN;
			if (width > cinfo.output_width - first)
				width = cinfo.output_width - first;
			if (width < cinfo.output_width)
				jpeg_crop_scanline(&cinfo, &first, &width);
			row = malloc((size_t) width * bands);
			if (row && !read_rows(&cinfo, part, first, bands, row, out))
				result = 0;
		}
	}
	free(row);
	jpeg_destroy_decompress(&cinfo);
	return result;
}

/* How many sums of columns are kept at a time: they stay in the nearest cache. */
#define SUMS 1536

/* means makes pixels of the sums of n rows. It is inlined for each n and bands, so that
 * the compiler can unroll it. */
static inline __attribute__((always_inline)) void
means(const uint16_t *sums, int bands, int n, unsigned char *out, int pixels)
{
	for (int x = 0; x < pixels; x++, sums += n * bands)
		for (int b = 0; b < bands; b++) {
			int sum = n * n / 2;

			for (int h = 0; h < n; h++)
				sum += sums[h * bands + b];
			*out++ = sum / (n * n);
		}
}

static void
row_of_means(const uint16_t *sums, int bands, int n, unsigned char *out, int pixels)
{
	if (bands == 3 && n == 2)
		means(sums, 3, 2, out, pixels);
	else if (bands == 3 && n == 4)
		means(sums, 3, 4, out, pixels);
	else
		means(sums, bands, n, out, pixels);
}

/* add_rows sums n rows, columns by columns. */
static void
add_rows(const unsigned char *in, size_t row, int n, uint16_t *sums, int columns)
{
	for (int x = 0; x < columns; x++)
		sums[x] = in[x] + in[row + x];
	for (int v = 2; v < n; v++)
		for (int x = 0; x < columns; x++)
			sums[x] += in[v * row + x];
}

void
pixedge_mean(const unsigned char *in, int width, int bands, int n, unsigned char *out, int out_width, int out_height)
{
	size_t row = (size_t) width * bands;
	int most = SUMS / (n * bands);
	uint16_t sums[SUMS];

	for (int y = 0; y < out_height; y++, in += n * row)
		for (int x = 0; x < out_width; x += most) {
			int pixels = out_width - x < most ? out_width - x : most;

			add_rows(in + (size_t) x * n * bands, row, n, sums, pixels * n * bands);
			row_of_means(sums, bands, n, out, pixels);
			out += (size_t) pixels * bands;
		}
}
