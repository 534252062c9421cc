// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When minisocks are looked at: soon enough, and not too often. */
#include "source/look_plan.h"
#include "trace/clock.h"
#include "trace/state.h"
#include "unit.h"

#define SECOND NSEC_PER_SEC
#define MS     (SECOND / 1000)

static struct transition in(enum tcp_state state)
{
	return (struct transition){
		.time_ns = 100 * SECOND,
		.newstate = state,
		.due_ns = 161 * SECOND,
		.flags = TRANSITION_TO_MINISOCK,
	};
}

static void intervals(void)
{
	static const struct {
		enum tcp_state state;
		uint64_t now_ms, next_ms; /* since it got into its state */
	} rows[] = {
		{STATE_FIN_WAIT2, 0, 50},
		{STATE_FIN_WAIT2, 700, 1400},
		{STATE_FIN_WAIT2, 30000, 31000},
		{STATE_TIME_WAIT, 0, 2000},
		{STATE_TIME_WAIT, 100, 2250}, /* on the grid */
		{STATE_TIME_WAIT, 24000, 27000},
		{STATE_TIME_WAIT, 50000, 55000},
		/* shortly before its timer is due, and then */
		{STATE_TIME_WAIT, 57000, 60750},
		{STATE_FIN_WAIT2, 60000, 60750},
		{STATE_TIME_WAIT, 60750, 61000},
		{STATE_TIME_WAIT, 60900, 61000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = in(rows[i].state);

		unit_row("%zu", i);
		CHECK_NUMBER(t.time_ns + rows[i].next_ms * MS,
			     look_next(&t, t.time_ns + rows[i].now_ms * MS, 1));
	}
}

/* A million are looked at as often as there is time for. */
static void many(void)
{
	struct transition t = in(STATE_FIN_WAIT2);

	CHECK_NUMBER(105 * SECOND, look_next(&t, 100 * SECOND, 100 * 1000));
	CHECK_NUMBER(150 * SECOND, look_next(&t, 100 * SECOND, 1000 * 1000));
}

/* A request has no timer that is known. */
static void request(void)
{
	struct transition t = {.time_ns = 100 * SECOND,
			       .oldstate = STATE_LISTEN,
			       .newstate = STATE_SYN_RECV,
			       .flags = TRANSITION_OF_MINISOCK};

	CHECK_NUMBER(101 * SECOND + 50 * MS, look_next(&t, 101 * SECOND, 1));
	CHECK_NUMBER(165 * SECOND, look_next(&t, 164 * SECOND, 1));
}

UNIT_MAIN("look_plan", TEST(intervals), TEST(many), TEST(request))
