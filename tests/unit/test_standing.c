// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions that wait to be handed over: all of them, once, in order, however often it is paused. */
#include "source/standing.h"
#include "unit.h"

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

static void fill(struct standing *standing, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		struct transition t = {.cookie = i};

		standing_add(standing, &t);
	}
}

static void in_order(void)
{
	static const uint64_t counts[] = {0, 1, 127, 128, 129, 1000};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct standing standing = {0};
		struct reader reader = {.pause_at = UINT64_MAX};

		unit_row("%d", (int)counts[i]);
		fill(&standing, 0, counts[i]);
		CHECK_NUMBER(!counts[i], standing_is_empty(&standing));
		CHECK_NUMBER(DELIVERY_CONTINUE,
			     standing_hand_over(&standing, SIZE_MAX, take, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		CHECK(standing_is_empty(&standing));
		CHECK_NUMBER(DELIVERY_CONTINUE,
			     standing_hand_over(&standing, SIZE_MAX, take, &reader));
		CHECK_NUMBER(counts[i], reader.next);
		standing_close(&standing);
	}
}

static void paused(void)
{
	struct standing standing = {0};
	struct reader reader = {.pause = DELIVERY_PAUSE};

	fill(&standing, 0, 300);
	for (uint64_t at = 0; at < 300; at++) {
		reader.pause_at = at;
		CHECK_NUMBER(DELIVERY_PAUSE,
			     standing_hand_over(&standing, SIZE_MAX, take, &reader));
		CHECK_NUMBER(at + 1, reader.next);
		if (at == 200)
			fill(&standing, 300, 10);
	}
	CHECK_NUMBER(DELIVERY_CONTINUE, standing_hand_over(&standing, SIZE_MAX, take, &reader));
	CHECK_NUMBER(310, reader.next);
	CHECK(standing_is_empty(&standing));
	standing_close(&standing);
}

static void limited(void)
{
	struct standing standing = {0};
	struct reader reader = {.pause_at = 250, .pause = DELIVERY_PAUSE};

	fill(&standing, 0, 300);
	CHECK_NUMBER(DELIVERY_CONTINUE, standing_hand_over(&standing, 0, take, &reader));
	CHECK_NUMBER(0, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, standing_hand_over(&standing, 200, take, &reader));
	CHECK_NUMBER(200, reader.next);
	CHECK_NUMBER(DELIVERY_PAUSE, standing_hand_over(&standing, 51, take, &reader));
	CHECK_NUMBER(251, reader.next);
	CHECK_NUMBER(DELIVERY_CONTINUE, standing_hand_over(&standing, 50, take, &reader));
	CHECK_NUMBER(300, reader.next);
	CHECK(standing_is_empty(&standing));
	standing_close(&standing);
}

static void stopped(void)
{
	struct standing standing = {0};
	struct reader reader = {.pause_at = 130, .pause = DELIVERY_STOP};

	fill(&standing, 0, 300);
	CHECK_NUMBER(DELIVERY_STOP, standing_hand_over(&standing, SIZE_MAX, take, &reader));
	CHECK(!standing_is_empty(&standing));
	standing_close(&standing);
	CHECK(standing_is_empty(&standing));
}

UNIT_MAIN("standing", TEST(in_order), TEST(paused), TEST(limited), TEST(stopped))
