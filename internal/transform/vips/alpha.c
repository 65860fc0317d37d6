#include "alpha.h"

#include <stdint.h>
#include <string.h>

/* Work on one row of n pixels. */
typedef void (*Row)(const VipsPel *in, VipsPel *out, int n, int bands);

/* Two pixels of four channels, and their bytes. */
typedef uint16_t Pair __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(8)));

/* pair multiplies two pixels at once. It divides by 255 as (v + 1 + v / 256) / 256, which
 * is the same, rounded down, up to 255 * 255. */
static inline Bytes
pair(Bytes bytes)
{
	static const Pair is_alpha = { 0, 0, 0, UINT16_MAX, 0, 0, 0, UINT16_MAX };
	Pair in = __builtin_convertvector(bytes, Pair);
	Pair alpha = __builtin_shufflevector(in, in, 3, 3, 3, 3, 7, 7, 7, 7);
	Pair made = in * alpha;

	made = (made + 1 + (made >> 8)) >> 8;
	return __builtin_convertvector((made & ~is_alpha) | (in & is_alpha), Bytes);
}

/* multiply4 is multiply for four channels, which nearly all pictures with alpha have. */
static void
multiply4(const VipsPel *in, VipsPel *out, int n)
{
	Bytes bytes = { 0 };

	for (; n > 1; n -= 2, in += 8, out += 8) {
		memcpy(&bytes, in, 8);
		bytes = pair(bytes);
		memcpy(out, &bytes, 8);
	}
	if (n > 0) {
		memcpy(&bytes, in, 4);
		bytes = pair(bytes);
		memcpy(out, &bytes, 4);
	}
}

static void
multiply(const VipsPel *in, VipsPel *out, int n, int bands)
{
	if (bands == 4) {
		multiply4(in, out, n);
		return;
	}
	for (int i = 0; i < n; i++, in += bands, out += bands) {
		unsigned alpha = in[bands - 1];

		for (int b = 0; b < bands - 1; b++)
			out[b] = in[b] * alpha / 255;
		out[bands - 1] = alpha;
	}
}

static void
divide(const VipsPel *in, VipsPel *out, int n, int bands)
{
	for (int i = 0; i < n; i++, in += bands, out += bands) {
		unsigned alpha = in[bands - 1];

		for (int b = 0; b < bands - 1; b++) {
			/* Resampling may leave a color brighter than its opacity allows. */
			unsigned color = alpha ? in[b] * 255u / alpha : 0;

			out[b] = color > 255 ? 255 : color;
		}
		out[bands - 1] = alpha;
	}
}

static int
generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
	VipsRegion *in = (VipsRegion *) seq;
	VipsRect *r = &out->valid;
	Row row = *(Row *) b;

	(void) a;
	(void) stop;
	if (vips_region_prepare(in, r))
		return -1;
	for (int y = r->top; y < r->top + r->height; y++)
		row(VIPS_REGION_ADDR(in, r->left, y), VIPS_REGION_ADDR(out, r->left, y), r->width, in->im->Bands);
	return 0;
}

static int
apply(VipsImage *in, VipsImage **out, const Row *row)
{
	VipsImage *made = vips_image_new();

	if (vips_image_pipelinev(made, VIPS_DEMAND_STYLE_THINSTRIP, in, NULL) ||
		vips_image_generate(made, vips_start_one, generate, vips_stop_one, in, (void *) row)) {
		g_object_unref(made);
		return -1;
	}
	/* The rows are computed when they are asked for: what they come from must live. */
	g_object_ref(in);
	vips_object_local(VIPS_OBJECT(made), in);
	*out = made;
	return 0;
}

int
pixedge_premultiply(VipsImage *in, VipsImage **out)
{
	static const Row row = multiply;

	return apply(in, out, &row);
}

int
pixedge_unpremultiply(VipsImage *in, VipsImage **out)
{
	static const Row row = divide;

	return apply(in, out, &row);
}
