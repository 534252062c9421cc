/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Converts times of transitions (CLOCK_MONOTONIC) to wall-clock time. */
#ifndef TCPSTATES_TRACE_CLOCK_H
#define TCPSTATES_TRACE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_USEC 1000
#define NSEC_PER_MSEC 1000000
#define NSEC_PER_SEC  1000000000ll

/*
 * Owned by the source: it sets wall_offset_ns before it delivers the transitions that the offset
 * applies to.
 */
struct clock {
	int64_t wall_offset_ns; /* wall time (since 1970, UTC) minus monotonic time */
	uint64_t start_ns;      /* monotonic time at which tracing began */
};

/* The current CLOCK_MONOTONIC time. */
uint64_t clock_monotonic_ns(void);

/* The CPU time that this thread has used. */
uint64_t clock_thread_cpu_ns(void);

/* The current wall time minus monotonic time, accurate to about 1 us. */
int64_t clock_measure_offset(void);

/*
 * Measures the offset again. True if the wall clock was set since then, by more than 1 ms; *clock
 * then has the new offset.
 */
bool clock_follow(struct clock *clock);

#endif
