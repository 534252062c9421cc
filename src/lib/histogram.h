/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A distribution of numbers: a count for each bucket (bucket.h), and the exact count, sum and
 * maximum. Merging two histograms gives the histogram of both. Only non-empty buckets take memory.
 */
#ifndef TCPSTATES_LIB_HISTOGRAM_H
#define TCPSTATES_LIB_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bucket.h"

struct histogram_bucket {
	uint64_t count;
	uint32_t place; /* bucket number, less than BUCKET_COUNT */
};

/* Initialize to zero. */
struct histogram {
	uint64_t count;
	uint64_t sum; /* UINT64_MAX: this or more */
	uint64_t max;
	struct histogram_bucket *buckets; /* sorted by place; none is empty */
	uint16_t used;
	uint16_t room;
};

/* The first and the last number of a bucket. Some buckets of numbers below 16 hold none. */
uint64_t bucket_first(unsigned int place);
uint64_t bucket_last(unsigned int place);

/*
 * Adds count numbers of one bucket with their sum and maximum. For one number: 1,
 * bucket_for(number), number, number. False: out of memory, nothing added.
 */
bool histogram_add(struct histogram *histogram, uint64_t count, unsigned int place, uint64_t sum,
		   uint64_t max);

/* Adds the contents of another histogram. False: out of memory, a part may be missing. */
bool histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The nearest-rank quantile, to within 2.22 %: the middle of its bucket, which is 4.43 % wide. The
 * maximum is exact, even as a quantile. 0: there are no numbers.
 */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned int thousandths);

/* Empties the histogram and keeps its memory. */
void histogram_clear(struct histogram *histogram);

void histogram_free(struct histogram *histogram);

#endif
