// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Limits of states, and when sessions are due. */
#include "trace/clock.h"
#include "trace/state.h"
#include "unit.h"
#include "view/stuck.h"

#define SECOND NSEC_PER_SEC

static void defaults(void)
{
	static const struct {
		uint8_t state;
		unsigned int seconds;
	} rows[] = {
		{STATE_SYN_SENT, 3},   {STATE_SYN_RECV, 3},    {STATE_FIN_WAIT1, 10},
		{STATE_FIN_WAIT2, 60}, {STATE_CLOSE_WAIT, 60}, {STATE_LAST_ACK, 10},
		{STATE_CLOSING, 10},   {STATE_ESTABLISHED, 0}, {STATE_TIME_WAIT, 0},
		{STATE_LISTEN, 0},     {STATE_CLOSE, 0},       {STATE_NEW_SYN_RECV, 0},
	};
	const struct state_limits none = {{0}};
	struct state_limits limits = stuck_limits(&none);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%d", rows[i].state);
		CHECK_NUMBER(rows[i].seconds * SECOND, limits.ns[rows[i].state]);
	}
	CHECK_NUMBER(10 * SECOND, limits.stalled_ns);
}

static void limits(void)
{
	static const struct {
		const char *text;
		uint8_t state; /* 0: not right */
		uint64_t ns;
		const char *expected; /* a part of what would be right; NULL: as the row says */
	} rows[] = {
		{"CLOSE_WAIT:0.3", STATE_CLOSE_WAIT, 300000000, NULL},
		{"close-wait:60", STATE_CLOSE_WAIT, 60 * SECOND, NULL},
		{"fin_wait_2:1", STATE_FIN_WAIT2, SECOND, NULL},
		{"fin-wait-1:1", STATE_FIN_WAIT1, SECOND, NULL},
		{"Established:3600", STATE_ESTABLISHED, 3600 * SECOND, NULL},
		{"TIME_WAIT:120", STATE_TIME_WAIT, 120 * SECOND, NULL},
		{"syn_received:0.000000001", STATE_SYN_RECV, 1, NULL},
		{"connected:7", STATE_LAST_ACK, 7 * SECOND, NULL},
		{"", 0, 0, NULL},
		{"CLOSE_WAIT", 0, 0, NULL},
		{":60", 0, 0, NULL},
		{"OPEN:60", 0, 0, NULL},
		{"a_name_that_is_much_longer_than_any_state:60", 0, 0, NULL},
		{"LISTEN:60", 0, 0, "neither LISTEN nor CLOSE"},
		{"closed:60", 0, 0, "neither LISTEN nor CLOSE"},
		{"all:60", 0, 0, "neither LISTEN nor CLOSE"},
		{"CLOSE_WAIT:", 0, 0, "seconds above 0"},
		{"CLOSE_WAIT:0", 0, 0, "seconds above 0"},
		{"CLOSE_WAIT:-1", 0, 0, "seconds above 0"},
		{"CLOSE_WAIT:60s", 0, 0, "seconds above 0"},
		{"CLOSE_WAIT:60:7", 0, 0, "seconds above 0"},
		{"NEW_SYN_RECV:60", 0, 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct state_limits set, before = {{0}};
		const char *expected = "";

		unit_row("%s", rows[i].text);
		set = before;
		CHECK_NUMBER(rows[i].state != 0, state_limits_set(&set, rows[i].text, &expected));
		if (rows[i].state)
			CHECK_NUMBER(rows[i].ns, set.ns[rows[i].state]);
		else
			CHECK_MEMORY(&before, &set, sizeof(set));
		CHECK_NUMBER(0, set.ns[STATE_LISTEN] | set.ns[STATE_CLOSE]);
		if (rows[i].expected)
			CHECK_PART(rows[i].expected, expected);
	}
}

static void stalled(void)
{
	struct state_limits limits = {{0}}, lower = {.stalled_ns = SECOND};
	const char *expected = NULL;

	CHECK(!state_limits_are_given(&limits));
	CHECK(state_limits_set(&limits, "Stalled:2.5", &expected));
	CHECK_NUMBER(2500000000, limits.stalled_ns);
	CHECK(state_limits_are_given(&limits));
	for (unsigned int state = 0; state < STATE_COUNT; state++)
		CHECK_NUMBER(0, limits.ns[state]);
	state_limits_lower(&limits, &lower);
	CHECK_NUMBER(SECOND, limits.stalled_ns);
	lower.stalled_ns = 0;
	state_limits_lower(&limits, &lower);
	CHECK_NUMBER(SECOND, limits.stalled_ns);
	CHECK(!state_limits_set(&limits, "stalled:0", &expected));
	CHECK(!state_limits_set(&limits, "stall:1", &expected));
}

static void growing(void)
{
	static const struct {
		uint64_t limit, since, after, due;
	} rows[] = {
		{3, 100, 0, 103},
		{3, 100, 99, 103},
		{3, 100, 102, 103},
		{3, 100, 103, 106},
		{3, 100, 105, 106},
		{3, 100, 106, 112},
		{3, 100, 1000, 100 + 3 * 512},
		{1, 0, UINT64_MAX, UINT64_MAX},
		{UINT64_MAX, 1, 0, UINT64_MAX},
		{UINT64_MAX / 2, 0, UINT64_MAX / 2, UINT64_MAX - 1},
		{1, UINT64_MAX - 5, UINT64_MAX - 1, UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("limit %llu since %llu after %llu", (unsigned long long)rows[i].limit,
			 (unsigned long long)rows[i].since, (unsigned long long)rows[i].after);
		CHECK_NUMBER(rows[i].due,
			     stuck_due_ns(rows[i].limit, rows[i].since, rows[i].after));
	}
}

UNIT_MAIN("stuck", TEST(defaults), TEST(limits), TEST(stalled), TEST(growing))
