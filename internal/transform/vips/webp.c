#include "webp.h"

#include <vips/vips.h>
#include <webp/encode.h>

/* keep collects the file. */
static int
keep(const uint8_t *data, size_t size, const WebPPicture *picture)
{
	g_byte_array_append(picture->custom_ptr, data, (guint) size);
	return 1;
}

static int
go_on(int percent, const WebPPicture *picture)
{
	(void) percent;
	return g_atomic_int_get((const int *) picture->user_data) == 0;
}

static int
import(const unsigned char *in, const PixedgeWebP *how, WebPPicture *picture)
{
	int row = how->width * how->bands;

	picture->width = how->width;
	picture->height = how->height;
	if (how->bands == 4)
		return WebPPictureImportRGBA(picture, in, row);
	return WebPPictureImportRGB(picture, in, row);
}

int
pixedge_webp(const unsigned char *in, const PixedgeWebP *how, const int *cancel, void **buf, size_t *len)
{
	GByteArray *file = g_byte_array_new();
	WebPConfig config;
	WebPPicture picture;
	int made = 0;

	if (WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, (float) how->quality) && WebPPictureInit(&picture)) {
		config.method = how->effort;
		picture.writer = keep;
		picture.custom_ptr = file;
		picture.progress_hook = go_on;
		picture.user_data = (void *) cancel;
		made = import(in, how, &picture) && WebPEncode(&config, &picture);
		if (!made)
			vips_error("webp", picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY || picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ? "out of memory: error %d" : "error %d", picture.error_code);
		WebPPictureFree(&picture);
	}
	*len = file->len;
	*buf = g_byte_array_free(file, !made);
	return made ? 0 : -1;
}
