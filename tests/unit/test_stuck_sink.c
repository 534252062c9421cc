// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* --stuck with very many sessions: what it keeps of each, and that deadlines come when they are
 * due. */
#include <fcntl.h>
#include <stdlib.h>

#include "sink/sink.h"
#include "trace/clock.h"
#include "trace/state.h"
#include "unit.h"

#define SECOND        NSEC_PER_SEC
#define SESSIONS      200000
#define SESSION_BYTES 448 /* that one takes while it lasts, at most */

/* AddressSanitizer's, with which unit tests are built. */
size_t __sanitizer_get_current_allocated_bytes(void);

static struct clock trace_clock;
static struct cgroups cgroups;
static const struct origin origin = {.clock = &trace_clock, .cgroups = &cgroups};
/* No scans for stalled sessions, which would be the first deadline. */
static const struct options options = {
	.view = "stuck",
	.stuck_limits = {.stalled_ns = UINT64_MAX},
};
static const struct sink_setup setup = {.options = &options, .origin = &origin};

static struct transition of(size_t number, uint8_t oldstate, uint8_t newstate, uint64_t time_ns)
{
	return (struct transition){
		.time_ns = time_ns,
		.skaddr = 0xffff888000000000 + number * 2368,
		.cookie = number + 1,
		.lport = 8080,
		.rport = number,
		.ip = 4,
		.oldstate = oldstate,
		.newstate = newstate,
		.flags = TRANSITION_HAS_DETAILS,
	};
}

/* At a session that was in CLOSE_WAIT before. */
static struct transition look_at(uint64_t time_ns)
{
	struct transition t = of(1, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, time_ns);

	t.flags |= TRANSITION_DURATION_AT_LEAST;
	t.facts = FACT_STANDING;
	return t;
}

/* Standard output goes nowhere meanwhile. */
static int silence(void)
{
	int saved = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	close(null);
	return saved;
}

static void speak(int saved)
{
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static void observe(struct sink *sink, const struct transition *t)
{
	if (t->facts & FACT_STANDING)
		sink->ops->snapshot(sink, t, true);
	else
		sink->ops->observe(sink, t, true);
	output_flush(sink->output);
}

/* What was there before is due, too, on a machine where nothing happens. */
static void there_before(void)
{
	struct transition t = look_at(10 * SECOND);
	int saved = silence();
	struct sink *sink;

	sink = stuck_sink.open(&setup);
	observe(sink, &t);
	CHECK_NUMBER(70 * SECOND, sink->wake_ns);
	sink->ops->close(sink);
	speak(saved);
}

/*
 * Looks at the start are ahead of the changes that came meanwhile and are told after them: what
 * those have not left yet by then is not stuck.
 */
static void look_is_ahead(void)
{
	struct transition look = look_at(30 * SECOND);
	struct transition begin = of(2, STATE_CLOSE, STATE_SYN_SENT, 10 * SECOND);
	struct transition end = of(2, STATE_SYN_SENT, STATE_CLOSE, 11 * SECOND);
	int saved = silence();
	struct sink *sink;

	sink = stuck_sink.open(&setup);
	observe(sink, &look);
	observe(sink, &begin);
	observe(sink, &end);
	CHECK_NUMBER(0, sink->lines);
	sink->ops->close(sink);
	speak(saved);
}

/* A scan that did not find the socket ends its session; so does one that finds it in another state.
 */
static void gone(void)
{
	struct transition first = of(1, STATE_ESTABLISHED, STATE_FIN_WAIT1, SECOND);
	struct transition second = of(2, STATE_ESTABLISHED, STATE_FIN_WAIT1, SECOND);
	struct transition third = of(3, STATE_ESTABLISHED, STATE_FIN_WAIT1, SECOND);
	struct doubts doubts = {0};
	int saved = silence();
	struct sink *sink;

	sink = stuck_sink.open(&setup);
	observe(sink, &first);
	observe(sink, &second);
	observe(sink, &third);
	stuck_sink.doubt(sink, 11 * SECOND - 1, &doubts);
	CHECK_NUMBER(0, doubts.count);
	/* The scan has found the third one. */
	third.oldstate = third.newstate;
	third.time_ns = 11 * SECOND;
	third.facts = FACT_STANDING;
	observe(sink, &third);
	stuck_sink.doubt(sink, 11 * SECOND, &doubts);
	CHECK_NUMBER(2, doubts.count);
	CHECK(doubts_find(&doubts, first.skaddr) && doubts_find(&doubts, second.skaddr));
	doubts_close(&doubts);
	first.oldstate = first.newstate = STATE_CLOSE;
	second.oldstate = second.newstate = STATE_FIN_WAIT2;
	first.time_ns = second.time_ns = 11 * SECOND;
	first.facts = second.facts = FACT_STANDING;
	second.known = TRANSITION_KNOWN_HOLDER;
	observe(sink, &first);
	observe(sink, &second);
	sink->ops->tick(sink, 11 * SECOND);
	CHECK_NUMBER(1, sink->lines);
	/* The third is lost: a line of its own, and the count is lower. */
	third.oldstate = third.newstate = STATE_CLOSE;
	third.time_ns = 20 * SECOND;
	observe(sink, &third);
	CHECK_NUMBER(2, sink->lines);
	/* The second is in FIN_WAIT2 since the scan at the latest. */
	sink->ops->tick(sink, 71 * SECOND - 1);
	CHECK_NUMBER(2, sink->lines);
	sink->ops->tick(sink, 71 * SECOND);
	CHECK_NUMBER(3, sink->lines);
	sink->ops->close(sink);
	speak(saved);
}

/* Stalled in ESTABLISHED, which has no limit, until data is acknowledged. */
static void stall(void)
{
	const struct options one_second = {
		.view = "stuck", .stuck_limits = {.stalled_ns = SECOND}, .no_header = true};
	const struct sink_setup with_stalls = {.options = &one_second, .origin = &origin};
	struct transition t = of(1, STATE_SYN_SENT, STATE_ESTABLISHED, SECOND);
	struct doubts doubts = {0};
	int saved = silence();
	struct sink *sink;

	sink = stuck_sink.open(&with_stalls);
	sink->ops->begin(sink);
	CHECK_NUMBER(1, sink->wake_ns);
	observe(sink, &t);
	sink->ops->tick(sink, 10 * SECOND);
	CHECK_NUMBER(0, sink->lines);
	CHECK_NUMBER(10 * SECOND + SECOND / 2, sink->wake_ns);
	t.oldstate = t.newstate;
	t.facts = FACT_STANDING | FACT_STALLED;
	t.time_ns = 20 * SECOND;
	t.due_ns = 19 * SECOND + 1;
	observe(sink, &t);
	sink->ops->tick(sink, 20 * SECOND);
	CHECK_NUMBER(0, sink->lines);
	t.time_ns = 21 * SECOND;
	observe(sink, &t);
	sink->ops->tick(sink, 21 * SECOND);
	CHECK_NUMBER(1, sink->lines);
	/* Each scan asks again whether it still is. */
	stuck_sink.doubt(sink, 21 * SECOND + 1, &doubts);
	CHECK_NUMBER(1, doubts.count);
	doubts_close(&doubts);
	t.facts = FACT_STANDING;
	t.time_ns = 22 * SECOND;
	observe(sink, &t);
	CHECK_NUMBER(2, sink->lines);
	sink->ops->tick(sink, 100 * SECOND);
	CHECK_NUMBER(2, sink->lines);
	sink->ops->close(sink);
	speak(saved);
}

/* For what the allocator adds to the two that a session takes: glibc, x86-64. */
#define OVERHEAD (2 * (8 + 15))

static void many(void)
{
	size_t before, after;
	int saved = silence();
	struct sink *sink;

	sink = stuck_sink.open(&setup);
	before = __sanitizer_get_current_allocated_bytes();
	for (size_t i = 0; i < SESSIONS; i++) {
		struct transition t = of(i, STATE_ESTABLISHED, STATE_CLOSE_WAIT, SECOND + i);

		observe(sink, &t);
	}
	after = __sanitizer_get_current_allocated_bytes();
	CHECK_NUMBER(61 * SECOND, sink->wake_ns);
	CHECK_NUMBER(0, sink->lines);
	sink->ops->tick(sink, 61 * SECOND + SESSIONS / 2 - 1);
	output_flush(sink->output);
	CHECK_NUMBER(SESSIONS / 2, sink->lines);
	CHECK_NUMBER(61 * SECOND + SESSIONS / 2, sink->wake_ns);
	for (size_t i = 0; i < SESSIONS; i++) {
		struct transition t = of(i, STATE_CLOSE_WAIT, STATE_CLOSE, 62 * SECOND + i);

		observe(sink, &t);
	}
	/* All of them have left, also those of which it was not told yet; and nothing is kept. */
	CHECK_NUMBER(SESSIONS / 2 + SESSIONS, sink->lines);
	CHECK(sink->wake_ns > UINT64_MAX / 2);
	sink->ops->end(sink);
	CHECK_NUMBER(SESSIONS / 2 + SESSIONS + 1, sink->lines);
	CHECK_NUMBER(0, sink->ops->close(sink));
	speak(saved);
	CHECK(after > before);
	CHECK((after - before) / SESSIONS + OVERHEAD <= SESSION_BYTES);
}

UNIT_MAIN("stuck_sink", TEST(there_before), TEST(look_is_ahead), TEST(gone), TEST(stall),
	  TEST(many))
