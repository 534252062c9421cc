/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What turns the times of transitions (CLOCK_MONOTONIC) into those a person reads. */
#ifndef TCPSTATES_TRACE_CLOCK_H
#define TCPSTATES_TRACE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_USEC 1000
#define NSEC_PER_MSEC 1000000
#define NSEC_PER_SEC  1000000000ll

/*
 * Kept by the source: it sets wall_offset_ns before it hands over a transition that the offset
 * holds for.
 */
struct clock {
	int64_t wall_offset_ns; /* wall time (since 1970, UTC) minus monotonic time */
	uint64_t start_ns;      /* monotonic time at which tracing began */
};

/* CLOCK_MONOTONIC, now. */
uint64_t clock_monotonic_ns(void);

/* Wall time minus monotonic time, now, to about a microsecond. */
int64_t clock_measure_offset(void);

/*
 * Measures the offset again; true when the wall clock was set since (by more than a millisecond),
 * with the new offset in *clock.
 */
bool clock_follow(struct clock *clock);

#endif
