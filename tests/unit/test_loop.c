// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When the loop reads a source again. */
#include "clock.h"
#include "loop.h"
#include "unit.h"

#define BATCH_MS 100

/* Ends with its second read, of which this is the time since the first. */
struct twice {
	struct source source;
	bool has_more; /* after the first */
	uint64_t first_ns;
	uint64_t apart_ns;
};

static int read_twice(struct source *source, source_deliver *deliver, void *context)
{
	struct twice *twice = (struct twice *)source;

	(void)deliver, (void)context;
	source->has_ended = twice->first_ns;
	source->has_more = !source->has_ended && twice->has_more;
	if (source->has_ended)
		twice->apart_ns = clock_monotonic_ns() - twice->first_ns;
	else
		twice->first_ns = clock_monotonic_ns();
	return 1;
}

static void lose_nothing(struct source *source, struct losses *losses)
{
	(void)source;
	*losses = (struct losses){0};
}

static uint64_t ms_apart(bool has_more)
{
	static const struct source_ops ops = {.read = read_twice, .losses = lose_nothing};
	struct twice twice = {
		.source = {.ops = &ops, .fd = -1, .batch_ms = BATCH_MS, .wake_ns = UINT64_MAX},
		.has_more = has_more,
	};
	struct filter filter = {.until_ns = UINT64_MAX};
	struct sinks sinks = {.count = 0};
	struct loop loop = {.source = &twice.source,
			    .sinks = &sinks,
			    .filter = &filter,
			    .report_next_ns = UINT64_MAX};

	CHECK_NUMBER(0, loop_open(&loop));
	CHECK_NUMBER(0, loop_run(&loop));
	loop_close(&loop);
	return twice.apart_ns / 1000000;
}

/* A busy machine makes each wait longer, so the shortest of some counts. */
static void what_waits_is_read_at_once(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 20 && least >= BATCH_MS; i++) {
		uint64_t ms = ms_apart(true);

		least = ms < least ? ms : least;
	}
	CHECK(least < BATCH_MS);
}

static void else_a_batch_is_gathered(void)
{
	CHECK(ms_apart(false) >= BATCH_MS);
}

UNIT_MAIN("loop", TEST(what_waits_is_read_at_once), TEST(else_a_batch_is_gathered))
