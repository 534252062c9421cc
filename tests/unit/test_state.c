// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of TCP states: those of the kernel's net/tcp_states.h, by number. */
#include <limits.h>

#include "field/value.h"
#include "trace/state.h"
#include "unit.h"

static void names(void)
{
	static const struct {
		unsigned int state;
		const char *name;
	} rows[] = {
		{0, "UNKNOWN"},       {1, "ESTABLISHED"}, {2, "SYN_SENT"},  {3, "SYN_RECV"},
		{4, "FIN_WAIT1"},     {5, "FIN_WAIT2"},   {6, "TIME_WAIT"}, {7, "CLOSE"},
		{8, "CLOSE_WAIT"},    {9, "LAST_ACK"},    {10, "LISTEN"},   {11, "CLOSING"},
		{12, "NEW_SYN_RECV"}, {13, "UNKNOWN"},    {255, "UNKNOWN"}, {UINT_MAX, "UNKNOWN"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("state %u", rows[i].state);
		CHECK_TEXT(rows[i].name, state_word(rows[i].state)->text);
		CHECK_NUMBER(strlen(rows[i].name), state_word(rows[i].state)->size);
	}
}

#define S(state) STATE_BIT(STATE_##state)

static void names_from_outside(void)
{
	static const struct {
		const char *name;
		unsigned int states;
	} rows[] = {
		/* the kernel, ss and OpenTelemetry */
		{"ESTABLISHED", S(ESTABLISHED)},
		{"established", S(ESTABLISHED)},
		{"SYN_SENT", S(SYN_SENT)},
		{"syn-sent", S(SYN_SENT)},
		{"syn_sent", S(SYN_SENT)},
		{"SYN_RECV", S(SYN_RECV)},
		{"syn-recv", S(SYN_RECV)},
		{"syn_received", S(SYN_RECV)},
		{"FIN_WAIT1", S(FIN_WAIT1)},
		{"fin-wait-1", S(FIN_WAIT1)},
		{"fin_wait_1", S(FIN_WAIT1)},
		{"FIN_WAIT2", S(FIN_WAIT2)},
		{"fin-wait-2", S(FIN_WAIT2)},
		{"fin_wait_2", S(FIN_WAIT2)},
		{"TIME_WAIT", S(TIME_WAIT)},
		{"time-wait", S(TIME_WAIT)},
		{"Time_Wait", S(TIME_WAIT)},
		{"CLOSE", S(CLOSE)},
		{"closed", S(CLOSE)},
		{"CLOSE_WAIT", S(CLOSE_WAIT)},
		{"close-wait", S(CLOSE_WAIT)},
		{"LAST_ACK", S(LAST_ACK)},
		{"last-ack", S(LAST_ACK)},
		{"LISTEN", S(LISTEN)},
		{"listening", S(LISTEN)},
		{"CLOSING", S(CLOSING)},
		{"closing", S(CLOSING)},
		{"NEW_SYN_RECV", S(NEW_SYN_RECV)},

		/* ss's groups, as ss(8) has them */
		{"all", 0x1ffe},
		{"connected", 0x1ffe & ~(S(LISTEN) | S(CLOSE))},
		{"synchronized", 0x1ffe & ~(S(LISTEN) | S(CLOSE) | S(SYN_SENT))},
		{"bucket", S(SYN_RECV) | S(TIME_WAIT) | S(NEW_SYN_RECV)},
		{"big", 0x1ffe & ~(S(SYN_RECV) | S(TIME_WAIT) | S(NEW_SYN_RECV))},
		{"BIG", 0x1ffe & ~(S(SYN_RECV) | S(TIME_WAIT) | S(NEW_SYN_RECV))},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int set = S(LISTEN); /* what was there stays */

		unit_row("%s", rows[i].name);
		CHECK(state_set_add(&set, rows[i].name));
		CHECK_NUMBER(rows[i].states | S(LISTEN), set);
	}
}

static void no_names(void)
{
	static const char *const rows[] = {
		"",
		" ",
		"-",
		"_",
		"1",
		"UNKNOWN",
		"ESTABLISHE",
		"ESTABLISHEDX",
		"TCP_LISTEN",
		"CLOSE WAIT",
		"close--wait",
		"closewait",
		"LISTEN ",
		"!LISTEN",
		"TIME_WAIT_TIME_WAIT",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int set = S(LISTEN);

		unit_row("%s", rows[i]);
		CHECK(!state_set_add(&set, rows[i]));
		CHECK_NUMBER(S(LISTEN), set);
	}
}

static void groups_are_of_all(void)
{
	unsigned int all = 0;

	for (unsigned int state = STATE_ESTABLISHED; state <= STATE_NEW_SYN_RECV; state++)
		all |= STATE_BIT(state);
	CHECK_NUMBER(STATES_ALL, all);
}

UNIT_MAIN("state", TEST(names), TEST(names_from_outside), TEST(no_names), TEST(groups_are_of_all))
