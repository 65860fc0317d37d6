#include "wholepng.h"
#include "pngfilter.h"

#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

/* A chunk is its length, its name, its content and a sum (PNG 3, 5.3). */
#define AROUND 12
#define SIGNATURE 8
#define HEADER 13

static uint32_t
big32(const unsigned char *p)
{
	return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static int
is(const unsigned char *chunk, const char *name)
{
	return !memcmp(chunk + 4, name, 4);
}

/* header reads IHDR. */
static int
header(const unsigned char *content, PixedgePNG *png)
{
	static const int bands[] = { 1, 0, 3, 0, 2, 0, 4 }; /* by color type (PNG 3, table 8) */
	uint32_t width = big32(content), height = big32(content + 4);
	int color = content[9];

	if (width < 1 || width > INT32_MAX || height < 1 || height > INT32_MAX)
		return -1;
	if (content[8] != 8 || color > 6 || !bands[color] || content[10] || content[11] || content[12])
		return -1;
	png->width = (int) width;
	png->height = (int) height;
	png->bands = bands[color];
	return 0;
}

/* note takes the chunk at an offset into account. It returns 1 at the end of those
 * that matter. */
static int
note(const unsigned char *chunk, size_t at, PixedgePNG *png)
{
	uint32_t length = big32(chunk);

	if (is(chunk, "IDAT")) {
		if (!png->chunks++)
			png->first = at;
		png->stored += length;
		return 0;
	}
	if (png->chunks)
		return 1;
	if (at == SIGNATURE)
		return length == HEADER && is(chunk, "IHDR") ? header(chunk + 8, png) : -1;
	return is(chunk, "tRNS") || is(chunk, "IEND") ? -1 : 0;
}

int
pixedge_png_scan(const unsigned char *buf, size_t len, PixedgePNG *png)
{
	size_t at = SIGNATURE;

	memset(png, 0, sizeof(*png));
	while (len >= AROUND && at <= len - AROUND) {
		size_t length = big32(buf + at);
		int end;

		if (length > len - AROUND - at)
			return -1;
		if ((end = note(buf + at, at, png)))
			return end > 0 && png->width ? 0 : -1;
		at += AROUND + length;
	}
	return -1;
}

/* join checks the sums of the chunks with pixels, and copies what is in them into
 * one piece if it is in several. */
static int
join(const unsigned char *buf, const PixedgePNG *png, unsigned char *piece)
{
	const unsigned char *chunk = buf + png->first;

	for (size_t i = 0; i < png->chunks; i++) {
		size_t length = big32(chunk);

		if (libdeflate_crc32(0, chunk + 4, length + 4) != big32(chunk + 8 + length))
			return -1;
		if (piece) {
			memcpy(piece, chunk + 8, length);
			piece += length;
		}
		chunk += AROUND + length;
	}
	return 0;
}

/* inflate wants exactly so many bytes in, and so many out. */
static int
inflate_all(const unsigned char *in, size_t n, unsigned char *out, size_t want)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t used = 0, made = 0;
	enum libdeflate_result result;

	if (!d)
		return -1;
	result = libdeflate_zlib_decompress_ex(d, in, n, out, want, &used, &made);
	libdeflate_free_decompressor(d);
	return result == LIBDEFLATE_SUCCESS && used == n && made == want ? 0 : -1;
}

static int
unpack(const unsigned char *buf, const PixedgePNG *png, unsigned char *out, size_t want)
{
	unsigned char *piece;
	int result = -1;

	if (png->chunks == 1)
		return join(buf, png, NULL) ? -1 : inflate_all(buf + png->first + 8, png->stored, out, want);
	if (!(piece = malloc(png->stored + 1)))
		return -1;
	if (!join(buf, png, piece))
		result = inflate_all(piece, png->stored, out, want);
	free(piece);
	return result;
}

/* neighbours undoes the filters that look at the pixel to the left, which is what
 * keeps them from working on many pixels at once. Of three bands it reads and writes
 * four, which is faster: the fourth byte that it writes belongs to the next pixel,
 * or to a row whose turn is still to come, and was read or is not read. */
static inline __attribute__((always_inline)) void
neighbours(const unsigned char *in, const unsigned char *above, unsigned char *out, size_t n, int bands, int filter)
{
	const int size = bands == 3 ? 4 : bands;
	Wide left = { 0 }, corner = { 0 };

	for (size_t i = 0; i < n; i += bands) {
		Wide v = wide(load(in + i, size)), up = wide(load(above + i, size));
		Narrow made;

		if (filter == SUB)
			v += left;
		else if (filter == AVERAGE)
			v += (left + up) >> 1;
		else
			v += paeth(left, up, corner);
		left = v & 255;
		corner = up;
		made = narrow(left);
		memcpy(out + i, &made, size);
	}
}

/* row undoes the filter of a row of n bytes. out may begin before in, with which it
 * may overlap. */
static inline __attribute__((always_inline)) int
row(const unsigned char *in, const unsigned char *above, unsigned char *out, size_t n, int bands)
{
	switch (*in++) {
	case NONE:
		memmove(out, in, n);
		return 0;
	case SUB:
		neighbours(in, above, out, n, bands, SUB);
		return 0;
	case UP:
		for (size_t i = 0; i < n; i++)
			out[i] = in[i] + above[i];
		return 0;
	case AVERAGE:
		neighbours(in, above, out, n, bands, AVERAGE);
		return 0;
	case PAETH:
		neighbours(in, above, out, n, bands, PAETH);
		return 0;
	}
	return -1;
}

/* rows undoes the filters of all rows, in place, and closes the gaps that their
 * numbers leave. It is compiled once for each number of bands. */
static inline __attribute__((always_inline)) int
rows(unsigned char *pixels, const PixedgePNG *png, const unsigned char *zeros, int bands)
{
	size_t n = (size_t) png->width * bands;
	const unsigned char *above = zeros;

	for (int y = 0; y < png->height; y++) {
		unsigned char *out = pixels + y * n;

		if (row(pixels + y * (n + 1), above, out, n, bands))
			return -1;
		above = out;
	}
	return 0;
}

static int
unfilter(unsigned char *pixels, const PixedgePNG *png)
{
	unsigned char *zeros = calloc((size_t) png->width + 1, png->bands);
	int result = -1;

	if (!zeros)
		return -1;
	switch (png->bands) {
	case 1:
		result = rows(pixels, png, zeros, 1);
		break;
	case 2:
		result = rows(pixels, png, zeros, 2);
		break;
	case 3:
		result = rows(pixels, png, zeros, 3);
		break;
	case 4:
		result = rows(pixels, png, zeros, 4);
		break;
	}
	free(zeros);
	return result;
}

int
pixedge_png_decode(const unsigned char *buf, const PixedgePNG *png, unsigned char *out)
{
	size_t want = (size_t) png->height * ((size_t) png->width * png->bands + 1);

	return unpack(buf, png, out, want) || unfilter(out, png) ? -1 : 0;
}

static void
drop(VipsImage *image, void *pixels)
{
	(void) image;
	free(pixels);
}

int
pixedge_png_image(void *pixels, const PixedgePNG *png, VipsImage *like, VipsImage **out)
{
	VipsImage *image = vips_image_new_from_memory(pixels, (size_t) png->width * png->height * png->bands,
		png->width, png->height, png->bands, VIPS_FORMAT_UCHAR);

	if (!image)
		return -1;
	g_signal_connect(image, "postclose", G_CALLBACK(drop), pixels);
	image->Type = like->Type;
	*out = image;
	return 0;
}
