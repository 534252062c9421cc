// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When the loop reads a source again. */
#include "loop.h"
#include "trace/clock.h"
#include "unit.h"

#define BATCH_MS 100

/* Ends with its second read, of which this is the time since the first. */
struct twice {
	struct source source;
	bool has_more; /* after the first */
	uint64_t first_ns;
	uint64_t apart_ns;
};

static int read_twice(struct source *source, const struct receiver *receiver)
{
	struct twice *twice = (struct twice *)source;

	(void)receiver;
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

static void run(struct twice *twice, struct sinks *sinks)
{
	static const struct source_ops ops = {.read = read_twice, .losses = lose_nothing};
	static const struct wants wants;
	struct filter filter = {.until_ns = UINT64_MAX};
	struct loop loop = {.source = &twice->source,
			    .dispatch = {.sinks = sinks, .filter = &filter, .wants = &wants},
			    .losses = {.next_ns = UINT64_MAX}};

	twice->source.ops = &ops;
	twice->source.fd = -1;
	twice->source.batch_ms = BATCH_MS;
	twice->source.wake_ns = UINT64_MAX;
	CHECK_NUMBER(0, loop_open(&loop));
	CHECK_NUMBER(0, loop_run(&loop));
	loop_close(&loop);
}

static uint64_t ms_apart(bool has_more)
{
	struct twice twice = {.has_more = has_more};
	struct sinks sinks = {.count = 0};

	run(&twice, &sinks);
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

/* A sink that wants ticks all the time. */
struct ticked {
	struct sink sink;
	uint64_t ticks_ns[4];
	int count;
};

static void note_tick(struct sink *sink, uint64_t now_ns)
{
	struct ticked *ticked = (struct ticked *)sink;

	if (ticked->count < (int)ARRAY_SIZE(ticked->ticks_ns))
		ticked->ticks_ns[ticked->count++] = now_ns;
}

/* What waits to be read happened before now: a tick is not ahead of it. */
static void ticks_follow_what_is_read(void)
{
	static const struct sink_ops ops = {.name = "ticked", .tick = note_tick};
	struct ticked ticked = {.sink = {.ops = &ops, .wake_ns = 1}};
	struct sinks sinks = {.sink = {&ticked.sink}, .count = 1};
	struct twice twice = {.source = {.is_live = true, .read_until_ns = 5}, .has_more = true};
	uint64_t begin_ns = clock_monotonic_ns();

	run(&twice, &sinks);
	CHECK(ticked.count >= 2);
	CHECK_NUMBER(5, ticked.ticks_ns[0]);
	CHECK(ticked.ticks_ns[1] >= begin_ns);
}

UNIT_MAIN("loop", TEST(ticks_follow_what_is_read), TEST(what_waits_is_read_at_once),
	  TEST(else_a_batch_is_gathered))
