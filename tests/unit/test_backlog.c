// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records that wait in memory. */
#include <string.h>

#include "source/backlog.h"
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

UNIT_MAIN("backlog", TEST(order), TEST(nothing), TEST(too_large), TEST(limit))
