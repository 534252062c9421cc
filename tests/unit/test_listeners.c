// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listeners: what reports on them add up to, in the whole run and in an interval. */
#include <stdlib.h>

#include "unit.h"
#include "view/listeners.h"

#define EXACT (LISTENER_KNOWN_ACCEPTED | LISTENER_KNOWN_OVERFLOWS | LISTENER_KNOWN_COOKIES)

static void take(struct listeners *listeners, struct listener report)
{
	if (!report.skaddr)
		report.skaddr = 0xffff888000000000 + report.cookie;
	listeners_take(listeners, &report);
}

static void check_number(uint64_t number, enum certainty certainty, struct listener_number got)
{
	CHECK_NUMBER(certainty, got.certainty);
	if (certainty != CERTAINTY_NONE)
		CHECK_NUMBER(number, got.number);
}

/* The only one. */
static const struct listener_history *only(const struct listeners *listeners)
{
	size_t count;
	const struct listener_history **sorted = listeners_sort(listeners, true, &count);
	const struct listener_history *first = sorted ? sorted[0] : NULL;

	CHECK_NUMBER(1, count);
	free(sorted);
	return first;
}

static void nothing(void)
{
	struct listeners listeners = {0};
	size_t count;

	/* An accept() alone is of a listener that the filter rejects. */
	take(&listeners, (struct listener){.cookie = 1, .event = LISTENER_ACCEPTED, .known = 31});
	take(&listeners, (struct listener){.cookie = 1, .event = LISTENER_EVENTS});
	CHECK(!listeners_sort(&listeners, true, &count));
	CHECK_NUMBER(0, count);
	CHECK_NUMBER(0, listeners.missing);
	listeners_close(&listeners);
}

/* Differences of counters, of the run and of the interval. */
static void exact(void)
{
	struct listeners listeners = {0};
	const struct listener_history *one;

	take(&listeners, (struct listener){.cookie = 1,
					   .known = EXACT,
					   .queue = 2,
					   .peak = 2,
					   .accepted = 10,
					   .overflows = 20,
					   .cookies = 30,
					   .drops = UINT32_MAX});
	take(&listeners, (struct listener){.cookie = 1,
					   .known = EXACT,
					   .queue = 1,
					   .peak = 7,
					   .accepted = 13,
					   .overflows = 22,
					   .cookies = 31,
					   .drops = 2});
	one = only(&listeners);
	CHECK_NUMBER(7, one->whole.peak);
	listeners_turn(&listeners);
	CHECK_NUMBER(1, one->lately.peak);
	check_number(0, CERTAINTY_EXACT, listener_accepted(one, &one->lately));
	take(&listeners, (struct listener){.cookie = 1,
					   .known = EXACT,
					   .queue = 3,
					   .peak = 4,
					   .accepted = 14,
					   .overflows = 23,
					   .cookies = 31,
					   .drops = 5});
	CHECK_NUMBER(7, one->whole.peak);
	CHECK_NUMBER(4, one->lately.peak);
	check_number(4, CERTAINTY_EXACT, listener_accepted(one, &one->whole));
	check_number(1, CERTAINTY_EXACT, listener_accepted(one, &one->lately));
	check_number(3, CERTAINTY_EXACT, listener_overflows(one, &one->whole));
	check_number(1, CERTAINTY_EXACT, listener_overflows(one, &one->lately));
	check_number(1, CERTAINTY_EXACT, listener_cookies(one, &one->whole));
	CHECK_NUMBER(6, listener_drops(one, &one->whole));
	CHECK_NUMBER(3, listener_drops(one, &one->lately));
	listeners_close(&listeners);
}

/* What came into the queue and is not there was accepted. */
static void inferred_accepts(void)
{
	struct listeners listeners = {0};
	const struct listener_history *one;

	take(&listeners, (struct listener){.cookie = 1, .queue = 2, .queued_before = 2});
	take(&listeners,
	     (struct listener){.cookie = 1, .queue = 1, .queued_before = 2, .queued = 5});
	one = only(&listeners);
	check_number(6, CERTAINTY_ABOUT, listener_accepted(one, &one->whole));
	check_number(0, CERTAINTY_NONE, listener_cookies(one, &one->whole));
	/* A connection that is counted a little later than it is in the queue. */
	take(&listeners,
	     (struct listener){.cookie = 1, .queue = 9, .queued_before = 2, .queued = 5});
	check_number(0, CERTAINTY_ABOUT, listener_accepted(one, &one->whole));
	listeners_close(&listeners);
}

static void inferred_overflows(void)
{
	static const struct {
		const char *why;
		uint32_t drops;
		uint64_t netns_overflows, netns_drops;
		uint8_t known;
		uint64_t number;
		enum certainty certainty;
	} rows[] = {
		{"nothing was dropped", 0, 5, 5, LISTENER_KNOWN_NETNS, 0, CERTAINTY_EXACT},
		{"likewise, whatever is known", 0, 0, 0, 0, 0, CERTAINTY_EXACT},
		{"no overflow in the namespace", 3, 0, 3, LISTENER_KNOWN_NETNS, 0, CERTAINTY_EXACT},
		{"a socket filter drops more", 3, 0, 0, LISTENER_KNOWN_NETNS, 0, CERTAINTY_EXACT},
		{"all drops are its own", 3, 2, 3, LISTENER_KNOWN_NETNS, 2, CERTAINTY_ABOUT},
		{"there are others", 3, 2, 4, LISTENER_KNOWN_NETNS, 0, CERTAINTY_NONE},
		{"drops that are no one's", 4, 2, 3, LISTENER_KNOWN_NETNS, 0, CERTAINTY_NONE},
		{"the namespace is not known", 3, 2, 3, 0, 0, CERTAINTY_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listeners listeners = {0};
		const struct listener_history *one;

		unit_row("%s", rows[i].why);
		take(&listeners, (struct listener){.cookie = 1,
						   .drops = 10,
						   .netns_overflows = 20,
						   .netns_drops = 30,
						   .known = LISTENER_KNOWN_NETNS});
		take(&listeners, (struct listener){.cookie = 1,
						   .drops = 10 + rows[i].drops,
						   .netns_overflows = 20 + rows[i].netns_overflows,
						   .netns_drops = 30 + rows[i].netns_drops,
						   .known = rows[i].known});
		one = only(&listeners);
		check_number(rows[i].number, rows[i].certainty,
			     listener_overflows(one, &one->whole));
		listeners_close(&listeners);
	}
}

static void delays(void)
{
	struct listeners listeners = {0};
	const struct listener_history *one;
	struct listener accepted = {.cookie = 1,
				    .event = LISTENER_ACCEPTED,
				    .known = LISTENER_KNOWN_ACCEPTED | LISTENER_KNOWN_DELAY};

	take(&listeners, (struct listener){.cookie = 1, .event = LISTENER_BEGAN, .known = EXACT});
	for (accepted.delay_ns = 1000; accepted.delay_ns <= 100000; accepted.delay_ns += 1000)
		take(&listeners, accepted);
	accepted.known = LISTENER_KNOWN_ACCEPTED;
	take(&listeners, accepted);
	one = only(&listeners);
	/* Also the one whose delay is not known, before any scan. */
	check_number(101, CERTAINTY_EXACT, listener_accepted(one, &one->whole));
	CHECK_NUMBER(100, one->whole.delays.count);
	CHECK_NUMBER(100000, one->whole.delays.max);
	listeners_turn(&listeners);
	CHECK_NUMBER(0, one->lately.delays.count);
	CHECK_NUMBER(100, one->whole.delays.count);
	listeners_close(&listeners);
}

/* Its end is its last report. Without a cookie, the next socket may have its address. */
static void ends(void)
{
	struct listeners listeners = {0};
	const struct listener_history **sorted;
	size_t count;

	take(&listeners, (struct listener){.skaddr = 7, .event = LISTENER_BEGAN, .lport = 1});
	take(&listeners,
	     (struct listener){.skaddr = 7, .event = LISTENER_ENDED, .time_ns = 5, .lport = 1});
	take(&listeners, (struct listener){.skaddr = 7, .time_ns = 4, .queue = 3, .lport = 1});
	CHECK_NUMBER(5, only(&listeners)->ended_ns);
	CHECK_NUMBER(0, only(&listeners)->whole.peak);
	take(&listeners, (struct listener){.skaddr = 7, .event = LISTENER_BEGAN, .lport = 2});
	sorted = listeners_sort(&listeners, true, &count);
	CHECK_NUMBER(2, count);
	CHECK_NUMBER(5, sorted[0]->ended_ns);
	CHECK_NUMBER(0, sorted[1]->ended_ns);
	free(sorted);
	/* An interval has those that were reported on in it. */
	listeners_turn(&listeners);
	free(listeners_sort(&listeners, false, &count));
	CHECK_NUMBER(0, count);
	take(&listeners, (struct listener){.skaddr = 7, .lport = 2});
	free(listeners_sort(&listeners, false, &count));
	CHECK_NUMBER(1, count);
	listeners_close(&listeners);
}

/* A cookie that comes later is no other listener; another one may have the address. */
static void late_cookie(void)
{
	struct listeners listeners = {0};
	const struct listener_history *one;
	size_t count;

	take(&listeners, (struct listener){.skaddr = 0xffff888000000001, .since_ns = 5});
	take(&listeners, (struct listener){.skaddr = 0xffff888000000001,
					   .cookie = 1,
					   .event = LISTENER_ACCEPTED,
					   .known = LISTENER_KNOWN_ACCEPTED});
	take(&listeners,
	     (struct listener){
		     .skaddr = 0xffff888000000001, .cookie = 1, .since_ns = 5, .drops = 4});
	one = only(&listeners);
	CHECK_NUMBER(1, one->last.cookie);
	CHECK_NUMBER(1, one->whole.accepts);
	CHECK_NUMBER(4, listener_drops(one, &one->whole));
	listeners_close(&listeners);

	listeners = (struct listeners){0};
	take(&listeners, (struct listener){.skaddr = 0xffff888000000001, .since_ns = 5});
	take(&listeners, (struct listener){.skaddr = 0xffff888000000001,
					   .cookie = 2,
					   .since_ns = 6,
					   .event = LISTENER_BEGAN});
	free(listeners_sort(&listeners, true, &count));
	CHECK_NUMBER(2, count);
	listeners_close(&listeners);
}

static void order(void)
{
	static const struct listener rows[] = {
		{.cookie = 5, .lport = 80, .laddr = {[15] = 2}},
		{.cookie = 4, .lport = 80, .laddr = {[15] = 1}},
		{.cookie = 3, .lport = 443, .queue = 1},
		{.cookie = 2, .lport = 443, .queue = 2},
		{.cookie = 6, .lport = 22},
		{.cookie = 1, .lport = 9999},
	};
	static const uint64_t wanted[] = {1, 2, 3, 6, 4, 5};
	struct listeners listeners = {0};
	const struct listener_history **sorted;
	size_t count;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		take(&listeners, rows[i]);
	take(&listeners, (struct listener){.cookie = 1, .lport = 9999, .drops = 1});
	sorted = listeners_sort(&listeners, true, &count);
	CHECK_NUMBER(ARRAY_SIZE(wanted), count);
	for (size_t i = 0; i < count; i++)
		CHECK_NUMBER(wanted[i], sorted[i]->last.cookie);
	free(sorted);
	listeners_close(&listeners);
}

static void no_room(void)
{
	struct listeners listeners = {0};
	size_t count;

	for (uint64_t i = 1; i <= LISTENERS_SHOWN_MAX + 3; i++)
		take(&listeners, (struct listener){.cookie = i});
	CHECK_NUMBER(3, listeners.missing);
	free(listeners_sort(&listeners, true, &count));
	CHECK_NUMBER(LISTENERS_SHOWN_MAX, count);
	listeners_close(&listeners);
}

UNIT_MAIN("listeners", TEST(nothing), TEST(exact), TEST(inferred_accepts), TEST(inferred_overflows),
	  TEST(delays), TEST(ends), TEST(late_cookie), TEST(order), TEST(no_room))
