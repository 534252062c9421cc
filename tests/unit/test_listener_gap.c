// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which gap explains a refused connect, and which does not. */
#include <string.h>

#include "trace/state.h"
#include "unit.h"
#include "view/listener_gap.h"

enum place {
	LOOPBACK,
	ANY,
	ANY6,
	OTHER
};

static const uint8_t addresses[][16] = {
	[LOOPBACK] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
	[ANY] = {[10] = 0xff, [11] = 0xff},
	[ANY6] = {0},
	[OTHER] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
};

static void take(struct listener_gaps *gaps, enum place place, unsigned int from, unsigned int to,
		 uint64_t time_ns, const char *comm)
{
	struct transition t = {
		.time_ns = time_ns,
		.lport = 80,
		.netns = 7,
		.oldstate = (uint8_t)from,
		.newstate = (uint8_t)to,
		.flags = TRANSITION_HAS_DETAILS,
	};

	memcpy(t.laddr, addresses[place], sizeof(t.laddr));
	strncpy(t.comm, comm, sizeof(t.comm) - 1);
	listener_gaps_take(gaps, &t);
}

static const struct listener_gap *find(const struct listener_gaps *gaps, enum place place,
				       uint64_t first_ns, uint64_t last_ns)
{
	struct listener_place wanted = {.netns = 7, .port = 80};

	memcpy(wanted.address, addresses[place], sizeof(wanted.address));
	return listener_gaps_find(gaps, &wanted, first_ns, last_ns);
}

static void restart(void)
{
	struct listener_gaps gaps = {0};
	const struct listener_gap *gap;

	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 10, "nginx");
	CHECK(!find(&gaps, LOOPBACK, 20, 30));
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 100, "nginx");
	CHECK(find(&gaps, LOOPBACK, 100, 1000));
	CHECK(!find(&gaps, LOOPBACK, 99, 1000));
	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 200, "haproxy");
	/* The second of two listeners at the same port. */
	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 300, "other");
	CHECK(!find(&gaps, LOOPBACK, 110, 201));
	gap = find(&gaps, LOOPBACK, 110, 200);
	CHECK(gap && gap->closed_ns == 100 && gap->back_ns == 200);
	CHECK_TEXT("nginx", gap ? gap->closed_by : "");
	CHECK_TEXT("haproxy", gap ? gap->back_by : "");
	listener_gaps_close(&gaps);
}

/* With SO_REUSEPORT: only when the last one ends. */
static void several(void)
{
	struct listener_gaps gaps = {0};
	const struct listener_gap *gap;

	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 10, "one");
	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 20, "two");
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 100, "one");
	CHECK(!find(&gaps, LOOPBACK, 110, 120));
	/* The third takes over before the second ends, as in a reload. */
	take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 130, "three");
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 140, "two");
	CHECK(!find(&gaps, LOOPBACK, 150, 160));
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 200, "three");
	gap = find(&gaps, LOOPBACK, 210, 220);
	CHECK(gap && gap->closed_ns == 200);
	CHECK_TEXT("three", gap ? gap->closed_by : "");
	listener_gaps_close(&gaps);
}

static void take_standing(struct listener_gaps *gaps, enum place place, uint32_t facts,
			  uint32_t known)
{
	struct transition t = {.time_ns = 90,
			       .lport = 80,
			       .netns = 7,
			       .oldstate = STATE_LISTEN,
			       .newstate = STATE_LISTEN,
			       .flags = TRANSITION_HAS_DETAILS,
			       .facts = FACT_STANDING | facts,
			       .known = known};

	memcpy(t.laddr, addresses[place], sizeof(t.laddr));
	listener_gaps_take(gaps, &t);
}

/* Those that the initial scan finds count; later scans find them again. */
static void older(void)
{
	struct listener_gaps gaps = {0};

	take_standing(&gaps, LOOPBACK, 0, 0);
	take_standing(&gaps, LOOPBACK, 0, 0);
	take_standing(&gaps, LOOPBACK, 0, TRANSITION_KNOWN_HOLDER);
	take_standing(&gaps, LOOPBACK, FACT_AT_END, 0);
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 100, "one");
	CHECK(!find(&gaps, LOOPBACK, 110, 120));
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 130, "two");
	CHECK(find(&gaps, LOOPBACK, 140, 150));
	/* The scan finds one only after another has ended: it was there all the time. */
	take_standing(&gaps, LOOPBACK, 0, 0);
	CHECK(!find(&gaps, LOOPBACK, 140, 150));
	listener_gaps_close(&gaps);
}

/* One that nobody has counted ends: there may be others. */
static void uncounted(void)
{
	struct listener_gaps gaps = {0};

	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 100, "one");
	CHECK(!find(&gaps, LOOPBACK, 110, 120));
	listener_gaps_close(&gaps);
}

/* A listener on the unspecified address serves connects to the one that has none any more. */
static void other_place(void)
{
	for (enum place place = ANY; place <= ANY6; place++) {
		struct listener_gaps gaps = {0};

		take(&gaps, LOOPBACK, STATE_CLOSE, STATE_LISTEN, 10, "one");
		take(&gaps, LOOPBACK, STATE_LISTEN, STATE_CLOSE, 100, "one");
		CHECK(find(&gaps, LOOPBACK, 110, 120));
		take(&gaps, place, STATE_CLOSE, STATE_LISTEN, 121, "any");
		CHECK(find(&gaps, LOOPBACK, 110, 120));
		CHECK(!find(&gaps, LOOPBACK, 110, 121));
		take(&gaps, place, STATE_LISTEN, STATE_CLOSE, 200, "any");
		CHECK(!find(&gaps, LOOPBACK, 150, 210));
		CHECK(find(&gaps, LOOPBACK, 200, 210));
		listener_gaps_close(&gaps);
	}
}

/* Connects to any address of the host meet a listener on the unspecified one. */
static void any_address(void)
{
	for (enum place place = ANY; place <= ANY6; place++) {
		struct listener_gaps gaps = {0};

		take(&gaps, place, STATE_CLOSE, STATE_LISTEN, 10, "nginx");
		take(&gaps, place, STATE_LISTEN, STATE_CLOSE, 100, "nginx");
		CHECK(find(&gaps, LOOPBACK, 110, 120) && find(&gaps, OTHER, 110, 120));
		listener_gaps_close(&gaps);
	}
}

/* Another address, port or namespace; a child. */
static void others(void)
{
	struct listener_gaps gaps = {0};
	struct listener_place wanted = {.netns = 7, .port = 81};

	take(&gaps, OTHER, STATE_CLOSE, STATE_LISTEN, 10, "nginx");
	take(&gaps, OTHER, STATE_LISTEN, STATE_CLOSE, 100, "nginx");
	CHECK(!find(&gaps, LOOPBACK, 110, 120));
	memcpy(wanted.address, addresses[OTHER], sizeof(wanted.address));
	CHECK(!listener_gaps_find(&gaps, &wanted, 110, 120));
	wanted.port = 80;
	wanted.netns = 8;
	CHECK(!listener_gaps_find(&gaps, &wanted, 110, 120));
	take(&gaps, LOOPBACK, STATE_LISTEN, STATE_SYN_RECV, 100, "nginx");
	CHECK_NUMBER(1, gaps.by_end.count);
	listener_gaps_close(&gaps);
}

static void no_room(void)
{
	struct listener_gaps gaps = {0};

	for (unsigned int i = 0; i < LISTENER_GAPS_MAX + 2; i++) {
		struct transition t = {.lport = (uint16_t)i,
				       .oldstate = STATE_CLOSE,
				       .newstate = STATE_LISTEN,
				       .flags = TRANSITION_HAS_DETAILS};

		listener_gaps_take(&gaps, &t);
	}
	CHECK_NUMBER(LISTENER_GAPS_MAX, gaps.by_end.count);
	listener_gaps_close(&gaps);
}

UNIT_MAIN("listener_gap", TEST(restart), TEST(several), TEST(older), TEST(uncounted),
	  TEST(other_place), TEST(any_address), TEST(others), TEST(no_room))
