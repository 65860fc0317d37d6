#include "reduce.h"

#include <string.h>

#include "axis.h"
#include "rows.h"

typedef struct {
	PixedgeAxis across, down;
	PixedgeGather gather;
	PixedgeMix mix;
} Reduction;

/* The pixels from begin up to end. */
typedef struct {
	int begin, end;
} Span;

/* What a thread works with. */
typedef struct {
	VipsRegion *region;	  /* the part of the original that is needed */
	const uint8_t **rows; /* of which one of the result is made */
	uint8_t *row;		  /* that of the result's height */
	uint8_t *wide;		  /* the same, its boxes averaged, its edges repeated */

	/* Where boxes of rows are averaged: the last ones, of these columns. Row i is in
	 * place i modulo the number of taps, if held says so. */
	VipsRect columns;
	uint32_t *sums;
	uint8_t *means;
	int *held;
	Span ready; /* rows of the original that are in the region */
} Sequence;

/* reach returns what the pixels of a span are made of, pixels beyond the edges
 * included. */
static Span
reach(const PixedgeAxis *axis, Span of)
{
	Span s = { INT_MAX, INT_MIN };

	for (int i = of.begin; i < of.end; i++) {
		s.begin = VIPS_MIN(s.begin, axis->first[i]);
		s.end = VIPS_MAX(s.end, axis->first[i] + axis->taps);
	}
	return s;
}

/* inside returns the pixels that there are of a span; at an edge at least one. */
static Span
inside(Span s, int size)
{
	s.begin = VIPS_CLIP(0, s.begin, size - 1);
	s.end = VIPS_CLIP(s.begin + 1, s.end, size);
	return s;
}

static int
stop(void *seq, void *a, void *b)
{
	Sequence *s = (Sequence *) seq;

	(void) a;
	(void) b;
	VIPS_UNREF(s->region);
	g_free(s->rows);
	g_free(s->row);
	g_free(s->wide);
	g_free(s->sums);
	g_free(s->means);
	g_free(s->held);
	g_free(s);
	return 0;
}

static void *
start(VipsImage *out, void *a, void *b)
{
	VipsImage *in = (VipsImage *) a;
	const Reduction *reduction = (const Reduction *) b;
	const PixedgeAxis *across = &reduction->across, *down = &reduction->down;
	size_t row = (size_t) in->Xsize * in->Bands;
	Sequence *s = g_new0(Sequence, 1);

	(void) out;
	s->region = vips_region_new(in);
	s->rows = g_new(const uint8_t *, down->taps);
	s->row = g_malloc(row);
	s->wide = g_malloc(((size_t) across->in + 2 * across->taps) * in->Bands + PIXEDGE_SLACK);
	if (down->box > 1) {
		s->sums = g_new(uint32_t, row);
		s->means = g_malloc(row * down->taps);
		s->held = g_new(int, down->taps);
	}
	return s;
}

/* How many rows of the original are asked for at a time where boxes are averaged. One
 * that is mixed of its neighbours, as by a blur, would be mixed of all of them anew for
 * every row that is asked for. */
#define AHEAD 64

/* fetch sees to it that row y of the original is in the region, and some that follow, of
 * the boxes and columns of need. */
static int
fetch(const PixedgeAxis *down, Sequence *s, const VipsRect *need, int y)
{
	int last = VIPS_MIN((need->top + need->height) * down->box, s->region->im->Ysize);
	VipsRect part = { need->left, y, need->width, VIPS_MIN(AHEAD, last - y) };

	if (y >= s->ready.begin && y < s->ready.end)
		return 0;
	s->ready = (Span){ 0, 0 };
	if (vips_region_prepare(s->region, &part))
		return -1;
	s->ready = (Span){ y, y + part.height };
	return 0;
}

/* average makes a row of a box of rows, of the columns of need, unless it is there. */
static int
average(const PixedgeAxis *down, Sequence *s, const VipsRect *need, int row)
{
	int n = need->width * s->region->im->Bands, place = row % down->taps;

	if (s->held[place] == row)
		return 0;
	memset(s->sums, 0, n * sizeof(uint32_t));
	for (int i = 0; i < down->box; i++) {
		int y = VIPS_MIN(row * down->box + i, s->region->im->Ysize - 1);

		if (fetch(down, s, need, y))
			return -1;
		pixedge_add(VIPS_REGION_ADDR(s->region, need->left, y), s->sums, n);
	}
	pixedge_divide(s->sums, down->box, s->means + (size_t) place * n, n);
	s->held[place] = row;
	return 0;
}

/* find points s->rows at what row y of the result is made of. need is the part of the
 * original that all rows are made of: without boxes it is in the region. */
static int
find(const PixedgeAxis *down, Sequence *s, const VipsRect *need, int y)
{
	size_t n = (size_t) need->width * s->region->im->Bands;

	for (int t = 0; t < down->taps; t++) {
		int row = VIPS_CLIP(0, down->first[y] + t, down->in - 1);

		if (down->box > 1) {
			if (average(down, s, need, row))
				return -1;
			s->rows[t] = s->means + row % down->taps * n;
		}
		else
			s->rows[t] = VIPS_REGION_ADDR(s->region, need->left, row);
	}
	return 0;
}

/* repeat fills a row of pixels up from both sides: those of there are at their places,
 * and those of all are wanted. */
static void
repeat(uint8_t *row, int bands, Span all, Span there)
{
	uint8_t *first = row + (size_t) (there.begin - all.begin) * bands;
	uint8_t *last = row + (size_t) (there.end - 1 - all.begin) * bands;

	for (uint8_t *p = row; p < first; p += bands)
		memcpy(p, first, bands);
	for (uint8_t *p = last + bands; p < row + (size_t) (all.end - all.begin) * bands; p += bands)
		memcpy(p, last, bands);
}

/* begin readies for rows that are made of need. */
static int
begin(const PixedgeAxis *down, Sequence *s, const VipsRect *need)
{
	if (down->box == 1)
		return vips_region_prepare(s->region, need);
	if (s->columns.left != need->left || s->columns.width != need->width) {
		memset(s->held, -1, down->taps * sizeof(int));
		s->ready = (Span){ 0, 0 };
	}
	s->columns = *need;
	return 0;
}

static int
generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *done)
{
	const Reduction *reduction = (const Reduction *) b;
	const PixedgeAxis *across = &reduction->across, *down = &reduction->down;
	Sequence *s = (Sequence *) seq;
	VipsRect *r = &out->valid;
	int bands = out->im->Bands;
	Span all = reach(across, (Span){ r->left, r->left + r->width }), there = inside(all, across->in);
	Span rows = inside(reach(down, (Span){ r->top, r->top + r->height }), down->in);
	VipsRect need = { there.begin * across->box, rows.begin, 0, rows.end - rows.begin };
	uint8_t *place = s->wide + (size_t) (there.begin - all.begin) * bands;

	(void) a;
	(void) done;
	need.width = VIPS_MIN(there.end * across->box, s->region->im->Xsize) - need.left;
	if (begin(down, s, &need))
		return -1;
	for (int y = r->top; y < r->top + r->height; y++) {
		if (find(down, s, &need, y))
			return -1;
		reduction->mix(s->rows, down->weights[down->phase[y]], down->taps,
			across->box > 1 ? s->row : place, need.width * bands);
		if (across->box > 1)
			pixedge_boxes(s->row, need.width, bands, across->box, place, there.end - there.begin);
		repeat(s->wide, bands, all, there);
		reduction->gather.run(&reduction->gather, s->wide - (ptrdiff_t) all.begin * bands,
			r->left, r->width, VIPS_REGION_ADDR(out, r->left, y));
	}
	return 0;
}

/* factor says how many times shorter a side of so many pixels becomes. */
static double
factor(int size, double scale)
{
	return scale >= 1 ? 1 : 1 / VIPS_MAX(scale, 1.0 / size);
}

static Reduction *
plan(VipsImage *made, VipsImage *in, double hscale, double vscale, VipsKernel kernel)
{
	Reduction *reduction = VIPS_NEW(made, Reduction);
	gboolean wide = pixedge_rows_wide();

	if (!reduction ||
		pixedge_axis(&reduction->across, made, in->Xsize, factor(in->Xsize, hscale), kernel) ||
		pixedge_axis(&reduction->down, made, in->Ysize, factor(in->Ysize, vscale), kernel) ||
		pixedge_gather(&reduction->gather, made, &reduction->across, in->Bands, wide))
		return NULL;
	reduction->mix = pixedge_mix(wide);
	return reduction;
}

static int
build(VipsImage *made, VipsImage *in, Reduction *reduction)
{
	if (!reduction || vips_image_pipelinev(made, VIPS_DEMAND_STYLE_FATSTRIP, in, NULL))
		return -1;
	made->Xsize = reduction->across.out;
	made->Ysize = reduction->down.out;
	if (vips_image_generate(made, start, generate, stop, in, reduction))
		return -1;
	/* The rows are computed when they are asked for: what they come from must live. */
	g_object_ref(in);
	vips_object_local(VIPS_OBJECT(made), in);
	return 0;
}

int
pixedge_reduce(VipsImage *in, double hscale, double vscale, VipsKernel kernel, VipsImage **out)
{
	VipsImage *made = vips_image_new();
	int failed = build(made, in, plan(made, in, hscale, vscale, kernel));

	if (!failed && vips_image_is_sequential(in)) {
		/* What follows may ask for rows again, whose source is gone by then. */
		failed = vips_sequential(made, out, "tile_height", 10, NULL);
		g_object_unref(made);
	}
	else if (!failed)
		*out = made;
	else
		g_object_unref(made);
	return failed;
}
