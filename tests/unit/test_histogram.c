// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Distributions: buckets, percentiles against the exact ones, parts against the whole. */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/histogram.h"
#include "unit.h"

#define MILLION 1000000

static bool add(struct histogram *histogram, uint64_t number)
{
	return histogram_add(histogram, 1, bucket_for(number), number, number);
}

/* From the first to the last they cover all numbers, each once; and none is too wide. */
static void buckets(void)
{
	CHECK_NUMBER(UINT64_MAX, bucket_last(BUCKET_COUNT - 1));
	CHECK_NUMBER(0, bucket_for(0));
	CHECK_NUMBER(0, bucket_for(1));
	for (unsigned int place = 0; place < BUCKET_COUNT; place++) {
		uint64_t first = bucket_first(place), last = bucket_last(place);

		unit_row("bucket %u: %" PRIu64 " to %" PRIu64, place, first, last);
		if (first > last) { /* of small numbers some have none */
			CHECK(place < 5 * 16);
			continue;
		}
		CHECK_NUMBER(place, bucket_for(first));
		CHECK_NUMBER(place, bucket_for(last));
		CHECK(last - first < first * 0.0443);
	}
}

static void random_buckets(void)
{
	for (int i = 0; i < MILLION; i++) {
		uint64_t number = unit_random() >> (i % 64);
		unsigned int place = bucket_for(number);

		if (number && (number < bucket_first(place) || number > bucket_last(place))) {
			unit_row("%" PRIu64, number);
			CHECK(!"it is in its bucket");
		}
	}
}

static void nothing(void)
{
	struct histogram histogram = {0};

	CHECK_NUMBER(0, histogram_quantile(&histogram, 500));
	histogram_free(&histogram);
}

static void few(void)
{
	struct histogram histogram = {0};

	CHECK(add(&histogram, 12345));
	CHECK_NUMBER(12345, histogram_quantile(&histogram, 500));
	CHECK_NUMBER(12345, histogram_quantile(&histogram, 990));
	CHECK(add(&histogram, 60000000000));
	CHECK_NUMBER(60000000000, histogram.max);
	CHECK_NUMBER(60000012345, histogram.sum);
	CHECK_NUMBER(60000000000, histogram_quantile(&histogram, 990));
	CHECK(histogram_quantile(&histogram, 500) > 12000);
	CHECK(histogram_quantile(&histogram, 500) < 12700);
	CHECK_NUMBER(2, histogram.used);
	histogram_clear(&histogram);
	CHECK_NUMBER(0, histogram_quantile(&histogram, 500));
	histogram_free(&histogram);
}

/* 584 years are more than enough, but no reason to begin anew. */
static void large_sum(void)
{
	struct histogram histogram = {0}, other = {0};

	add(&histogram, UINT64_MAX - 5);
	add(&histogram, 6);
	CHECK_NUMBER(UINT64_MAX, histogram.sum);
	add(&other, 1);
	CHECK(histogram_merge(&histogram, &other));
	CHECK_NUMBER(UINT64_MAX, histogram.sum);
	CHECK_NUMBER(3, histogram.count);
	histogram_free(&histogram);
	histogram_free(&other);
}

/* From nanoseconds to days, every length of time about as often. */
static uint64_t random_duration(void)
{
	return (unit_random() | 1ull << 63) >> (17 + unit_random() % 47);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void check_quantile(const struct histogram *histogram, const uint64_t *sorted, size_t count,
			   unsigned int thousandths)
{
	uint64_t exact = sorted[(count * thousandths + 999) / 1000 - 1];
	uint64_t told = histogram_quantile(histogram, thousandths);
	uint64_t difference = told > exact ? told - exact : exact - told;

	unit_row("%u of 1000 of %zu: %" PRIu64 ", exact %" PRIu64, thousandths, count, told, exact);
	CHECK(difference <= exact * 0.0222 + 1);
}

/* A million of them: percentiles within the stated error, and parts merged are the whole. */
static void million(void)
{
	uint64_t *numbers = malloc(MILLION * sizeof(*numbers)), sum = 0;
	struct histogram whole = {0}, parts[7] = {0}, merged = {0};

	for (int i = 0; i < MILLION; i++) {
		numbers[i] = random_duration();
		sum += numbers[i];
		CHECK(add(&whole, numbers[i]));
		CHECK(add(&parts[unit_random() % 7], numbers[i]));
	}
	qsort(numbers, MILLION, sizeof(*numbers), compare);
	for (unsigned int thousandths = 1; thousandths <= 1000; thousandths++)
		check_quantile(&whole, numbers, MILLION, thousandths);
	CHECK_NUMBER(MILLION, whole.count);
	CHECK_NUMBER(sum, whole.sum);
	CHECK_NUMBER(numbers[MILLION - 1], whole.max);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		CHECK(histogram_merge(&merged, &parts[i]));
		histogram_free(&parts[i]);
	}
	CHECK_NUMBER(whole.count, merged.count);
	CHECK_NUMBER(whole.sum, merged.sum);
	CHECK_NUMBER(whole.max, merged.max);
	CHECK_NUMBER(whole.used, merged.used);
	for (size_t i = 0; i < whole.used; i++) {
		CHECK_NUMBER(whole.buckets[i].place, merged.buckets[i].place);
		CHECK_NUMBER(whole.buckets[i].count, merged.buckets[i].count);
	}
	histogram_free(&whole);
	histogram_free(&merged);
	free(numbers);
}

/* The smaller the sample, the more the rank matters. */
static void small_samples(void)
{
	uint64_t numbers[300];

	for (size_t count = 1; count <= ARRAY_SIZE(numbers); count++) {
		struct histogram histogram = {0};

		for (size_t i = 0; i < count; i++) {
			numbers[i] = random_duration();
			add(&histogram, numbers[i]);
		}
		qsort(numbers, count, sizeof(*numbers), compare);
		check_quantile(&histogram, numbers, count, 500);
		check_quantile(&histogram, numbers, count, 900);
		check_quantile(&histogram, numbers, count, 990);
		histogram_free(&histogram);
	}
}

UNIT_MAIN("histogram", TEST(buckets), TEST(random_buckets), TEST(nothing), TEST(few),
	  TEST(large_sum), TEST(million), TEST(small_samples))
