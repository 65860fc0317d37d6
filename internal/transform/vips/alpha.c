#include "alpha.h"

/* Work on one row of n pixels. */
typedef void (*Row)(const VipsPel *in, VipsPel *out, int n, int bands);

static void
multiply(const VipsPel *in, VipsPel *out, int n, int bands)
{
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
