// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Monotonic and wall time. */
#include <stdlib.h>
#include <time.h>

#include "trace/clock.h"

#define SAMPLES 5

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* One sample; *uncertainty_ns is the time that it took. */
static int64_t sample_offset(int64_t *uncertainty_ns)
{
	int64_t before = read_clock(CLOCK_MONOTONIC);
	int64_t wall = read_clock(CLOCK_REALTIME);
	int64_t after = read_clock(CLOCK_MONOTONIC);

	*uncertainty_ns = after - before;
	return wall - (before + *uncertainty_ns / 2);
}

int64_t clock_measure_offset(void)
{
	int64_t best_ns, uncertainty_ns;
	int64_t offset = sample_offset(&best_ns);

	for (int i = 1; i < SAMPLES; i++) {
		int64_t sample = sample_offset(&uncertainty_ns);

		if (uncertainty_ns < best_ns) {
			best_ns = uncertainty_ns;
			offset = sample;
		}
	}
	return offset;
}

bool clock_follow(struct clock *clock)
{
	int64_t uncertainty_ns;
	int64_t offset = sample_offset(&uncertainty_ns);

	if (llabs(offset - clock->wall_offset_ns) <= NSEC_PER_MSEC)
		return false;
	offset = clock_measure_offset();
	if (llabs(offset - clock->wall_offset_ns) <= NSEC_PER_MSEC)
		return false;
	clock->wall_offset_ns = offset;
	return true;
}
