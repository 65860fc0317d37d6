#include "axis.h"

#include <math.h>
#include <string.h>

/* Places between two pixels, and how many times smaller a picture must become before
 * pixels are averaged first: "gap" of vips_resize, whose default is 2. */
#define PLACES (PIXEDGE_PHASES - 1)
#define GAP 2.0

static double
sinc(double x)
{
	return x == 0 ? 1 : sin(G_PI * x) / (G_PI * x);
}

static double
lanczos(double lobes, double x)
{
	return fabs(x) <= lobes ? sinc(x) * sinc(x / lobes) : 0;
}

/* cubic is the family of Mitchell and Netravali, "Reconstruction Filters in Computer
 * Graphics", 1988, equation 8. */
static double
cubic(double b, double c, double x)
{
	double x1 = fabs(x), x2 = x1 * x1, x3 = x1 * x2;

	if (x1 <= 1)
		return ((12 - 9 * b - 6 * c) * x3 + (-18 + 12 * b + 6 * c) * x2 + (6 - 2 * b)) / 6;
	if (x1 <= 2)
		return ((-b - 6 * c) * x3 + (6 * b + 30 * c) * x2 + (-12 * b - 48 * c) * x1 + (8 * b + 24 * c)) / 6;
	return 0;
}

static double
weight(VipsKernel kernel, double x)
{
	switch (kernel) {
	case VIPS_KERNEL_CUBIC: /* Catmull and Rom */
		return cubic(0, 0.5, x);
	case VIPS_KERNEL_MITCHELL:
		return cubic(1.0 / 3, 1.0 / 3, x);
	case VIPS_KERNEL_LANCZOS2:
		return lanczos(2, x);
	default:
		return lanczos(3, x);
	}
}

/* reach returns how many pixels to either side of a pixel of the result count, if
 * the picture becomes factor times smaller. */
static int
reach(VipsKernel kernel, double factor)
{
	return rint((kernel == VIPS_KERNEL_LANCZOS3 ? 3 : 2) * factor);
}

/* weigh writes the n weights of a phase, and two zeros. */
static void
weigh(int16_t *weights, int n, VipsKernel kernel, double factor, int phase)
{
	double sum = 0;
	double center = (double) phase / PLACES + n / 2.0 - 1;

	for (int i = 0; i < n; i++)
		sum += weight(kernel, (i - center) / factor);
	for (int i = 0; i < n; i++) /* What is beyond 12 bits is cut off, as in libvips. */
		weights[i] = weight(kernel, (i - center) / factor) / sum * (1 << PIXEDGE_ONE_SHIFT);
	weights[n] = weights[n + 1] = 0;
}

/* trim drops pixels that have no weight, at either end. weigh left room behind the
 * weights, with zeros, so that all can be moved by the same length. */
static void
trim(PixedgeAxis *axis, int n)
{
	int lead[PIXEDGE_PHASES] = { 0 };

	axis->taps = 1;
	for (int p = 0; p < PIXEDGE_PHASES; p++) {
		int last = n;

		if (!axis->weights[p])
			continue;
		while (lead[p] < n - 1 && axis->weights[p][lead[p]] == 0)
			lead[p]++;
		while (last > lead[p] + 1 && axis->weights[p][last - 1] == 0)
			last--;
		axis->taps = VIPS_MAX(axis->taps, last - lead[p]);
	}
	axis->taps += axis->taps % 2;
	for (int i = 0; i < axis->out; i++)
		axis->first[i] += lead[axis->phase[i]];
	for (int p = 0; p < PIXEDGE_PHASES; p++)
		if (axis->weights[p])
			memmove(axis->weights[p], axis->weights[p] + lead[p], (n + 2) * sizeof(int16_t));
}

/* same makes every pixel of itself. */
static void
same(PixedgeAxis *axis, int16_t *weights)
{
	axis->taps = 2;
	axis->weights[0] = weights;
	weights[0] = 1 << PIXEDGE_ONE_SHIFT;
	weights[1] = 0;
	for (int i = 0; i < axis->out; i++) {
		axis->first[i] = i;
		axis->phase[i] = 0;
	}
}

/* place finds the pixels that each is made of. The center of the result is that of
 * the original: where whole pixels are too many or too few by extra, both ends have
 * half of it. */
static void
place(PixedgeAxis *axis, int16_t *weights, VipsKernel kernel, double factor, double extra)
{
	int side = reach(kernel, factor), n = 2 * side + 1;

	for (int i = 0; i < axis->out; i++) {
		double x = (i + 0.5) * factor - extra / 2;
		int whole = x, between = x * PLACES * 2;
		int phase = ((between & (PLACES * 2 - 1)) + 1) / 2;

		axis->first[i] = whole - side;
		axis->phase[i] = phase;
		if (!axis->weights[phase]) {
			axis->weights[phase] = weights + (size_t) phase * 2 * (n + 2);
			weigh(axis->weights[phase], n, kernel, factor, phase);
		}
	}
	trim(axis, n);
}

int
pixedge_axis(PixedgeAxis *axis, VipsImage *owner, int size, double factor, VipsKernel kernel)
{
	double extra;
	size_t room;
	int16_t *weights;

	*axis = (PixedgeAxis){ .out = size / factor + 0.5 };
	extra = axis->out * factor - size;
	axis->box = VIPS_MAX(1, (int) (size / (axis->out * GAP)));
	axis->in = (size + axis->box - 1) / axis->box;
	factor /= axis->box;
	extra /= axis->box;
	axis->first = VIPS_ARRAY(owner, axis->out, int);
	axis->phase = VIPS_ARRAY(owner, axis->out, uint8_t);
	room = (size_t) PIXEDGE_PHASES * 2 * (2 * reach(kernel, factor) + 3);
	weights = VIPS_ARRAY(owner, room, int16_t);
	if (!axis->first || !axis->phase || !weights)
		return -1;
	memset(weights, 0, room * sizeof(int16_t));
	if (factor == 1)
		same(axis, weights);
	else
		place(axis, weights, kernel, factor, extra);
	return 0;
}
