// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a transition must match to be shown: options and one transition, yes or no. */
#include "filter.h"
#include "state.h"
#include "unit.h"

#define START_NS 1000

/* Ports are comma-free here: "" is no option, otherwise one port or range, or two with a space. */
static void ports_add(struct port_set *set, const char *ports)
{
	char first[20] = "", second[20] = "";

	if (sscanf(ports, "%19s %19s", first, second) < 1)
		return;
	CHECK(port_set_add(set, first));
	if (*second)
		CHECK(port_set_add(set, second));
}

static void sessions(void)
{
	static const struct {
		bool ipv4, ipv6;
		const char *lports, *rports;
		uint8_t ip;
		uint16_t lport, rport;
		bool matches;
	} rows[] = {
		/* without options everything does */
		{false, false, "", "", 4, 0, 0, true},
		{false, false, "", "", 6, 65535, 65535, true},

		/* families */
		{true, false, "", "", 4, 80, 40000, true},
		{true, false, "", "", 6, 80, 40000, false},
		{false, true, "", "", 6, 80, 40000, true},
		{false, true, "", "", 4, 80, 40000, false},

		/* one port, either side */
		{false, false, "80", "", 4, 80, 40000, true},
		{false, false, "80", "", 4, 81, 40000, false},
		{false, false, "80", "", 4, 40000, 80, false},
		{false, false, "80", "", 4, 0, 40000, false},
		{false, false, "0", "", 4, 0, 443, true},
		{false, false, "", "443", 6, 40000, 443, true},
		{false, false, "", "443", 6, 443, 40000, false},

		/* a list: any will do */
		{false, false, "80 443", "", 4, 80, 1, true},
		{false, false, "80 443", "", 4, 443, 1, true},
		{false, false, "80 443", "", 4, 81, 1, false},

		/* a range, ends included */
		{false, false, "8000-8099", "", 4, 7999, 1, false},
		{false, false, "8000-8099", "", 4, 8000, 1, true},
		{false, false, "8000-8099", "", 4, 8099, 1, true},
		{false, false, "8000-8099", "", 4, 8100, 1, false},
		{false, false, "", "0-65535", 4, 1, 65535, true},

		/* different options: all must hold */
		{false, false, "80", "40000", 4, 80, 40000, true},
		{false, false, "80", "40000", 4, 80, 40001, false},
		{false, false, "80", "40000", 4, 81, 40000, false},
		{true, false, "80", "40000", 4, 80, 40000, true},
		{true, false, "80", "40000", 6, 80, 40000, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct options options = {.ipv4 = rows[i].ipv4, .ipv6 = rows[i].ipv6};
		struct transition transition = {.time_ns = START_NS,
						.ip = rows[i].ip,
						.lport = rows[i].lport,
						.rport = rows[i].rport};
		struct filter filter;

		unit_row("row %zu: -L \"%s\" -D \"%s\", ip %u, %u to %u", i, rows[i].lports,
			 rows[i].rports, rows[i].ip, rows[i].lport, rows[i].rport);
		ports_add(&options.lports, rows[i].lports);
		ports_add(&options.rports, rows[i].rports);
		filter_init(&filter, &options, START_NS, NULL);
		CHECK_NUMBER(rows[i].matches, filter_match(&filter, &transition));
	}
}

static void duration(void)
{
	static const struct {
		uint64_t start_ns, duration_ns, time_ns;
		bool matches;
	} rows[] = {
		{START_NS, 0, UINT64_MAX, true},
		{START_NS, 500, START_NS - 1, true}, /* just before: still in flight then */
		{START_NS, 500, START_NS, true},
		{START_NS, 500, START_NS + 500, true},
		{START_NS, 500, START_NS + 501, false},
		{START_NS, 500, UINT64_MAX, false},
		{0, 1, 1, true},
		{0, 1, 2, false},
		{START_NS, UINT64_MAX, UINT64_MAX, true}, /* no limit rather than one in the past */
		{UINT64_MAX - 1, 500, UINT64_MAX, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct options options = {.duration_ns = rows[i].duration_ns};
		struct transition transition = {.time_ns = rows[i].time_ns, .ip = 4};
		struct filter filter;

		unit_row("row %zu", i);
		filter_init(&filter, &options, rows[i].start_ns, NULL);
		CHECK_NUMBER(rows[i].matches, filter_match(&filter, &transition));
	}
}

/* What never had a socket is shown when it is asked for. */
static void half_open(void)
{
	static const struct {
		uint8_t oldstate, newstate, flags;
		bool is_half_open;
	} rows[] = {
		{STATE_LISTEN, STATE_SYN_RECV, TRANSITION_OF_MINISOCK, true},
		{STATE_SYN_RECV, STATE_CLOSE, TRANSITION_OF_MINISOCK, true},
		{STATE_LISTEN, STATE_SYN_RECV, 0, false},
		{STATE_SYN_RECV, STATE_CLOSE, 0, false},
		{STATE_TIME_WAIT, STATE_CLOSE, TRANSITION_OF_MINISOCK, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition transition = {.ip = 4,
						.oldstate = rows[i].oldstate,
						.newstate = rows[i].newstate,
						.flags = rows[i].flags};
		struct options off = {.half_open = false}, on = {.half_open = true};
		struct filter filter;

		unit_row("row %zu", i);
		filter_init(&filter, &off, 0, NULL);
		CHECK_NUMBER(!rows[i].is_half_open, filter_match(&filter, &transition));
		filter_init(&filter, &on, 0, NULL);
		CHECK_NUMBER(true, filter_match(&filter, &transition));
	}
}

UNIT_MAIN("filter", TEST(sessions), TEST(duration), TEST(half_open))
