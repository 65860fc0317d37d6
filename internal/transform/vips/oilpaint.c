#include "oilpaint.h"

#include <string.h>

#define SIDE (2 * PIXEDGE_OILPAINT_MOST + 1)

/* The histogram of the square, kept up as it moves to the right. */
typedef struct {
	guint16 of[256];               /* pixels in each bin */
	guint16 bins[SIDE * SIDE + 2]; /* how many bins have so many pixels */
	int most;                      /* pixels in the fullest bin */
	guint32 seen[256];             /* the search in which a bin was met last */
	guint32 search;
} Histogram;

static void
add(Histogram *h, int bin)
{
	int n = ++h->of[bin];

	h->bins[n - 1]--;
	h->bins[n]++;
	if (n > h->most)
		h->most = n;
}

static void
take(Histogram *h, int bin)
{
	int n = --h->of[bin];

	h->bins[n + 1]--;
	h->bins[n]++;
	if (h->bins[h->most] == 0)
		h->most--;
}

/* A bin comes to its count at the last of its pixels. Of the fullest bins the one
 * whose last pixel comes first was the first to have so many: walk backwards until
 * each of them was met. */
static int
choose(Histogram *h, const guint8 *square, int side, int stride)
{
	int left = h->bins[h->most];

	h->search++;
	for (int y = side - 1; y >= 0; y--)
		for (int x = side - 1; x >= 0; x--) {
			int bin = square[y * stride + x];

			if (h->of[bin] == h->most && h->seen[bin] != h->search) {
				h->seen[bin] = h->search;
				if (--left == 0)
					return y * stride + x;
			}
		}
	return 0;
}

/* Relative luminance of ITU-R BT.709 (0.212656, 0.715158, 0.072186), times 65536,
 * rounded as a whole to one of 256. */
#define LUMINANCE(TYPE, ONE) \
	for (int i = 0; i < n; i++) { \
		const TYPE *p = (const TYPE *) in + i * bands; \
		guint64 y = bands < 3 ? (guint64) p[0] << 16 : 13937ull * p[0] + 46869ull * p[1] + 4730ull * p[2]; \
		out[i] = (y + ((guint64) (ONE) << 15)) / ((guint64) (ONE) << 16); \
	}

static void
luminance(VipsImage *image, const VipsPel *in, guint8 *out, int n)
{
	int bands = image->Bands;

	if (image->BandFmt == VIPS_FORMAT_USHORT)
		LUMINANCE(guint16, 257)
	else
		LUMINANCE(guint8, 1)
}

/* paint_row makes one row. square is the intensity around its first pixel, in a
 * field of the given width; in has the same pixels. */
static void
paint_row(Histogram *h, VipsRegion *in, int left, int top, const guint8 *square, int stride, int side, VipsPel *out, int width)
{
	size_t size = VIPS_IMAGE_SIZEOF_PEL(in->im);

	memset(h->of, 0, sizeof(h->of));
	memset(h->bins, 0, sizeof(h->bins));
	h->bins[0] = 256;
	h->most = 0;
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++)
			add(h, square[y * stride + x]);
	for (int x = 0;; x++) {
		int at = choose(h, square + x, side, stride);

		memcpy(out + x * size, VIPS_REGION_ADDR(in, left + x + at % stride, top + at / stride), size);
		if (x == width - 1)
			return;
		for (int y = 0; y < side; y++) {
			take(h, square[y * stride + x]);
			add(h, square[y * stride + x + side]);
		}
	}
}

static int
generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
	VipsRegion *in = (VipsRegion *) seq;
	VipsRect *r = &out->valid;
	int side = 2 * GPOINTER_TO_INT(b) + 1;
	VipsRect need = { r->left, r->top, r->width + side - 1, r->height + side - 1 };
	Histogram h;
	guint8 *field;

	(void) a;
	(void) stop;
	if (vips_region_prepare(in, &need) ||
		!(field = VIPS_ARRAY(NULL, (size_t) need.width * need.height, guint8)))
		return -1;
	for (int y = 0; y < need.height; y++)
		luminance(in->im, VIPS_REGION_ADDR(in, need.left, need.top + y), field + (size_t) y * need.width, need.width);
	memset(&h, 0, sizeof(h));
	for (int y = 0; y < r->height; y++)
		paint_row(&h, in, r->left, r->top + y, field + (size_t) y * need.width, need.width, side,
			VIPS_REGION_ADDR(out, r->left, r->top + y), r->width);
	g_free(field);
	return 0;
}

int
pixedge_oilpaint(VipsImage *in, int radius, VipsImage **out)
{
	VipsImage *around, *made;

	if (radius < 0 || radius > PIXEDGE_OILPAINT_MOST || in->Bands > 4 ||
		(in->BandFmt != VIPS_FORMAT_UCHAR && in->BandFmt != VIPS_FORMAT_USHORT)) {
		vips_error("oilpaint", "%s", "a radius or an image that is not for it");
		return -1;
	}
	if (vips_embed(in, &around, radius, radius, in->Xsize + 2 * radius, in->Ysize + 2 * radius,
			"extend", VIPS_EXTEND_COPY, NULL))
		return -1;
	made = vips_image_new();
	/* The rows are computed when they are asked for: what they come from must live. */
	vips_object_local(VIPS_OBJECT(made), around);
	if (vips_image_pipelinev(made, VIPS_DEMAND_STYLE_FATSTRIP, around, NULL)) {
		g_object_unref(made);
		return -1;
	}
	made->Xsize = in->Xsize;
	made->Ysize = in->Ysize;
	made->Xoffset = made->Yoffset = 0;
	if (vips_image_generate(made, vips_start_one, generate, vips_stop_one, around, GINT_TO_POINTER(radius))) {
		g_object_unref(made);
		return -1;
	}
	*out = made;
	return 0;
}
