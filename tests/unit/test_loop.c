// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When the loop reads a source again. */
#include <time.h>

#include "loop.h"
#include "trace/clock.h"
#include "trace/state.h"
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

/* A source that hands over this many snapshots at the end, each after a pause. */
struct scanned {
	struct twice twice;
	int left;
	int stops;
	uint64_t scan_ns;
};

static bool scan_one(struct source *source, uint64_t now_ns, const struct receiver *receiver)
{
	struct scanned *scanned = (struct scanned *)source;
	struct transition session = {.time_ns = now_ns, .facts = FACT_STANDING | FACT_AT_END};

	CHECK_NUMBER(1, scanned->stops);
	scanned->scan_ns = now_ns;
	receiver->snapshot(receiver->context, &session);
	return !--scanned->left;
}

static void note_stop(struct source *source)
{
	((struct scanned *)source)->stops++;
}

struct ended {
	struct sink sink;
	int snapshots;
	uint64_t tick_ns; /* the last one */
	bool is_ticked;   /* after the last snapshot */
	bool has_ended;
};

static void note_snapshot(struct sink *sink, const struct transition *session, bool is_match)
{
	struct ended *ended = (struct ended *)sink;

	(void)session, (void)is_match;
	ended->snapshots++;
	ended->is_ticked = false;
}

static void note_last_tick(struct sink *sink, uint64_t now_ns)
{
	((struct ended *)sink)->tick_ns = now_ns;
	((struct ended *)sink)->is_ticked = true;
}

static void note_end(struct sink *sink)
{
	((struct ended *)sink)->has_ended = ((struct ended *)sink)->is_ticked;
}

static void run_to_end(struct scanned *scanned, struct ended *ended, bool scan_at_end,
		       uint64_t until_ns)
{
	static const struct source_ops ops = {.read = read_twice,
					      .losses = lose_nothing,
					      .stop = note_stop,
					      .scan_at_end = scan_one};
	static const struct sink_ops sink_ops = {.name = "ended",
						 .snapshot = note_snapshot,
						 .tick = note_last_tick,
						 .end = note_end};
	const struct selection selection = {.ipv4 = false};
	const struct wants wants = {.scan_at_end = scan_at_end, .rejected = true};
	struct filter filter = {.selection = &selection, .until_ns = until_ns, .is_open = true};
	struct sinks sinks = {.sink = {&ended->sink}, .count = 1};
	struct loop loop = {.source = &scanned->twice.source,
			    .dispatch = {.sinks = &sinks, .filter = &filter, .wants = &wants},
			    .losses = {.next_ns = UINT64_MAX}};

	scanned->twice.source =
		(struct source){.ops = &ops, .fd = -1, .wake_ns = UINT64_MAX, .is_live = true};
	ended->sink = (struct sink){.ops = &sink_ops, .wake_ns = UINT64_MAX};
	CHECK_NUMBER(0, loop_open(&loop));
	CHECK_NUMBER(0, loop_run(&loop));
	loop_close(&loop);
	CHECK(ended->has_ended);
}

/* The scan follows stop(), goes on after each pause, and is as of the last tick. */
static void scan_before_the_end(void)
{
	struct scanned scanned = {.left = 3};
	struct ended ended = {.snapshots = 0};
	uint64_t begin_ns = clock_monotonic_ns();

	run_to_end(&scanned, &ended, true, UINT64_MAX);
	CHECK_NUMBER(3, ended.snapshots);
	CHECK_NUMBER(scanned.scan_ns, ended.tick_ns);
	CHECK(scanned.scan_ns >= begin_ns);
}

/* Not later than --duration allows. */
static void scan_at_the_deadline(void)
{
	struct scanned scanned = {.left = 2};
	struct ended ended = {.snapshots = 0};
	uint64_t until_ns = clock_monotonic_ns();

	run_to_end(&scanned, &ended, true, until_ns);
	CHECK_NUMBER(until_ns, scanned.scan_ns);
	CHECK_NUMBER(until_ns, ended.tick_ns);
	CHECK_NUMBER(2, ended.snapshots);
}

static void no_scan_unless_wanted(void)
{
	struct scanned scanned = {.left = 1};
	struct ended ended = {.snapshots = 0};

	run_to_end(&scanned, &ended, false, UINT64_MAX);
	CHECK_NUMBER(0, ended.snapshots);
	CHECK_NUMBER(0, scanned.scan_ns);
}

/* A source whose scans wait, or keep the CPU busy, for so long. */
struct slow {
	struct twice twice;
	uint64_t wait_ns;
	uint64_t busy_ns;
	uint64_t scan_ns; /* when the last one began */
};

static void scan_slowly(struct source *source, const struct state_limits *limits, uint64_t now_ns,
			const struct receiver *receiver)
{
	struct slow *slow = (struct slow *)source;
	struct timespec wait = {.tv_nsec = (long)slow->wait_ns};
	uint64_t until_ns = clock_thread_cpu_ns() + slow->busy_ns;

	(void)limits, (void)receiver;
	slow->scan_ns = now_ns;
	while (nanosleep(&wait, &wait))
		;
	while (clock_thread_cpu_ns() < until_ns)
		;
}

/* From the last scan to the next one; *most_ns: how long the last one can have taken. */
static uint64_t scans_apart_ns(uint64_t wait_ns, uint64_t busy_ns, uint64_t *most_ns)
{
	static const struct source_ops ops = {
		.read = read_twice, .losses = lose_nothing, .scan = scan_slowly};
	static const struct sink_ops sink_ops = {.name = "ticked", .tick = note_tick};
	const struct wants wants = {.scan_limits = {.ns = {[STATE_SYN_RECV] = 1}}};
	struct slow slow = {.wait_ns = wait_ns, .busy_ns = busy_ns};
	struct ticked ticked = {.sink = {.ops = &sink_ops, .wake_ns = 1}};
	struct sinks sinks = {.sink = {&ticked.sink}, .count = 1};
	struct filter filter = {.until_ns = UINT64_MAX};
	struct loop loop = {.source = &slow.twice.source,
			    .dispatch = {.sinks = &sinks, .filter = &filter, .wants = &wants},
			    .losses = {.next_ns = UINT64_MAX}};

	slow.twice.source =
		(struct source){.ops = &ops, .fd = -1, .wake_ns = UINT64_MAX, .is_live = true};
	CHECK_NUMBER(0, loop_open(&loop));
	CHECK_NUMBER(0, loop_run(&loop));
	loop_close(&loop);
	*most_ns = clock_monotonic_ns() - slow.scan_ns;
	return loop.scan_next_ns - slow.scan_ns;
}

/* On a busy machine it waits longer than it should. */
static void a_scan_that_waits_is_soon_followed(void)
{
	uint64_t most_ns, apart_ns = scans_apart_ns(150 * NSEC_PER_MSEC, 0, &most_ns);

	CHECK(apart_ns == NSEC_PER_SEC || (apart_ns > NSEC_PER_SEC && apart_ns <= 2 * most_ns));
}

static void reading_gets_as_much_time(void)
{
	uint64_t most_ns, apart_ns = scans_apart_ns(600 * NSEC_PER_MSEC, 0, &most_ns);

	CHECK(apart_ns >= 1200 * NSEC_PER_MSEC);
	CHECK(apart_ns <= 2 * most_ns);
}

static void a_scan_takes_a_tenth_of_a_cpu(void)
{
	uint64_t most_ns, apart_ns = scans_apart_ns(0, 150 * NSEC_PER_MSEC, &most_ns);

	CHECK(apart_ns >= 1500 * NSEC_PER_MSEC);
}

UNIT_MAIN("loop", TEST(scan_before_the_end), TEST(scan_at_the_deadline),
	  TEST(no_scan_unless_wanted), TEST(ticks_follow_what_is_read),
	  TEST(what_waits_is_read_at_once), TEST(else_a_batch_is_gathered),
	  TEST(a_scan_that_waits_is_soon_followed), TEST(reading_gets_as_much_time),
	  TEST(a_scan_takes_a_tenth_of_a_cpu))
