/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rejects values that no recorder writes. Recordings come from other machines, and checksums detect
 * damage, not intent. The code after this check relies on it.
 */
#ifndef TCPSTATES_TRACE_RECORDING_CHECK_H
#define TCPSTATES_TRACE_RECORDING_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/recording.h"
#include "trace/state.h"

/*
 * Monotonic times are below 36 years: CLOCK_MONOTONIC starts at boot. Durations are not limited: no
 * signed arithmetic and no loop depends on them.
 */
#define RECORDING_TIME_END (1ull << 60)

/* The sum with a monotonic time fits into 63 bits: from 1714 to 2225. */
#define RECORDING_OFFSET_MAX (INT64_MAX - (int64_t)RECORDING_TIME_END)

static inline bool state_is_known(unsigned int state)
{
	return state - STATE_ESTABLISHED <= STATE_NEW_SYN_RECV - STATE_ESTABLISHED;
}

/* recording_read() has checked the address family. */
static inline bool transition_is_possible(const struct transition *t)
{
	return state_is_known(t->oldstate) && state_is_known(t->newstate) &&
	       t->time_ns < RECORDING_TIME_END;
}

/* The slow path of recording_check(), for items of any kind. */
void recording_check_any(struct recording_item *item);

/* Turns an item with impossible values into RECORDING_CORRUPT, with the reason. */
static inline void recording_check(struct recording_item *item)
{
	if (item->kind != RECORDING_TRANSITION || !transition_is_possible(item->transition))
		recording_check_any(item);
}

#endif
