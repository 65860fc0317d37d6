#include "avif.h"

#include <vips/vips.h>

/* A plane of a picture for libheif. */
typedef struct {
	unsigned char *data;
	int stride;
} Plane;

typedef struct {
	void *buf;
	size_t len;
} File;

static int
failed(struct heif_error error)
{
	if (error.code == heif_error_Ok)
		return 0;
	/* libheif does not say why aom failed. It is given planes and settings that are sound, so
	 * that is for want of memory. */
	vips_error("avif", "%s%s", error.message, error.code == heif_error_Encoder_plugin_error ? " (memory)" : "");
	return -1;
}

/* The color of a pixel: where green and blue are, red being the first band. */
#define GREEN(bands) ((bands) > 2 ? 1 : 0)
#define BLUE(bands) ((bands) > 2 ? 2 : 0)

/* Y of ITU-R BT.601 in full range (JFIF, section 7), with 16 bits after the point. */
static void
luma(const unsigned char *in, int n, int bands, unsigned char *out)
{
	const int green = GREEN(bands), blue = BLUE(bands);

	for (int x = 0; x < n; x++, in += bands)
		out[x] = (19595 * in[0] + 38470 * in[green] + 7471 * in[blue] + (1 << 15)) >> 16;
}

/* Cb and Cr of the mean of four pixels: two of each row, step - 1 apart. A step of 1
 * takes one pixel four times. */
static void
chroma(const unsigned char *row, const unsigned char *below, int width, int bands, int step, unsigned char *cb, unsigned char *cr)
{
	const int green = GREEN(bands), blue = BLUE(bands);
	const int middle = (128 << 18) + (1 << 17) - 1; /* rounds, and keeps 255.5 at 255 */

	for (int x = 0; x < width; x += step) {
		int p = x * bands;
		int q = VIPS_MIN(x + step - 1, width - 1) * bands;
		int r = row[p] + row[q] + below[p] + below[q];
		int g = row[p + green] + row[q + green] + below[p + green] + below[q + green];
		int b = row[p + blue] + row[q + blue] + below[p + blue] + below[q + blue];

		*cb++ = (-11059 * r - 21709 * g + 32768 * b + middle) >> 18;
		*cr++ = (32768 * r - 27439 * g - 5329 * b + middle) >> 18;
	}
}

static int
add_plane(struct heif_image *image, enum heif_channel channel, int width, int height, Plane *plane)
{
	if (failed(heif_image_add_plane(image, channel, width, height, 8)))
		return -1;
	plane->data = heif_image_get_plane(image, channel, &plane->stride);
	return plane->data ? 0 : -1;
}

static int
fill_colors(const unsigned char *in, const PixedgeAVIF *how, struct heif_image *image)
{
	int step = how->subsampled ? 2 : 1;
	int width = (how->width + step - 1) / step, height = (how->height + step - 1) / step;
	size_t row = (size_t) how->width * how->bands;
	Plane y, cb, cr;

	if (add_plane(image, heif_channel_Y, how->width, how->height, &y) ||
		add_plane(image, heif_channel_Cb, width, height, &cb) ||
		add_plane(image, heif_channel_Cr, width, height, &cr))
		return -1;
	for (int i = 0; i < how->height; i++)
		luma(in + i * row, how->width, how->bands, y.data + (size_t) i * y.stride);
	for (int i = 0; i < height; i++) {
		const unsigned char *top = in + (size_t) i * step * row;
		const unsigned char *below = in + VIPS_MIN(i * step + step - 1, how->height - 1) * row;

		chroma(top, below, how->width, how->bands, step, cb.data + (size_t) i * cb.stride, cr.data + (size_t) i * cr.stride);
	}
	return 0;
}

static int
fill_alpha(const unsigned char *in, const PixedgeAVIF *how, struct heif_image *image)
{
	Plane alpha;

	if (how->bands % 2)
		return 0;
	if (add_plane(image, heif_channel_Alpha, how->width, how->height, &alpha))
		return -1;
	for (int y = 0; y < how->height; y++)
		for (int x = 0; x < how->width; x++, in += how->bands)
			alpha.data[(size_t) y * alpha.stride + x] = in[how->bands - 1];
	return 0;
}

int
pixedge_avif_planes(const unsigned char *in, const PixedgeAVIF *how, struct heif_image **image)
{
	if (failed(heif_image_create(how->width, how->height, heif_colorspace_YCbCr,
			how->subsampled ? heif_chroma_420 : heif_chroma_444, image)))
		return -1;
	return fill_colors(in, how, *image) || fill_alpha(in, how, *image) ? -1 : 0;
}

static int
set_encoder(struct heif_encoder *encoder, const PixedgeAVIF *how)
{
	if (failed(heif_encoder_set_lossy_quality(encoder, how->quality)) ||
		failed(heif_encoder_set_parameter_integer(encoder, "speed", how->speed)))
		return -1;
	/* Encoders other than aom need not have these: libheif converts what they take. */
	heif_encoder_set_parameter_integer(encoder, "threads", 1);
	heif_encoder_set_parameter_string(encoder, "chroma", how->subsampled ? "420" : "444");
	/* aom rounds the coefficients of what it only tries plainly, and by a trellis those of
	 * what it takes (AV1E_SET_DISABLE_TRELLIS_QUANT in aomcx.h): a sixth less work for
	 * half a percent more bytes. */
	heif_encoder_set_parameter_string(encoder, "aom:disable-trellis-quant", "2");
	return 0;
}

/* encode says of the colors what libvips does: the matrix, and nothing of primaries
 * and transfer, which are then taken to be those of sRGB. */
static int
encode(struct heif_context *ctx, struct heif_encoder *encoder, struct heif_image *image)
{
	struct heif_color_profile_nclx *nclx = heif_nclx_color_profile_alloc();
	struct heif_encoding_options *options = heif_encoding_options_alloc();
	int result = -1;

	if (nclx && options) {
		nclx->color_primaries = heif_color_primaries_unspecified;
		nclx->transfer_characteristics = heif_transfer_characteristic_unspecified;
		nclx->matrix_coefficients = heif_matrix_coefficients_ITU_R_BT_601_6;
		nclx->full_range_flag = 1;
		options->output_nclx_profile = nclx;
		if (!failed(heif_image_set_nclx_color_profile(image, nclx)))
			result = failed(heif_context_encode_image(ctx, image, encoder, options, NULL));
	}
	heif_encoding_options_free(options);
	heif_nclx_color_profile_free(nclx);
	return result;
}

static struct heif_error
keep(struct heif_context *ctx, const void *data, size_t len, void *file)
{
	struct heif_error none = { heif_error_Ok, heif_suberror_Unspecified, "" };

	(void) ctx;
	((File *) file)->buf = g_memdup2(data, len);
	((File *) file)->len = len;
	return none;
}

int
pixedge_avif(struct heif_image *image, const PixedgeAVIF *how, void **buf, size_t *len)
{
	struct heif_context *ctx = heif_context_alloc();
	struct heif_encoder *encoder = NULL;
	struct heif_writer writer = { .writer_api_version = 1, .write = keep };
	File file = { 0 };
	int result = -1;

	if (!failed(heif_context_get_encoder_for_format(ctx, heif_compression_AV1, &encoder)) &&
		!set_encoder(encoder, how) &&
		!encode(ctx, encoder, image) &&
		!failed(heif_context_write(ctx, &writer, &file))) {
		*buf = file.buf;
		*len = file.len;
		result = 0;
	}
	heif_encoder_release(encoder);
	heif_context_free(ctx);
	return result;
}
