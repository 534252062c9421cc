// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisocks found by the initial scan while sessions become minisocks. */
#include <stdbool.h>

#include "source/found_minisocks.h"
#include "trace/state.h"
#include "unit.h"

static struct record_minisock_found found_of(uint64_t cookie, uint16_t port, uint64_t address)
{
	return (struct record_minisock_found){
		.header = {RECORD_MINISOCK_FOUND, sizeof(struct record_minisock_found)},
		.transition =
			{
				.cookie = cookie,
				.lport = port,
				.netns = 3,
				.minisock = address,
				.oldstate = STATE_TIME_WAIT,
				.newstate = STATE_TIME_WAIT,
				.facts = FACT_FOUND | FACT_STANDING,
			},
	};
}

static void find(struct found_minisocks *m, uint64_t cookie, uint16_t port, uint64_t address)
{
	struct record_minisock_found found = found_of(cookie, port, address);

	found_minisocks_add(m, &found);
}

static void trace(struct found_minisocks *m, uint8_t flags, uint64_t cookie, uint16_t port,
		  uint64_t address)
{
	struct record_transition record = {
		.header = {RECORD_TRANSITION, sizeof(record)},
		.transition = {.cookie = cookie,
			       .lport = port,
			       .netns = 3,
			       .minisock = address,
			       .oldstate = STATE_FIN_WAIT2,
			       .newstate = STATE_TIME_WAIT,
			       .flags = flags},
	};

	found_minisocks_see(m, &record, sizeof(record));
}

/* The port of the next one; 0: there is none. */
static uint16_t next(struct found_minisocks *m)
{
	struct record_minisock_found found;

	return found_minisocks_take(m, &found) ? found.transition.lport : 0;
}

#define TO TRANSITION_TO_MINISOCK

/* What a transition reports is not found, whichever came first. */
static void by_cookie(void)
{
	struct found_minisocks m = {0};

	trace(&m, TO, 11, 1, 0x100);
	find(&m, 11, 1, 0x100);
	find(&m, 12, 2, 0x200);
	find(&m, 13, 3, 0x300);
	trace(&m, TO, 12, 2, 0x200);
	trace(&m, 0, 13, 3, 0x300);
	/* A new session between the same endpoints has become one, too. */
	find(&m, 14, 4, 0x400);
	trace(&m, TO, 15, 4, 0x500);
	CHECK_NUMBER(3, next(&m));
	CHECK_NUMBER(4, next(&m));
	CHECK_NUMBER(0, next(&m));
	found_minisocks_close(&m);
}

/* The kernel generates a cookie when it is first asked for: that may be after the minisock. */
static void without_cookie(void)
{
	struct found_minisocks m = {0};

	find(&m, 0, 1, 0x100);
	trace(&m, TO, 21, 1, 0);
	/* A minisock that its transition knows is another one. */
	find(&m, 0, 2, 0x200);
	trace(&m, TO, 22, 2, 0x300);
	/* Before 5.12: neither has a cookie. */
	find(&m, 0, 3, 0x400);
	trace(&m, TO, 0, 3, 0x400);
	find(&m, 0, 4, 0x500);
	CHECK_NUMBER(2, next(&m));
	CHECK_NUMBER(4, next(&m));
	CHECK_NUMBER(0, next(&m));
	found_minisocks_close(&m);
}

/* Iterators may show one again. */
static void twice(void)
{
	struct found_minisocks m = {0};

	find(&m, 31, 1, 0x100);
	find(&m, 31, 1, 0x100);
	find(&m, 0, 2, 0x200);
	find(&m, 0, 2, 0x200);
	find(&m, 0, 2, 0x300);
	CHECK_NUMBER(1, next(&m));
	CHECK_NUMBER(2, next(&m));
	CHECK_NUMBER(2, next(&m));
	CHECK_NUMBER(0, next(&m));
	found_minisocks_close(&m);
}

/* Records of other kinds are not looked into. */
static void other_records(void)
{
	struct found_minisocks m = {0};
	struct record_reset_sent reset = {.header = {RECORD_RESET_SENT, sizeof(reset)}};
	char small = 0;

	found_minisocks_see(&m, &reset, sizeof(reset));
	found_minisocks_see(&m, &small, sizeof(small));
	find(&m, 41, 1, 0x100);
	CHECK_NUMBER(1, next(&m));
	CHECK_NUMBER(0, next(&m));
	found_minisocks_close(&m);
}

UNIT_MAIN("found_minisocks", TEST(by_cookie), TEST(without_cookie), TEST(twice),
	  TEST(other_records))
