/* The few calls into libvips that package vips makes. An operation of libvips is
 * called by its name, with its options as text ("sigma=2,precision=integer"), the
 * way libvips' own command line does it; so one function here serves dozens of
 * verbs. Each returns 0, or -1 with a text in libvips' error buffer, and sets its
 * out parameters only when it returns 0. They hold no state and no defaults. */

#ifndef PIXEDGE_VIPS_H
#define PIXEDGE_VIPS_H

#include <vips/vips.h>

/* Drop the warnings that libvips would print: what matters comes as errors. */
void pixedge_quiet(void);

/* Whether there is an operation of that name that is not blocked. */
int pixedge_open(const char *name);

/* Make an image of nothing, of one image, of two, of many. */
int pixedge_make(const char *name, const char *options, VipsImage **out);
int pixedge_load(const char *name, const void *buf, size_t len, const char *options, VipsImage **out);
int pixedge_call(const char *name, VipsImage *in, const char *options, VipsImage **out);
int pixedge_call2(const char *name, const char *first, VipsImage *in, const char *second, VipsImage *other, const char *options, VipsImage **out);
int pixedge_calln(const char *name, VipsImage **in, int n, const char *options, VipsImage **out);
int pixedge_memory(VipsImage *in, VipsImage **out);
int pixedge_memory_image(int width, int height, int bands, VipsImage **out);
void *pixedge_data(VipsImage *image);
int pixedge_from_memory(const void *pixels, int width, int height, int bands, VipsImage **out);
int pixedge_text(const char *text, const char *options, VipsImage **out);

/* Make a file, or numbers, of an image; or its pixels, of 8 bits, which out has room for. */
int pixedge_into(VipsImage *in, void *out);
int pixedge_save(const char *name, VipsImage *in, const char *options, void **buf, size_t *len);
int pixedge_numbers(const char *name, VipsImage *in, const char *options, const char **names, int n, double *out);

/* Metadata, to be changed where nobody else sees the image. describe gives one image all that another has. keep is a list of names that ends in NULL. */
int pixedge_alone(VipsImage *image);
void pixedge_describe(VipsImage *image, VipsImage *like);
void pixedge_keep(VipsImage *in, const char **keep);
int pixedge_has(VipsImage *in, const char *field);
int pixedge_get_blob(VipsImage *in, const char *field, void **data, size_t *size);
int pixedge_get_int(VipsImage *in, const char *field, int fallback);
int pixedge_get_ints(VipsImage *in, const char *field, int **out, int *n);
void pixedge_set_ints(VipsImage *in, const char *field, const int *values, int n);

#endif
