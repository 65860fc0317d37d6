#include "vips.h"

int
pixedge_load(const PixedgeSource *s, VipsImage **out)
{
	VipsBlob *blob = vips_blob_new(NULL, s->buf, s->len);
	VipsOperation *operation = vips_operation_new(s->loader);
	VipsOperation *built;

	if (!operation) {
		vips_area_unref(VIPS_AREA(blob));
		return -1;
	}
	/* Damage past the header is an error and not grey filler; libvips' own
	 * default serves what it could decode. */
	g_object_set(operation,
		"buffer", blob,
		"access", VIPS_ACCESS_SEQUENTIAL,
		"fail_on", VIPS_FAIL_ON_ERROR,
		NULL);
	vips_area_unref(VIPS_AREA(blob));
	if (s->shrink)
		g_object_set(operation, "shrink", s->shrink, NULL);
	if (s->scale)
		g_object_set(operation, "scale", s->scale, NULL);

	built = vips_cache_operation_build(operation);
	g_object_unref(operation);
	if (!built)
		return -1;
	g_object_get(built, "out", out, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(built));
	g_object_unref(built);
	return 0;
}

/* set_if sets a property only if the saver has it, so that one function serves
 * every saver and every version of libvips. */
static void
set_if(VipsOperation *operation, const char *name, int value)
{
	if (g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name))
		g_object_set(operation, name, value, NULL);
}

int
pixedge_save(VipsImage *in, const PixedgeTarget *t, void **buf, size_t *len)
{
	VipsOperation *operation = vips_operation_new(t->saver);
	VipsOperation *built;
	VipsBlob *blob = NULL;

	if (!operation)
		return -1;
	g_object_set(operation, "in", in, "strip", TRUE, NULL);
	if (t->quality)
		set_if(operation, "Q", t->quality);
	if (t->effort >= 0)
		set_if(operation, "effort", t->effort);
	set_if(operation, "optimize_coding", TRUE);
	if (g_str_equal(t->saver, "heifsave_buffer"))
		g_object_set(operation, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, NULL);
	if (g_str_equal(t->saver, "tiffsave_buffer"))
		g_object_set(operation,
			"compression", t->quality ? VIPS_FOREIGN_TIFF_COMPRESSION_JPEG : VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE,
			NULL);

	built = vips_cache_operation_build(operation);
	g_object_unref(operation);
	if (!built)
		return -1;
	g_object_get(built, "buffer", &blob, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(built));
	g_object_unref(built);
	if (!blob)
		return -1;
	/* Take the bytes out of the blob, which would free them. */
	*buf = VIPS_AREA(blob)->data;
	*len = VIPS_AREA(blob)->length;
	VIPS_AREA(blob)->free_fn = NULL;
	vips_area_unref(VIPS_AREA(blob));
	return 0;
}

int
pixedge_memory(VipsImage *in, VipsImage **out)
{
	return (*out = vips_image_copy_memory(in)) ? 0 : -1;
}

int
pixedge_extract(VipsImage *in, VipsImage **out, int left, int top, int width, int height)
{
	return vips_extract_area(in, out, left, top, width, height, NULL);
}

int
pixedge_resize(VipsImage *in, VipsImage **out, double hscale, double vscale, int kernel)
{
	return vips_resize(in, out, hscale, "vscale", vscale, "kernel", kernel, NULL);
}

int
pixedge_embed(VipsImage *in, VipsImage **out, int left, int top, int width, int height, const double *ink, int bands)
{
	VipsArrayDouble *background = vips_array_double_new(ink, bands);
	int result = vips_embed(in, out, left, top, width, height,
		"extend", VIPS_EXTEND_BACKGROUND, "background", background, NULL);

	vips_area_unref(VIPS_AREA(background));
	return result;
}

int
pixedge_rotate(VipsImage *in, VipsImage **out, double angle, const double *ink, int bands)
{
	VipsArrayDouble *background = vips_array_double_new(ink, bands);
	int result = vips_rotate(in, out, angle, "background", background, NULL);

	vips_area_unref(VIPS_AREA(background));
	return result;
}

int
pixedge_quarter(VipsImage *in, VipsImage **out, int quarters)
{
	return vips_rot(in, out, (VipsAngle) quarters, NULL);
}

int
pixedge_flip(VipsImage *in, VipsImage **out, int direction)
{
	return vips_flip(in, out, (VipsDirection) direction, NULL);
}

/* cast_like gives an image the band format of another and lets go of it, since
 * premultiplying makes floats, which cost four times as much to resample. */
static int
cast_like(VipsImage *in, VipsImage **out, VipsImage *like)
{
	int result = vips_cast(in, out, like->BandFmt, NULL);

	g_object_unref(in);
	return result;
}

int
pixedge_premultiply(VipsImage *in, VipsImage **out)
{
	VipsImage *x;

	return vips_premultiply(in, &x, NULL) || cast_like(x, out, in) ? -1 : 0;
}

int
pixedge_unpremultiply(VipsImage *in, VipsImage **out)
{
	VipsImage *x;

	return vips_unpremultiply(in, &x, NULL) || cast_like(x, out, in) ? -1 : 0;
}

int
pixedge_add_alpha(VipsImage *in, VipsImage **out)
{
	return vips_addalpha(in, out, NULL);
}

/* is_plain reports whether the numbers of an image already mean what a browser
 * takes them for. */
static gboolean
is_plain(VipsImage *in)
{
	switch (in->Type) {
	case VIPS_INTERPRETATION_sRGB:
	case VIPS_INTERPRETATION_B_W:
	case VIPS_INTERPRETATION_RGB16:
	case VIPS_INTERPRETATION_GREY16:
		return TRUE;
	default:
		return FALSE;
	}
}

static gboolean
is_16bit(VipsImage *in)
{
	return in->Type == VIPS_INTERPRETATION_RGB16 || in->Type == VIPS_INTERPRETATION_GREY16;
}

int
pixedge_srgb(VipsImage *in, VipsImage **out)
{
	gboolean profile = vips_image_get_typeof(in, VIPS_META_ICC_NAME) != 0;
	gboolean cmyk = in->Type == VIPS_INTERPRETATION_CMYK;

	/* A broken profile is ignored: the picture is still worth showing. */
	if ((profile || cmyk) &&
		!vips_icc_transform(in, out, "srgb",
			"input_profile", cmyk ? "cmyk" : "srgb",
			"embedded", TRUE,
			"intent", VIPS_INTENT_PERCEPTUAL,
			"depth", is_16bit(in) ? 16 : 8,
			NULL))
		return 0;
	vips_error_clear();
	if (is_plain(in)) {
		g_object_ref(in);
		*out = in;
		return 0;
	}
	return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

int
pixedge_orientation(VipsImage *in)
{
	return vips_image_get_orientation(in);
}
