#include "wholepng.h"
#include "pngfilter.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

/* The bytes before and behind a row: a pixel of zeros, and what is more than a row when
 * it is worked on by eights. */
#define ROOM 8

/* Rows on their way to be filtered. */
typedef struct {
	size_t n;                         /* bytes of a row */
	int bands;
	unsigned char *above, *now;       /* rows, with room before and behind them */
	unsigned char *tried[FILTERS];
	unsigned char *out;               /* where the next row goes */
} Rows;

/* cost is the sum of differences, counted from 0 in both directions: rows with
 * a small one are those that compress best, by the rule of PNG 3, 12.7. */
static unsigned
cost(const unsigned char *row, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += row[i] < 128 ? row[i] : 256 - row[i];
	return sum;
}

/* try_all applies each filter to a row, eight bytes at a time: there is room for them
 * behind it. */
static void
try_all(Rows *r)
{
	const unsigned char *now = r->now, *above = r->above;

	for (size_t i = 0; i < r->n; i += ROOM) {
		Narrow v = load(now + i, ROOM), left = load(now + i - r->bands, ROOM);
		Narrow up = load(above + i, ROOM), corner = load(above + i - r->bands, ROOM);
		Narrow nearest = narrow(paeth(wide(left), wide(up), wide(corner)));
		Narrow mean = (left & up) + ((left ^ up) >> 1);
		const Narrow made[FILTERS] = { v, v - left, v - up, v - mean, v - nearest };

		for (int f = NONE; f < FILTERS; f++)
			memcpy(r->tried[f] + i, &made[f], ROOM);
	}
}

static void
filter(Rows *r, const unsigned char *pixels)
{
	unsigned char *swap = r->above;
	unsigned least = UINT_MAX;
	int best = NONE;

	memcpy(r->now, pixels, r->n);
	try_all(r);
	for (int f = NONE; f < FILTERS; f++) {
		unsigned c = cost(r->tried[f], r->n);

		if (c < least) {
			least = c;
			best = f;
		}
	}
	*r->out++ = best;
	memcpy(r->out, r->tried[best], r->n);
	r->out += r->n;
	r->above = r->now;
	r->now = swap;
}

static int
take(VipsRegion *region, VipsRect *area, void *rows)
{
	for (int y = area->top; y < area->top + area->height; y++)
		filter(rows, VIPS_REGION_ADDR(region, 0, y));
	return 0;
}

/* filtered computes the image and returns its rows, each behind the number of
 * its filter. */
static unsigned char *
filtered(VipsImage *in, size_t n)
{
	Rows r = { .n = n, .bands = in->Bands };
	unsigned char *out = malloc(in->Ysize * (n + 1));
	unsigned char *rows = calloc(2 + FILTERS, n + 2 * ROOM);
	int failed = 1;

	if (out && rows) {
		r.out = out;
		r.above = rows + ROOM;
		r.now = r.above + n + 2 * ROOM;
		for (int f = 0; f < FILTERS; f++)
			r.tried[f] = r.now + (f + 1) * (n + 2 * ROOM);
		failed = vips_image_pio_input(in) || vips_sink_disc(in, take, &r);
	}
	else
		vips_error("png", "out of memory");
	free(rows);
	if (!failed)
		return out;
	free(out);
	return NULL;
}

/* A compressed stream, in memory of its own. */
typedef struct {
	unsigned char *data;
	size_t n;
} Stream;

/* runs finds runs of one byte and codes the rest as it is, which is all there is to
 * be found in most filtered photographs. */
static Stream
runs(const unsigned char *in, size_t n)
{
	Stream s = { 0 };
	z_stream z = { 0 };

	if (deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS, 9, Z_RLE) != Z_OK)
		return s;
	s.n = deflateBound(&z, n);
	if ((s.data = malloc(s.n))) {
		z.next_in = (Bytef *) in;
		z.avail_in = n;
		z.next_out = s.data;
		z.avail_out = s.n;
		deflate(&z, Z_FINISH);
		s.n = z.total_out;
	}
	deflateEnd(&z);
	return s;
}

/* matches finds everything that was there before, with an effort of 1 to 12. */
static Stream
matches(const unsigned char *in, size_t n, int effort)
{
	Stream s = { 0 };
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(effort);

	if (!c)
		return s;
	s.n = libdeflate_zlib_compress_bound(c, n);
	if ((s.data = malloc(s.n)))
		s.n = libdeflate_zlib_compress(c, in, n, s.data, s.n);
	libdeflate_free_compressor(c);
	return s;
}

/* smaller frees the longer of two streams, or the one that there is not. */
static Stream
smaller(Stream a, Stream b)
{
	if (!b.data || (a.data && a.n <= b.n)) {
		free(b.data);
		return a;
	}
	free(a.data);
	return b;
}

/* compressed looks for what makes the picture small: runs in photographs that are
 * smooth, matches in drawings and in what has texture. A quick look for matches tells
 * which it is; see docs/decisions/0011 for the numbers. */
static Stream
compressed(const unsigned char *in, size_t n)
{
	Stream best = runs(in, n), look;

	if (best.n < n / 100 * 15)
		return smaller(best, matches(in, n, 7));
	look = matches(in, n, 1);
	free(look.data);
	if (best.n < look.n / 1000 * 965)
		return best;
	return smaller(best, matches(in, n, 6));
}

static void
put32(unsigned char *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

/* put writes a chunk and returns where the next one goes. */
static unsigned char *
put(unsigned char *p, const char *name, const void *content, size_t n)
{
	put32(p, n);
	memcpy(p + 4, name, 4);
	if (n)
		memcpy(p + 8, content, n);
	put32(p + 8 + n, libdeflate_crc32(0, p + 4, n + 4));
	return p + 12 + n;
}

/* density is pixels a meter, from pixels a millimeter. */
static uint32_t
density(double resolution)
{
	return resolution > 0 && resolution < 1e6 ? (uint32_t) rint(resolution * 1000) : 0;
}

/* file puts the chunks around the pixels that libvips has in a file without metadata. */
static unsigned char *
file(VipsImage *in, Stream pixels, size_t *len)
{
	static const unsigned char signature[] = { 137, 'P', 'N', 'G', 13, 10, 26, 10 };
	static const unsigned char colors[] = { 0, 0, 4, 2, 6 }; /* by bands (PNG 3, table 8) */
	unsigned char header[13] = { 0 }, size[9] = { 0 };
	unsigned char *out, *p;

	*len = sizeof(signature) + 4 * 12 + sizeof(header) + sizeof(size) + pixels.n;
	if (!(out = malloc(*len)))
		return NULL;
	put32(header, in->Xsize);
	put32(header + 4, in->Ysize);
	header[8] = 8;
	header[9] = colors[in->Bands];
	put32(size, density(in->Xres));
	put32(size + 4, density(in->Yres));
	size[8] = 1; /* meters */
	memcpy(out, signature, sizeof(signature));
	p = put(out + sizeof(signature), "IHDR", header, sizeof(header));
	p = put(p, "pHYs", size, sizeof(size));
	p = put(p, "IDAT", pixels.data, pixels.n);
	put(p, "IEND", NULL, 0);
	return out;
}

int
pixedge_png_encode(VipsImage *in, void **buf, size_t *len)
{
	size_t n = (size_t) in->Xsize * in->Bands;
	unsigned char *rows = filtered(in, n);
	Stream pixels;

	if (!rows)
		return -1;
	pixels = compressed(rows, in->Ysize * (n + 1));
	free(rows);
	*buf = pixels.data && pixels.n ? file(in, pixels, len) : NULL;
	free(pixels.data);
	if (!*buf)
		vips_error("png", "out of memory");
	return *buf ? 0 : -1;
}
