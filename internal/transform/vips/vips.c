#include "vips.h"

static void
ignore(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void) domain;
	(void) level;
	(void) message;
	(void) data;
}

void
pixedge_quiet(void)
{
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, ignore, NULL);
}

int
pixedge_open(const char *name)
{
	const VipsOperationClass *class = (const VipsOperationClass *) vips_class_find("VipsOperation", name);

	return class && !(class->flags & VIPS_OPERATION_BLOCKED);
}

/* build runs a prepared operation, with its options set from text, and returns
 * it with its outputs, or NULL. It takes the operation over. */
static VipsOperation *
build(VipsOperation *operation, const char *options)
{
	VipsOperation *built;

	if (*options && vips_object_set_from_string(VIPS_OBJECT(operation), options)) {
		g_object_unref(operation);
		return NULL;
	}
	built = vips_cache_operation_build(operation);
	if (!built)
		vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
	return built;
}

/* set_input gives an operation its image. Most call it "in". */
static void
set_input(VipsOperation *operation, VipsImage *in)
{
	gboolean usual = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "in") != NULL;

	g_object_set(operation, usual ? "in" : "input", in, NULL);
}

/* finish takes an image out of an operation that was built. */
static int
finish(VipsOperation *built, VipsImage **out)
{
	if (!built)
		return -1;
	g_object_get(built, "out", out, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(built));
	g_object_unref(built);
	return 0;
}

int
pixedge_make(const char *name, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new(name);

	if (!operation)
		return -1;
	return finish(build(operation, options), out);
}

int
pixedge_load(const char *name, const void *buf, size_t len, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new(name);
	VipsBlob *blob;

	if (!operation)
		return -1;
	blob = vips_blob_new(NULL, buf, len);
	g_object_set(operation, "buffer", blob, NULL);
	vips_area_unref(VIPS_AREA(blob));
	return finish(build(operation, options), out);
}

int
pixedge_call(const char *name, VipsImage *in, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new(name);

	if (!operation)
		return -1;
	set_input(operation, in);
	return finish(build(operation, options), out);
}

int
pixedge_call2(const char *name, const char *first, VipsImage *in, const char *second, VipsImage *other, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new(name);

	if (!operation)
		return -1;
	g_object_set(operation, first, in, second, other, NULL);
	return finish(build(operation, options), out);
}

int
pixedge_calln(const char *name, VipsImage **in, int n, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new(name);
	VipsArrayImage *array;

	if (!operation)
		return -1;
	array = vips_array_image_new(in, n);
	g_object_set(operation, "in", array, NULL);
	vips_area_unref(VIPS_AREA(array));
	return finish(build(operation, options), out);
}

int
pixedge_memory(VipsImage *in, VipsImage **out)
{
	return (*out = vips_image_copy_memory(in)) ? 0 : -1;
}

/* An image of 8 bits whose pixels are still to be written. */
int
pixedge_memory_image(int width, int height, int bands, VipsImage **out)
{
	VipsImage *image = vips_image_new_memory();

	vips_image_init_fields(image, width, height, bands, VIPS_FORMAT_UCHAR, VIPS_CODING_NONE,
		bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, 1.0, 1.0);
	if (vips_image_write_prepare(image)) {
		g_object_unref(image);
		return -1;
	}
	*out = image;
	return 0;
}

int
pixedge_from_memory(const void *pixels, int width, int height, int bands, VipsImage **out)
{
	size_t size = (size_t) width * height * bands;
	VipsImage *image = vips_image_new_from_memory(pixels, size, width, height, bands, VIPS_FORMAT_UCHAR);

	if (!image)
		return -1;
	/* Said at once and not by an operation: its result would be no memory any more,
	 * and who wants all pixels would get a copy of them. */
	image->Type = bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
	*out = image;
	return 0;
}

/* Rows that are computed at a time. */
#define STRIP 64

/* fill has from computed into to, whose image is memory, from top to bottom. */
static int
fill(VipsRegion *from, VipsRegion *to)
{
	VipsRect all = { 0, 0, to->im->Xsize, to->im->Ysize };

	for (VipsRect r = { 0, 0, all.width, STRIP }; r.top < all.height; r.top += STRIP) {
		VipsRect strip;

		vips_rect_intersectrect(&r, &all, &strip);
		if (vips_region_image(to, &strip) || vips_region_prepare_to(from, to, &strip, 0, strip.top))
			return -1;
	}
	return 0;
}

int
pixedge_into(VipsImage *in, void *out)
{
	VipsImage *memory;
	VipsRegion *from, *to;
	int result = -1;

	if (pixedge_from_memory(out, in->Xsize, in->Ysize, in->Bands, &memory))
		return -1;
	from = vips_region_new(in);
	to = vips_region_new(memory);
	if (from && to)
		result = fill(from, to);
	VIPS_UNREF(from);
	VIPS_UNREF(to);
	g_object_unref(memory);
	return result;
}

int
pixedge_alone(VipsImage *image)
{
	return g_atomic_int_get((gint *) &G_OBJECT(image)->ref_count) == 1;
}

void *
pixedge_data(VipsImage *image)
{
	return image->data;
}

int
pixedge_text(const char *text, const char *options, VipsImage **out)
{
	VipsOperation *operation = vips_operation_new("text");

	if (!operation)
		return -1;
	g_object_set(operation, "text", text, NULL);
	return finish(build(operation, options), out);
}

int
pixedge_save(const char *name, VipsImage *in, const char *options, void **buf, size_t *len)
{
	VipsOperation *operation = vips_operation_new(name);
	VipsOperation *built;
	VipsBlob *blob = NULL;

	if (!operation)
		return -1;
	set_input(operation, in);
	if (!(built = build(operation, options)))
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
pixedge_numbers(const char *name, VipsImage *in, const char *options, const char **names, int n, double *out)
{
	VipsOperation *operation = vips_operation_new(name);
	VipsOperation *built;

	if (!operation)
		return -1;
	set_input(operation, in);
	if (!(built = build(operation, options)))
		return -1;
	for (int i = 0; i < n; i++) {
		GValue value = G_VALUE_INIT;

		g_value_init(&value, G_TYPE_DOUBLE);
		g_object_get_property(G_OBJECT(built), names[i], &value);
		out[i] = g_value_get_double(&value);
		g_value_unset(&value);
	}
	vips_object_unref_outputs(VIPS_OBJECT(built));
	g_object_unref(built);
	return 0;
}

int
pixedge_has(VipsImage *in, const char *field)
{
	return vips_image_get_typeof(in, field) != 0;
}

int
pixedge_get_blob(VipsImage *in, const char *field, void **data, size_t *size)
{
	if (vips_image_get_typeof(in, field) != VIPS_TYPE_BLOB)
		return -1;
	return vips_image_get_blob(in, field, (const void **) data, size);
}

int
pixedge_get_int(VipsImage *in, const char *field, int fallback)
{
	int value;

	if (vips_image_get_typeof(in, field) != G_TYPE_INT || vips_image_get_int(in, field, &value))
		return fallback;
	return value;
}

int
pixedge_get_ints(VipsImage *in, const char *field, int **out, int *n)
{
	if (vips_image_get_typeof(in, field) != VIPS_TYPE_ARRAY_INT)
		return -1;
	return vips_image_get_array_int(in, field, out, n);
}

void
pixedge_set_ints(VipsImage *in, const char *field, const int *values, int n)
{
	if (n == 1)
		vips_image_set_int(in, field, values[0]);
	else
		vips_image_set_array_int(in, field, values, n);
}

void
pixedge_describe(VipsImage *image, VipsImage *like)
{
	char **fields = vips_image_get_fields(like);

	for (int i = 0; fields && fields[i]; i++) {
		GValue value = G_VALUE_INIT;

		/* The first ones are what the pixels are, not what is said of them. */
		if (vips_image_get_typeof(image, fields[i]) || vips_image_get(like, fields[i], &value))
			continue;
		vips_image_set(image, fields[i], &value);
		g_value_unset(&value);
	}
	g_strfreev(fields);
	image->Xres = like->Xres;
	image->Yres = like->Yres;
}

void
pixedge_keep(VipsImage *in, const char **keep)
{
	char **fields = vips_image_get_fields(in);

	for (int i = 0; fields && fields[i]; i++) {
		gboolean kept = FALSE;

		for (int j = 0; keep[j]; j++)
			kept = kept || g_str_equal(fields[i], keep[j]);
		if (!kept)
			vips_image_remove(in, fields[i]);
	}
	g_strfreev(fields);
}
