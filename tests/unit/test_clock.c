// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Monotonic and wall time, and noticing that the wall clock was set. */
#include <stdlib.h>
#include <time.h>

#include "trace/clock.h"
#include "unit.h"

static int64_t system_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void monotonic_goes_on(void)
{
	uint64_t before = system_ns(CLOCK_MONOTONIC);
	uint64_t now = clock_monotonic_ns();
	uint64_t after = system_ns(CLOCK_MONOTONIC);

	CHECK(before <= now);
	CHECK(now <= after);
}

static void offset_makes_wall_time(void)
{
	int64_t offset = clock_measure_offset();
	int64_t difference = system_ns(CLOCK_MONOTONIC) + offset - system_ns(CLOCK_REALTIME);

	/* Between the two readings a busy machine may do something else for a while. */
	CHECK(llabs(difference) < NSEC_PER_SEC / 10);
}

static void follows_a_clock_that_was_set(void)
{
	static const struct {
		const char *name;
		int64_t wrong_ns; /* the offset kept is off by so much */
		bool is_set;
	} rows[] = {
		{"right", 0, false},
		{"a little late", -NSEC_PER_MSEC / 2, false},
		{"a little early", NSEC_PER_MSEC / 2, false},
		{"2 ms late", -2 * NSEC_PER_MSEC, true},
		{"2 ms early", 2 * NSEC_PER_MSEC, true},
		{"an hour late", -3600 * NSEC_PER_SEC, true},
		{"an hour early", 3600 * NSEC_PER_SEC, true},
		{"fifty years late", -50 * 365 * 86400 * NSEC_PER_SEC, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t right = clock_measure_offset();
		struct clock clock = {.wall_offset_ns = right + rows[i].wrong_ns, .start_ns = 5};

		unit_row("%s", rows[i].name);
		CHECK_NUMBER(rows[i].is_set, clock_follow(&clock));
		CHECK(rows[i].is_set ? llabs(clock.wall_offset_ns - right) < NSEC_PER_MSEC
				     : clock.wall_offset_ns == right + rows[i].wrong_ns);
		CHECK_NUMBER(5, clock.start_ns);
		CHECK(!clock_follow(&clock));
	}
}

UNIT_MAIN("clock", TEST(monotonic_goes_on), TEST(offset_makes_wall_time),
	  TEST(follows_a_clock_that_was_set))
