// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a recording cannot hold is rejected, and what is just possible is not. */
#include "trace/recording_check.h"
#include "unit.h"

#define LAST (RECORDING_TIME_END - 1)

/* "": it stays as it is. */
static void check(struct recording_item item, const char *why)
{
	enum recording_kind kind = item.kind;

	recording_check(&item);
	CHECK_NUMBER(*why ? RECORDING_CORRUPT : kind, item.kind);
	if (*why)
		CHECK_PART(why, item.why);
}

static void transitions(void)
{
	static const struct {
		uint64_t time_ns, duration_ns;
		uint8_t ip, oldstate, newstate;
		const char *why;
	} rows[] = {
		{0, 0, 4, STATE_CLOSE, STATE_SYN_SENT, ""},
		{LAST, UINT64_MAX, 6, STATE_ESTABLISHED, STATE_NEW_SYN_RECV, ""},
		{RECORDING_TIME_END, 0, 4, 7, 2, "the time of a transition is 1152921504606846976"},
		{UINT64_MAX, 0, 4, 7, 2, "the time of a transition is 18446744073709551615"},
		{1, 1, 4, 0, 2, "TCP state 0 (1 to 12 expected)"},
		{1, 1, 4, 7, 0, "TCP state 0"},
		{1, 1, 4, 13, 2, "TCP state 13"},
		{1, 1, 4, 7, 13, "TCP state 13"},
		{1, 1, 4, 7, 255, "TCP state 255"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = {
			.time_ns = rows[i].time_ns,
			.duration_ns = rows[i].duration_ns,
			.ip = rows[i].ip,
			.oldstate = rows[i].oldstate,
			.newstate = rows[i].newstate,
		};
		struct recording_item item = {.kind = RECORDING_TRANSITION, .transition = &t};

		unit_row("row %zu", i);
		check(item, rows[i].why);
		item.kind = RECORDING_SNAPSHOT;
		check(item, rows[i].why);
	}
}

static void clocks(void)
{
	static const struct {
		int64_t offset_ns;
		bool is_possible;
	} rows[] = {
		{0, true},
		{1700000000123456789, true},
		{RECORDING_OFFSET_MAX, true},
		{-RECORDING_OFFSET_MAX, true},
		{RECORDING_OFFSET_MAX + 1, false},
		{-RECORDING_OFFSET_MAX - 1, false},
		{INT64_MAX, false},
		{INT64_MIN, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct recording_item offset = {.kind = RECORDING_OFFSET,
						.wall_offset_ns = rows[i].offset_ns};
		struct recording_item header = {.kind = RECORDING_HEADER,
						.origin.wall_offset_ns = rows[i].offset_ns};

		unit_row("row %zu", i);
		check(offset, rows[i].is_possible ? "" : "the wall clock is");
		check(header, rows[i].is_possible ? "" : "the wall clock is");
	}
}

static void resets(void)
{
	static const struct {
		uint8_t ip, flags;
		uint64_t first_ns, last_ns;
		const char *why;
	} rows[] = {
		{4, 0, 0, LAST, ""},
		{6, RESET_FOR_SYN, LAST, 0, ""},
		{0, RESET_OF_REST, 1, 1, ""},
		{0, 0, 1, 1, "a reset has address family 0 (4 or 6 expected)"},
		{5, RESET_FOR_SYN, 1, 1, "a reset has address family 5"},
		{4, 0, RECORDING_TIME_END, 1, "the time of the first reset is 1152921504606846976"},
		{4, 0, 1, UINT64_MAX, "the time of the last reset is 18446744073709551615"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct reset_count count = {
			.key = {.ip = rows[i].ip, .flags = rows[i].flags},
			.first_ns = rows[i].first_ns,
			.last_ns = rows[i].last_ns,
		};

		unit_row("row %zu", i);
		check((struct recording_item){.kind = RECORDING_RESETS, .resets = count},
		      rows[i].why);
	}
}

static void listeners(void)
{
	static const struct {
		uint8_t event, ip;
		uint64_t time_ns, since_ns;
		const char *why;
	} rows[] = {
		{LISTENER_FOUND, 4, LAST, 0, ""},
		{LISTENER_ENDED, 6, 0, LAST, ""},
		{LISTENER_ACCEPTED, 0, 1, 0, ""},
		{LISTENER_EVENTS, 4, 1, 0, ""},
		{LISTENER_BEGAN, 0, 1, 1, "a listener has address family 0 (4 or 6 expected)"},
		{LISTENER_FOUND, 4, UINT64_MAX, 1, "the time of a report on a listener is 184"},
		{LISTENER_FOUND, 4, 1, RECORDING_TIME_END, "the time when a listener began is 115"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct listener report = {
			.event = rows[i].event,
			.ip = rows[i].ip,
			.time_ns = rows[i].time_ns,
			.since_ns = rows[i].since_ns,
		};

		unit_row("row %zu", i);
		check((struct recording_item){.kind = RECORDING_LISTENER, .listener = report},
		      rows[i].why);
	}
}

static void ports(void)
{
	static const struct {
		struct port_space space;
		const char *why;
	} rows[] = {
		{{.low = 1, .high = 65535}, ""},
		{{.low = 7, .high = 7, .reserved = 1, .time_ns = LAST}, ""},
		{{.low = 0, .high = 9}, "local ports from 0 to 9, of which 0 are reserved"},
		{{.low = 10, .high = 9}, "local ports from 10 to 9"},
		{{.low = 8, .high = 9, .reserved = 3}, "of which 3 are reserved"},
		{{.low = 8, .high = 9, .time_ns = UINT64_MAX}, "the time of local ports is"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("row %zu", i);
		check((struct recording_item){.kind = RECORDING_PORTS, .ports = rows[i].space},
		      rows[i].why);
	}
}

static void times(void)
{
	check((struct recording_item){.kind = RECORDING_TICK, .tick_ns = LAST}, "");
	check((struct recording_item){.kind = RECORDING_TICK, .tick_ns = RECORDING_TIME_END},
	      "the time of a tick is 1152921504606846976 ns (less than 2^60 expected)");
	check((struct recording_item){.kind = RECORDING_HEADER, .origin.start_ns = LAST}, "");
	check((struct recording_item){.kind = RECORDING_HEADER, .origin.start_ns = UINT64_MAX},
	      "the time when tracing began is 18446744073709551615 ns");
}

/* They have nothing to check, or were found out before. */
static void others(void)
{
	static const enum recording_kind kinds[] = {RECORDING_INCOMPLETE, RECORDING_CGROUP,
						    RECORDING_LOSSES, RECORDING_END};
	struct recording_item corrupt = {.kind = RECORDING_CORRUPT, .why = "damaged"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		check((struct recording_item){.kind = kinds[i]}, "");
	recording_check(&corrupt);
	CHECK_TEXT("damaged", corrupt.why);
}

UNIT_MAIN("recording_check", TEST(transitions), TEST(clocks), TEST(times), TEST(resets),
	  TEST(listeners), TEST(ports), TEST(others))
