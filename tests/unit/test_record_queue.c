// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records that wait in memory. */
#include <string.h>

#include "source/record_queue.h"
#include "unit.h"

#define RECORDS 20000

/* Of any size, also 0. */
static size_t size_of(unsigned int number)
{
	return number * 7919 % 250;
}

static void add(struct record_queue *queue, unsigned int number)
{
	unsigned char record[250];

	memset(record, (int)(number & 255), sizeof(record));
	record_queue_add(queue, record, size_of(number));
}

static void check_first(struct record_queue *queue, unsigned int number)
{
	unsigned char expected[250];
	const void *record;
	size_t size;

	memset(expected, (int)(number & 255), sizeof(expected));
	record = record_queue_first(queue, &size);
	CHECK(record);
	CHECK((uintptr_t)record % sizeof(uint64_t) == 0);
	CHECK_NUMBER(size_of(number), size);
	CHECK(!memcmp(expected, record, size));
	record_queue_drop_first(queue);
}

/* A visit sees what is there, in order, and takes nothing. */
static void count_visit(void *context, const void *record)
{
	unsigned int *visited = context;

	CHECK(*(const unsigned int *)record == *visited);
	++*visited;
}

static void visit(void)
{
	struct record_queue queue = {0};
	unsigned int visited = 0;

	record_queue_visit(&queue, count_visit, &visited);
	CHECK_NUMBER(0, visited);
	for (unsigned int i = 0; i < RECORDS * 10; i++)
		record_queue_add(&queue, &i, sizeof(i));
	CHECK(queue.pieces > 1);
	record_queue_visit(&queue, count_visit, &visited);
	CHECK_NUMBER(RECORDS * 10, visited);
	for (visited = 0; visited < 1000; visited++)
		record_queue_drop_first(&queue);
	record_queue_visit(&queue, count_visit, &visited);
	CHECK_NUMBER(RECORDS * 10, visited);
	record_queue_close(&queue);
}

/* First in, first out, also while more come. */
static void order(void)
{
	struct record_queue queue = {0};
	unsigned int taken = 0;

	CHECK(record_queue_is_empty(&queue));
	for (unsigned int i = 0; i < RECORDS; i++) {
		add(&queue, i);
		if (i % 3 == 0)
			check_first(&queue, taken++);
	}
	CHECK(queue.pieces > 1);
	while (taken < RECORDS)
		check_first(&queue, taken++);
	CHECK(record_queue_is_empty(&queue));
	CHECK_NUMBER(0, queue.pieces);
	CHECK_NUMBER(0, queue.missed);
	add(&queue, 1);
	check_first(&queue, 1);
	add(&queue, 2);
	record_queue_close(&queue);
}

static void nothing(void)
{
	struct record_queue queue = {0};
	size_t size;

	CHECK(!record_queue_first(&queue, &size));
	record_queue_drop_first(&queue);
	record_queue_close(&queue);
}

/* No piece has room for it: it is counted. */
static void too_large(void)
{
	static char record[2 << 20];
	struct record_queue queue = {0};

	record_queue_add(&queue, record, sizeof(record));
	CHECK_NUMBER(1, queue.missed);
	CHECK(record_queue_is_empty(&queue));
	record_queue_close(&queue);
}

static void limit(void)
{
	static char record[65536];
	struct record_queue queue = {0};
	size_t count = 0;

	for (; !record_queue_is_full(&queue); count++)
		record_queue_add(&queue, record, sizeof(record));
	CHECK(count * sizeof(record) <= RECORD_QUEUE_MAX);
	CHECK(count * sizeof(record) > RECORD_QUEUE_MAX / 2);
	CHECK_NUMBER(0, queue.missed);
	record_queue_close(&queue);
}

/* ---- of snapshots: all of them, once, in order, however often it is paused ---- */

struct reader {
	uint64_t next;     /* that should come */
	uint64_t pause_at; /* after which one it pauses */
	enum delivery pause;
};

static enum delivery take(void *context, const struct transition *t)
{
	struct reader *reader = context;

	CHECK_NUMBER(reader->next++, t->cookie);
	return t->cookie == reader->pause_at ? reader->pause : DELIVERY_CONTINUE;
}

static enum delivery hand_over(struct record_queue *snapshots, size_t count, struct reader *reader)
{
	const struct receiver receiver = {.snapshot = take, .context = reader};

	return record_queue_hand_over(snapshots, count, &receiver);
}

static void fill(struct record_queue *snapshots, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		struct transition t = {.cookie = i};

		record_queue_add(snapshots, &t, sizeof(t));
	}
}

static void handed_over(void)
{
	static const uint64_t counts[] = {0, 1, 127, 128, 129, 1000};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct record_queue snapshots = {0};
		struct reader reader = {.pause_at = UINT64_MAX};

		unit_row("%d", (int)counts[i]);
		fill(&snapshots, 0, counts[i]);
		CHECK_NUMBER(!counts[i], record_queue_is_empty(&snapshots));
		CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, SIZE_MAX, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		CHECK(record_queue_is_empty(&snapshots));
		CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, SIZE_MAX, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		record_queue_close(&snapshots);
	}
}

static void paused(void)
{
	struct record_queue snapshots = {0};
	struct reader reader = {.pause = DELIVERY_PAUSE};

	fill(&snapshots, 0, 300);
	for (uint64_t at = 0; at < 300; at++) {
		reader.pause_at = at;
		CHECK_NUMBER(DELIVERY_PAUSE, hand_over(&snapshots, SIZE_MAX, &reader));
		CHECK_NUMBER(at + 1, reader.next);
		if (at == 200)
			fill(&snapshots, 300, 10);
	}
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, SIZE_MAX, &reader));
	CHECK_NUMBER(310, reader.next);
	CHECK(record_queue_is_empty(&snapshots));
	record_queue_close(&snapshots);
}

static void limited(void)
{
	struct record_queue snapshots = {0};
	struct reader reader = {.pause_at = 250, .pause = DELIVERY_PAUSE};

	fill(&snapshots, 0, 300);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, 0, &reader));
	CHECK_NUMBER(0, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, 200, &reader));
	CHECK_NUMBER(200, reader.next);
	CHECK_NUMBER(DELIVERY_PAUSE, hand_over(&snapshots, 51, &reader));
	CHECK_NUMBER(251, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&snapshots, 50, &reader));
	CHECK_NUMBER(300, reader.next);
	CHECK(record_queue_is_empty(&snapshots));
	record_queue_close(&snapshots);
}

static void stopped(void)
{
	struct record_queue snapshots = {0};
	struct reader reader = {.pause_at = 130, .pause = DELIVERY_STOP};

	fill(&snapshots, 0, 300);
	CHECK_NUMBER(DELIVERY_STOP, hand_over(&snapshots, SIZE_MAX, &reader));
	CHECK(!record_queue_is_empty(&snapshots));
	record_queue_close(&snapshots);
	CHECK(record_queue_is_empty(&snapshots));
}

UNIT_MAIN("record_queue", TEST(visit), TEST(order), TEST(nothing), TEST(too_large), TEST(limit),
	  TEST(handed_over), TEST(paused), TEST(limited), TEST(stopped))
