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

static void add(struct backlog *backlog, unsigned int number)
{
	unsigned char record[250];

	memset(record, (int)(number & 255), sizeof(record));
	backlog_add(backlog, record, size_of(number));
}

static void check_first(struct backlog *backlog, unsigned int number)
{
	unsigned char expected[250];
	const void *record;
	size_t size;

	memset(expected, (int)(number & 255), sizeof(expected));
	record = backlog_first(backlog, &size);
	CHECK(record);
	CHECK((uintptr_t)record % sizeof(uint64_t) == 0);
	CHECK_NUMBER(size_of(number), size);
	CHECK(!memcmp(expected, record, size));
	backlog_drop_first(backlog);
}

/* First in, first out, also while more come. */
static void order(void)
{
	struct backlog backlog = {0};
	unsigned int taken = 0;

	CHECK(backlog_is_empty(&backlog));
	for (unsigned int i = 0; i < RECORDS; i++) {
		add(&backlog, i);
		if (i % 3 == 0)
			check_first(&backlog, taken++);
	}
	CHECK(backlog.pieces > 1);
	while (taken < RECORDS)
		check_first(&backlog, taken++);
	CHECK(backlog_is_empty(&backlog));
	CHECK_NUMBER(0, backlog.pieces);
	CHECK_NUMBER(0, backlog.missed);
	add(&backlog, 1);
	check_first(&backlog, 1);
	add(&backlog, 2);
	backlog_close(&backlog);
}

static void nothing(void)
{
	struct backlog backlog = {0};
	size_t size;

	CHECK(!backlog_first(&backlog, &size));
	backlog_drop_first(&backlog);
	backlog_close(&backlog);
}

/* No piece has room for it: it is counted. */
static void too_large(void)
{
	static char record[2 << 20];
	struct backlog backlog = {0};

	backlog_add(&backlog, record, sizeof(record));
	CHECK_NUMBER(1, backlog.missed);
	CHECK(backlog_is_empty(&backlog));
	backlog_close(&backlog);
}

static void limit(void)
{
	static char record[65536];
	struct backlog backlog = {0};
	size_t count = 0;

	for (; !backlog_is_full(&backlog); count++)
		backlog_add(&backlog, record, sizeof(record));
	CHECK(count * sizeof(record) <= BACKLOG_MAX);
	CHECK(count * sizeof(record) > BACKLOG_MAX / 2);
	CHECK_NUMBER(0, backlog.missed);
	backlog_close(&backlog);
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

static enum delivery hand_over(struct backlog *standing, size_t count, struct reader *reader)
{
	const struct receiver receiver = {.snapshot = take, .context = reader};

	return backlog_hand_over(standing, count, &receiver);
}

static void fill(struct backlog *standing, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		struct transition t = {.cookie = i};

		backlog_add(standing, &t, sizeof(t));
	}
}

static void handed_over(void)
{
	static const uint64_t counts[] = {0, 1, 127, 128, 129, 1000};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct backlog standing = {0};
		struct reader reader = {.pause_at = UINT64_MAX};

		unit_row("%d", (int)counts[i]);
		fill(&standing, 0, counts[i]);
		CHECK_NUMBER(!counts[i], backlog_is_empty(&standing));
		CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, SIZE_MAX, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		CHECK(backlog_is_empty(&standing));
		CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, SIZE_MAX, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		backlog_close(&standing);
	}
}

static void paused(void)
{
	struct backlog standing = {0};
	struct reader reader = {.pause = DELIVERY_PAUSE};

	fill(&standing, 0, 300);
	for (uint64_t at = 0; at < 300; at++) {
		reader.pause_at = at;
		CHECK_NUMBER(DELIVERY_PAUSE, hand_over(&standing, SIZE_MAX, &reader));
		CHECK_NUMBER(at + 1, reader.next);
		if (at == 200)
			fill(&standing, 300, 10);
	}
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, SIZE_MAX, &reader));
	CHECK_NUMBER(310, reader.next);
	CHECK(backlog_is_empty(&standing));
	backlog_close(&standing);
}

static void limited(void)
{
	struct backlog standing = {0};
	struct reader reader = {.pause_at = 250, .pause = DELIVERY_PAUSE};

	fill(&standing, 0, 300);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, 0, &reader));
	CHECK_NUMBER(0, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, 200, &reader));
	CHECK_NUMBER(200, reader.next);
	CHECK_NUMBER(DELIVERY_PAUSE, hand_over(&standing, 51, &reader));
	CHECK_NUMBER(251, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, hand_over(&standing, 50, &reader));
	CHECK_NUMBER(300, reader.next);
	CHECK(backlog_is_empty(&standing));
	backlog_close(&standing);
}

static void stopped(void)
{
	struct backlog standing = {0};
	struct reader reader = {.pause_at = 130, .pause = DELIVERY_STOP};

	fill(&standing, 0, 300);
	CHECK_NUMBER(DELIVERY_STOP, hand_over(&standing, SIZE_MAX, &reader));
	CHECK(!backlog_is_empty(&standing));
	backlog_close(&standing);
	CHECK(backlog_is_empty(&standing));
}

UNIT_MAIN("record_queue", TEST(order), TEST(nothing), TEST(too_large), TEST(limit),
	  TEST(handed_over), TEST(paused), TEST(limited), TEST(stopped))
