#include "rows.h"

#include <string.h>

#include <vips/vector.h>

#define ROUND (1 << (PIXEDGE_ONE_SHIFT - 1))

static inline uint8_t
to_byte(int sum)
{
	sum = (sum + ROUND) >> PIXEDGE_ONE_SHIFT;
	return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

/* How many bytes mix_plain works on at once: their sums stay in registers, or near. */
#define STRETCH 64

static inline void
mix_stretch(const uint8_t *const *rows, const int16_t *weights, int taps, uint8_t *out, int at, int n)
{
	int sums[STRETCH] = { 0 };

	for (int t = 0; t < taps; t += 2) {
		const uint8_t *a = rows[t] + at, *b = rows[t + 1] + at;
		int16_t to_a = weights[t], to_b = weights[t + 1];

		for (int i = 0; i < n; i++)
			sums[i] += (int16_t) a[i] * to_a + (int16_t) b[i] * to_b;
	}
	for (int i = 0; i < n; i++)
		out[at + i] = to_byte(sums[i]);
}

static void
mix_plain(const uint8_t *const *rows, const int16_t *weights, int taps, uint8_t *out, int n)
{
	int at = 0;

	for (; at + STRETCH <= n; at += STRETCH)
		mix_stretch(rows, weights, taps, out, at, STRETCH);
	mix_stretch(rows, weights, taps, out, at, n - at);
}

static inline void
gather_bands(const PixedgeGather *gather, const uint8_t *in, int from, int n, uint8_t *out, int bands)
{
	const PixedgeAxis *axis = gather->axis;

	for (int x = from; x < from + n; x++, out += bands) {
		const int16_t *weights = axis->weights[axis->phase[x]];
		const uint8_t *p = in + (ptrdiff_t) axis->first[x] * bands;
		int sums[4] = { 0 };

		for (int t = 0; t < axis->taps; t++, p += bands)
			for (int b = 0; b < bands; b++)
				sums[b] += p[b] * weights[t];
		for (int b = 0; b < bands; b++)
			out[b] = to_byte(sums[b]);
	}
}

static void
gather_plain(const PixedgeGather *gather, const uint8_t *in, int from, int n, uint8_t *out)
{
	switch (gather->bands) {
	case 1:
		gather_bands(gather, in, from, n, out, 1);
		break;
	case 2:
		gather_bands(gather, in, from, n, out, 2);
		break;
	case 3:
		gather_bands(gather, in, from, n, out, 3);
		break;
	default:
		gather_bands(gather, in, from, n, out, 4);
	}
}

#ifdef __x86_64__
#include <immintrin.h>

#define CLONES __attribute__((target_clones("avx2", "default")))

#define WIDE __attribute__((target("avx2")))

/* Bytes that are mixed at once. */
#define BLOCK 32

/* add adds the products of 32 bytes of two rows to their sums. */
WIDE static inline void
add(__m256i sums[4], const uint8_t *a, const uint8_t *b, const int16_t *weights)
{
	int32_t pair;
	__m256i zero = _mm256_setzero_si256(), both;
	__m256i x = _mm256_loadu_si256((const __m256i *) a), y = _mm256_loadu_si256((const __m256i *) b);
	__m256i low = _mm256_unpacklo_epi8(x, y), high = _mm256_unpackhi_epi8(x, y);

	memcpy(&pair, weights, sizeof(pair));
	both = _mm256_set1_epi32(pair);
	sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(_mm256_unpacklo_epi8(low, zero), both));
	sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(_mm256_unpackhi_epi8(low, zero), both));
	sums[2] = _mm256_add_epi32(sums[2], _mm256_madd_epi16(_mm256_unpacklo_epi8(high, zero), both));
	sums[3] = _mm256_add_epi32(sums[3], _mm256_madd_epi16(_mm256_unpackhi_epi8(high, zero), both));
}

WIDE static void
mix_wide(const uint8_t *const *rows, const int16_t *weights, int taps, uint8_t *out, int n)
{
	if (n < BLOCK) {
		mix_plain(rows, weights, taps, out, n);
		return;
	}
	for (int at = 0; at < n; at += BLOCK) {
		__m256i sums[4], round = _mm256_set1_epi32(ROUND);

		at = VIPS_MIN(at, n - BLOCK); /* The last block has some bytes twice. */
		sums[0] = sums[1] = sums[2] = sums[3] = round;
		for (int t = 0; t < taps; t += 2)
			add(sums, rows[t] + at, rows[t + 1] + at, weights + t);
		for (int i = 0; i < 4; i++)
			sums[i] = _mm256_srai_epi32(sums[i], PIXEDGE_ONE_SHIFT);
		_mm256_storeu_si256((__m256i *) (out + at),
			_mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3])));
	}
}

/* sums4 returns the sums of four pixels, as two pairs, in which a pixel has 16 bytes
 * of partial sums. */
WIDE static inline void
sums4(const PixedgeGather *gather, __m256i order, const uint8_t *in, const int x[4], __m256i pairs[2])
{
	const PixedgeAxis *axis = gather->axis;
	const uint8_t *from[4];
	const int16_t *weights[4];
	__m256i sums[4];

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		from[i] = in + (ptrdiff_t) axis->first[x[i]] * gather->bands;
		weights[i] = gather->spread + (size_t) axis->phase[x[i]] * gather->room;
		sums[i] = _mm256_setzero_si256();
	}
	for (int l = 0; l < gather->loads; l++) {
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			__m128i load = _mm_loadu_si128((const __m128i *) (from[i] + (size_t) l * gather->step));
			__m256i bytes = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load), order);
			__m256i by = _mm256_loadu_si256((const __m256i *) (weights[i] + 16 * l));

			sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(bytes, by));
		}
	}
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++)
		pairs[i] = _mm256_add_epi32(_mm256_permute2x128_si256(sums[2 * i], sums[2 * i + 1], 0x20),
			_mm256_permute2x128_si256(sums[2 * i], sums[2 * i + 1], 0x31));
}

/* bytes4 makes bytes of the sums of four pixels, in the order of the pixels. */
WIDE static inline __m128i
bytes4(__m256i pairs[2], int bands)
{
	const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
	const __m128i one = _mm_setr_epi8(0, 4, 1, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
	__m256i round = _mm256_set1_epi32(ROUND), a = pairs[0], b = pairs[1];
	__m128i bytes;

	if (bands == 1)
		a = b = _mm256_hadd_epi32(a, b);
	if (bands == 1)
		a = b = _mm256_hadd_epi32(a, b);
	if (bands == 2)
		a = b = _mm256_add_epi32(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
	a = _mm256_srai_epi32(_mm256_add_epi32(a, round), PIXEDGE_ONE_SHIFT);
	b = _mm256_srai_epi32(_mm256_add_epi32(b, round), PIXEDGE_ONE_SHIFT);
	a = _mm256_packs_epi32(a, b);
	a = _mm256_packus_epi16(a, a);
	/* Pixels 0 and 2, then 1 and 3. */
	switch (bands) {
	case 1:
		bytes = _mm_unpacklo_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
		return _mm_shuffle_epi8(bytes, one);
	case 2:
		return _mm_unpacklo_epi16(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	case 3:
		bytes = _mm_unpacklo_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
		return _mm_shuffle_epi8(bytes, three);
	default:
		return _mm_unpacklo_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	}
}

/* put writes four pixels. */
WIDE static inline void
put(uint8_t *out, __m128i bytes, int bands)
{
	int32_t begin = _mm_extract_epi32(bytes, 0), end = _mm_extract_epi32(bytes, 2);

	if (bands == 4)
		_mm_storeu_si128((__m128i *) out, bytes);
	else if (bands > 1)
		_mm_storel_epi64((__m128i *) out, bytes);
	if (bands == 1)
		memcpy(out, &begin, 4);
	if (bands == 3)
		memcpy(out + 8, &end, 4);
}

WIDE static inline void
gather_wide_bands(const PixedgeGather *gather, const uint8_t *in, int from, int n, uint8_t *out, int bands)
{
	int end = from + n, x = from;
	__m256i pairs[2], order = _mm256_loadu_si256((const __m256i *) gather->order);

	for (; x + 4 <= end; x += 4, out += 4 * bands) {
		sums4(gather, order, in, (int[]){ x, x + 1, x + 2, x + 3 }, pairs);
		put(out, bytes4(pairs, bands), bands);
	}
	if (x < end) {
		__m128i bytes;

		sums4(gather, order, in, (int[]){ x, VIPS_MIN(x + 1, end - 1), VIPS_MIN(x + 2, end - 1), end - 1 }, pairs);
		bytes = bytes4(pairs, bands);
		memcpy(out, &bytes, (end - x) * bands);
	}
}

WIDE static void
gather_wide(const PixedgeGather *gather, const uint8_t *in, int from, int n, uint8_t *out)
{
	switch (gather->bands) {
	case 1:
		gather_wide_bands(gather, in, from, n, out, 1);
		break;
	case 2:
		gather_wide_bands(gather, in, from, n, out, 2);
		break;
	case 3:
		gather_wide_bands(gather, in, from, n, out, 3);
		break;
	default:
		gather_wide_bands(gather, in, from, n, out, 4);
	}
}

static gboolean
has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
#define CLONES
#define mix_wide mix_plain
#define gather_wide gather_plain

static gboolean
has_avx2(void)
{
	return FALSE;
}
#endif

gboolean
pixedge_rows_wide(void)
{
	return has_avx2() && vips_vector_isenabled();
}

PixedgeMix
pixedge_mix(gboolean wide)
{
	return wide ? mix_wide : mix_plain;
}

/* spread prepares gather_wide. A load of 16 bytes has 16, 8, 5 or 4 pixels, of which 16,
 * 8, 4 and 4 are used: the first half of them below, the second half above. There are
 * four sums in each half, each of two neighbouring products: of the bands, and of the
 * bands again for the next two pixels. */
static int
spread(PixedgeGather *gather, VipsImage *owner, const PixedgeAxis *axis)
{
	int bands = gather->bands == 3 ? 4 : gather->bands;
	int used = 16 / bands;

	gather->loads = (axis->taps + used - 1) / used;
	gather->step = used * gather->bands;
	gather->room = gather->loads * 16;
	gather->spread = VIPS_ARRAY(owner, PIXEDGE_PHASES * gather->room, int16_t);
	if (!gather->spread)
		return -1;
	for (int i = 0; i < gather->room; i++) {
		int sum = i % 16 / 2;
		int band = sum % bands;
		int pixel = sum / bands * 2 + i % 2;
		int tap = i / 16 * used + pixel;

		if (i < 16) {
			gather->order[2 * i] = band < gather->bands ? pixel * gather->bands + band : 0x80;
			gather->order[2 * i + 1] = 0x80;
		}
		for (int p = 0; p < PIXEDGE_PHASES; p++)
			if (axis->weights[p])
				gather->spread[p * gather->room + i] = tap < axis->taps ? axis->weights[p][tap] : 0;
	}
	return 0;
}

int
pixedge_gather(PixedgeGather *gather, VipsImage *owner, const PixedgeAxis *axis, int bands, gboolean wide)
{
	*gather = (PixedgeGather){ .axis = axis, .bands = bands, .run = wide ? gather_wide : gather_plain };
	return wide ? spread(gather, owner, axis) : 0;
}

CLONES void
pixedge_add(const uint8_t *row, uint32_t *sums, int n)
{
	for (int i = 0; i < n; i++)
		sums[i] += row[i];
}

/* mean divides a sum of so many bytes, rounded. Sums are below 2^23 and quotients below
 * 2^8: floats hold both, and a quotient that is not whole is too far from the next to
 * be rounded to it. */
static inline uint8_t
mean(uint32_t sum, int of)
{
	return (float) (int32_t) (sum + of / 2) / of;
}

CLONES void
pixedge_divide(const uint32_t *sums, int by, uint8_t *out, int n)
{
	for (int i = 0; i < n; i++)
		out[i] = mean(sums[i], by);
}

static inline void
boxes(const uint8_t *in, int columns, int bands, int box, uint8_t *out, int n)
{
	uint32_t sums[4];

	for (int x = 0; x < n; x++, out += bands) {
		int full = VIPS_MIN(box, columns - x * box);

		for (int b = 0; b < bands; b++)
			sums[b] = 0;
		for (int i = 0; i < full; i++, in += bands)
			for (int b = 0; b < bands; b++)
				sums[b] += in[b];
		for (int b = 0; b < bands; b++)
			out[b] = mean(sums[b] + (box - full) * in[b - bands], box);
	}
}

void
pixedge_boxes(const uint8_t *in, int columns, int bands, int box, uint8_t *out, int n)
{
	switch (bands) {
	case 1:
		boxes(in, columns, 1, box, out, n);
		break;
	case 2:
		boxes(in, columns, 2, box, out, n);
		break;
	case 3:
		boxes(in, columns, 3, box, out, n);
		break;
	default:
		boxes(in, columns, 4, box, out, n);
	}
}
