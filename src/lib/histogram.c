// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A distribution of numbers. */
#include <stdlib.h>
#include <string.h>

#include "lib/histogram.h"

#define FIRST_ROOM 4

uint64_t bucket_first(unsigned int place)
{
	unsigned int shift = 63 - place / 16;
	uint64_t start = (uint64_t)bucket_starts[place % 16] << 32;

	return (start >> shift) + !!(start & ((1ull << shift) - 1));
}

uint64_t bucket_last(unsigned int place)
{
	return place == BUCKET_COUNT - 1 ? UINT64_MAX : bucket_first(place + 1) - 1;
}

/* Index of the bucket, or where to insert it. */
static unsigned int find(const struct histogram *histogram, unsigned int place)
{
	unsigned int low = 0, high = histogram->used;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (histogram->buckets[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct histogram *histogram)
{
	unsigned int room = histogram->room ? 2 * histogram->room : FIRST_ROOM;
	struct histogram_bucket *buckets;

	if (histogram->used < histogram->room)
		return true;
	buckets = realloc(histogram->buckets, room * sizeof(*buckets));
	if (!buckets)
		return false;
	histogram->buckets = buckets;
	histogram->room = room;
	return true;
}

/* NULL: out of memory. */
static struct histogram_bucket *bucket_at(struct histogram *histogram, unsigned int place)
{
	unsigned int at = find(histogram, place);
	struct histogram_bucket *bucket;

	if (at < histogram->used && histogram->buckets[at].place == place)
		return &histogram->buckets[at];
	if (!make_room(histogram))
		return NULL;
	bucket = &histogram->buckets[at];
	memmove(bucket + 1, bucket, (histogram->used - at) * sizeof(*bucket));
	*bucket = (struct histogram_bucket){.place = place};
	histogram->used++;
	return bucket;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool histogram_add(struct histogram *histogram, uint64_t count, unsigned int place, uint64_t sum,
		   uint64_t max)
{
	struct histogram_bucket *bucket = bucket_at(histogram, place);

	if (!bucket)
		return false;
	bucket->count += count;
	histogram->count += count;
	histogram->sum = sum_of(histogram->sum, sum);
	if (max > histogram->max)
		histogram->max = max;
	return true;
}

bool histogram_merge(struct histogram *into, const struct histogram *from)
{
	bool is_whole = true;

	for (unsigned int i = 0; i < from->used; i++)
		is_whole &=
			histogram_add(into, from->buckets[i].count, from->buckets[i].place, 0, 0);
	into->sum = sum_of(into->sum, from->sum);
	if (from->max > into->max)
		into->max = from->max;
	return is_whole;
}

static uint64_t middle_of(unsigned int place)
{
	uint64_t first = bucket_first(place);

	return first + (bucket_last(place) - first) / 2;
}

/* count * thousandths / 1000, rounded up. */
static uint64_t rank_of(uint64_t count, unsigned int thousandths)
{
	uint64_t rest = count % 1000 * thousandths;

	return count / 1000 * thousandths + (rest + 999) / 1000;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned int thousandths)
{
	uint64_t rank = rank_of(histogram->count, thousandths), below = 0, middle;
	unsigned int i = 0;

	if (rank >= histogram->count)
		return histogram->max;
	while (i < histogram->used - 1u && below + histogram->buckets[i].count < rank)
		below += histogram->buckets[i++].count;
	middle = middle_of(histogram->buckets[i].place);
	return middle < histogram->max ? middle : histogram->max;
}

void histogram_clear(struct histogram *histogram)
{
	histogram->count = histogram->sum = histogram->max = 0;
	histogram->used = 0;
}

void histogram_free(struct histogram *histogram)
{
	free(histogram->buckets);
	*histogram = (struct histogram){0};
}
