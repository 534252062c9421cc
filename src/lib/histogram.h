/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How numbers are distributed: a count for each bucket (bucket.h), beside their exact count, sum
 * and maximum. Two histograms add up to that of the whole. Only buckets with something in them take
 * memory.
 */
#ifndef TCPSTATES_LIB_HISTOGRAM_H
#define TCPSTATES_LIB_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bucket.h"

struct histogram_bucket {
	uint64_t count;
	uint32_t place; /* which bucket it is: less than BUCKET_COUNT */
};

/* Zeroed at first. */
struct histogram {
	uint64_t count;
	uint64_t sum; /* UINT64_MAX: that, or more */
	uint64_t max;
	struct histogram_bucket *buckets; /* by place; none is empty */
	uint16_t used;
	uint16_t room;
};

/* The numbers that a bucket is for: from first to last. Those below 16 may be for none. */
uint64_t bucket_first(unsigned int place);
uint64_t bucket_last(unsigned int place);

/*
 * Adds count numbers of one bucket, of which the sum and the maximum are known; one number is 1,
 * bucket_for(number), number, number. False without memory: then nothing is added.
 */
bool histogram_add(struct histogram *histogram, uint64_t count, unsigned int place, uint64_t sum,
		   uint64_t max);

/* Adds all that is in another one. False without memory: then a part may be missing. */
bool histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The number that so many thousandths of all are not above (nearest rank), to within 2.22 %: the
 * middle of its bucket, which is 4.43 % wide. The maximum is exact, also where it is the answer. 0
 * without numbers.
 */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned int thousandths);

/* Makes it empty, and keeps the memory. */
void histogram_clear(struct histogram *histogram);

void histogram_free(struct histogram *histogram);

#endif
