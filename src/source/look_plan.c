// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Intervals between checks: they grow with the age of a minisock and with their number. */
#include "source/look_plan.h"
#include "trace/clock.h"
#include "trace/state.h"

/* An interval: a part of the age, within limits. */
struct interval {
	uint64_t parts;
	uint64_t least_ns;
	uint64_t most_ns;
};

/* Floods create many. */
static const struct interval of_request = {
	.parts = 32,
	.least_ns = 50 * NSEC_PER_MSEC,
	.most_ns = NSEC_PER_SEC,
};

/* The peer's FIN can arrive any time, and usually does so soon. */
static const struct interval of_orphan = {
	.parts = 1,
	.least_ns = 50 * NSEC_PER_MSEC,
	.most_ns = NSEC_PER_SEC,
};

/* It rarely ends early. */
static const struct interval of_time_wait = {
	.parts = 8,
	.least_ns = 2 * NSEC_PER_SEC,
	.most_ns = 5 * NSEC_PER_SEC,
};

/* A check takes 1.5 us, with all that belongs to it: at most 3 % of a CPU. */
#define LOOKS_PER_SECOND 20000

/* Times of checks are rounded up to a multiple, so that one wake-up does many. */
#define GRID_NS (250 * NSEC_PER_MSEC)

/* One that is found gone when its timer is due was there so shortly before. */
#define BEFORE_DUE_NS (250 * NSEC_PER_MSEC)

static const struct interval *interval_of(const struct transition *t)
{
	if (transition_is_half_open(t))
		return &of_request;
	return t->newstate == STATE_FIN_WAIT2 ? &of_orphan : &of_time_wait;
}

static uint64_t interval_ns(const struct transition *t, uint64_t age_ns, size_t count)
{
	const struct interval *interval = interval_of(t);
	uint64_t ns = age_ns / interval->parts, spread_ns = count * NSEC_PER_SEC / LOOKS_PER_SECOND;

	if (ns < interval->least_ns)
		ns = interval->least_ns;
	if (ns > interval->most_ns)
		ns = interval->most_ns;
	return ns > spread_ns ? ns : spread_ns;
}

uint64_t look_next(const struct transition *t, uint64_t now_ns, size_t count)
{
	uint64_t age_ns = now_ns > t->time_ns ? now_ns - t->time_ns : 0;
	uint64_t next_ns = now_ns + interval_ns(t, age_ns, count);

	if (transition_is_half_open(t))
		return next_ns;
	if (t->newstate == STATE_TIME_WAIT)
		next_ns = (next_ns + GRID_NS - 1) / GRID_NS * GRID_NS;
	if (next_ns + BEFORE_DUE_NS <= t->due_ns)
		return next_ns;
	return now_ns + BEFORE_DUE_NS < t->due_ns ? t->due_ns - BEFORE_DUE_NS : t->due_ns;
}
