#include "jpeg.h"
#include "idct.h"

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

/* holds tells whether the part is one of the picture, whoever read its size. */
static int
holds(const struct jpeg_decompress_struct *cinfo, const PixedgePart *part)
{
	return part->left >= 0 && part->top >= 0 && part->width > 0 && part->height > 0 &&
		(JDIMENSION) part->left + part->width <= cinfo->output_width && (JDIMENSION) part->top + part->height <= cinfo->output_height;
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
		if (bands > 0 && jpeg_start_decompress(&cinfo) && holds(&cinfo, part)) {
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

/* libjpeg keeps all coefficients of a file of which pixels may be asked for again. Those
 * of a file with one scan are used as they come: what it takes for the rows of blocks of a
 * component is a window of a few, in turn. */
struct jvirt_barray_control {
	JBLOCKARRAY rows;
	size_t row; /* bytes */
	JDIMENSION count;
	JDIMENSION next; /* that was not asked for yet */
};

/* How often the rows that are asked for at a time are there. libjpeg reads one time
 * ahead of what it makes pixels of. */
#define WINDOW 3

static jvirt_barray_ptr
request_window(j_common_ptr cinfo, int pool, boolean zero, JDIMENSION blocks, JDIMENSION rows, JDIMENSION at_once)
{
	jvirt_barray_ptr window = cinfo->mem->alloc_small(cinfo, pool, sizeof(*window));

	(void) zero;
	(void) rows;
	window->row = blocks * sizeof(JBLOCK);
	window->count = WINDOW * at_once;
	window->rows = cinfo->mem->alloc_barray(cinfo, pool, blocks, window->count);
	window->next = 0;
	return window;
}

static JBLOCKARRAY
access_window(j_common_ptr cinfo, jvirt_barray_ptr window, JDIMENSION start, JDIMENSION n, boolean writable)
{
	(void) writable;
	for (; window->next < start + n; window->next++)
		memset(window->rows[window->next % window->count], 0, window->row);
	if (start + window->count < window->next)
		fail(cinfo);
	return window->rows + start % window->count;
}

/* A picture on its way to all levels. */
typedef struct {
	struct jpeg_decompress_struct *cinfo;
	jvirt_barray_ptr *coefs;
	const PixedgeLevels *levels;
	int group; /* rows of blocks of the first component, for one of each other */
	uint8_t *planes;
	size_t stride;
} Whole;

/* grouped returns Whole's group, or 0 where colors are stored in another size than most
 * have them. With none or with these, libjpeg interpolates no colors in a picture that it
 * decodes smaller. */
static int
grouped(const struct jpeg_decompress_struct *cinfo)
{
	const jpeg_component_info *c = cinfo->comp_info;

	for (int i = 1; i < cinfo->num_components; i++)
		if (c[0].h_samp_factor != c[0].v_samp_factor || c[0].v_samp_factor > 2 || c[i].h_samp_factor != 1 || c[i].v_samp_factor != 1)
			return 0;
	return c[0].v_samp_factor;
}

/* read_all reads the coefficients of a file with several scans. It returns 1 if some are
 * missing: libjpeg guesses those. */
static int
read_all(struct jpeg_decompress_struct *cinfo)
{
	int input;

	while ((input = jpeg_consume_input(cinfo)) != JPEG_REACHED_EOI)
		if (input == JPEG_SUSPENDED)
			return -1;
	for (int c = 0; c < cinfo->num_components; c++) {
		if (!cinfo->comp_info[c].quant_table)
			return 1;
		for (int i = 0; cinfo->progressive_mode && i < DCTSIZE2; i++)
			if (cinfo->coef_bits[c][i] != 0)
				return 1;
	}
	return 0;
}

/* samples makes those of component c in a group of rows of blocks. */
static void
samples(const Whole *whole, int c, int group, int size, uint8_t *plane)
{
	j_common_ptr cinfo = (j_common_ptr) whole->cinfo;
	const jpeg_component_info *about = whole->cinfo->comp_info + c;
	int rows = c == 0 ? whole->group : 1;

	if (c > 0)
		size *= whole->group;
	for (int i = 0; i < rows; i++) {
		JBLOCKARRAY row = cinfo->mem->access_virt_barray(cinfo, whole->coefs[c], group * rows + i, 1, FALSE);

		pixedge_idct((const int16_t(*)[64]) row[0], about->width_in_blocks, about->quant_table->quantval, size,
			plane + i * size * whole->stride, whole->stride);
	}
}

static void
join(const Whole *whole, const uint8_t *plane, size_t size, uint8_t *out, int n)
{
	if (whole->levels->bands == 1)
		memcpy(out, plane, n);
	else if (whole->cinfo->jpeg_color_space == JCS_YCbCr)
		pixedge_join_ycc(plane, plane + size, plane + 2 * size, out, n);
	else
		pixedge_join_rgb(plane, plane + size, plane + 2 * size, out, n);
}

/* make_rows makes those of a group of rows of blocks, of the picture n times smaller. */
static void
make_rows(const Whole *whole, int group, int n, uint8_t *out)
{
	const PixedgeLevels *levels = whole->levels;
	int size = DCTSIZE / n, rows = size * whole->group;
	int width = levels->width / n, height = levels->height / n;
	size_t row = (size_t) width * levels->bands, plane = rows * whole->stride;

	for (int c = 0; c < levels->bands; c++)
		samples(whole, c, group, size, whole->planes + c * plane);
	for (int i = 0; i < rows && group * rows + i < height; i++)
		join(whole, whole->planes + i * whole->stride, plane, out + (size_t) (group * rows + i) * row, width);
}

/* make_levels has libjpeg make the first level, and makes the others as its rows come. */
static int
make_levels(const Whole *whole)
{
	const PixedgeLevels *levels = whole->levels;
	struct jpeg_decompress_struct *cinfo = whole->cinfo;
	int width = levels->width / levels->shrink, height = levels->height / levels->shrink;
	int rows = DCTSIZE / levels->shrink * whole->group;

	for (int y = 0; y < height; y++) {
		uint8_t *out = levels->out[0] + (size_t) y * width * levels->bands;
		/* libjpeg rounds the width up. */
		JSAMPROW row = (int) cinfo->output_width == width ? out : whole->planes;

		if (jpeg_read_scanlines(cinfo, &row, 1) != 1)
			return -1;
		if (row != out)
			memcpy(out, row, (size_t) width * levels->bands);
		for (int i = 1; y % rows == 0 && i < PIXEDGE_LEVELS && levels->out[i]; i++)
			make_rows(whole, y / rows, levels->shrink << i, levels->out[i]);
	}
	return 0;
}

/* read_levels makes all levels, where the file is of the kind. */
static int
read_levels(Whole *whole)
{
	struct jpeg_decompress_struct *cinfo = whole->cinfo;
	boolean several = jpeg_has_multiple_scans(cinfo);
	int result = 0;

	cinfo->buffered_image = TRUE;
	if (!several) {
		cinfo->mem->request_virt_barray = request_window;
		cinfo->mem->access_virt_barray = access_window;
	}
	if (!jpeg_start_decompress(cinfo))
		return -1;
	whole->coefs = jpeg_read_coefficients(cinfo);
	if (several)
		result = read_all(cinfo);
	if (result != 0)
		return result;
	if (!jpeg_start_output(cinfo, cinfo->input_scan_number))
		return -1;
	return make_levels(whole);
}

int
pixedge_jpeg_levels(const void *buf, size_t len, const PixedgeLevels *levels)
{
	struct jpeg_decompress_struct cinfo = { 0 };
	Errors errors;
	uint8_t *volatile planes = NULL;
	volatile int result = -1;

	ready(&cinfo, &errors);
	if (!setjmp(errors.failed)) {
		Whole whole = { &cinfo, NULL, levels, 0, NULL, 0 };

		jpeg_create_decompress(&cinfo);
		if (begin(&cinfo, buf, len, levels->shrink) != levels->bands || !(whole.group = grouped(&cinfo)) ||
			cinfo.image_width != (JDIMENSION) levels->width || cinfo.image_height != (JDIMENSION) levels->height)
			result = 1;
		else {
			/* Three components of up to 8 rows, padded to whole blocks. */
			whole.stride = ((size_t) levels->width / 16 + 1) * 4;
			whole.planes = planes = malloc(3 * 8 * whole.stride);
			if (planes)
				result = read_levels(&whole);
		}
	}
	free(planes);
	jpeg_destroy_decompress(&cinfo);
	return result;
}
