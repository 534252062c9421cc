/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run needs of its source: the sum of what its outputs declare, and the filter. Sources and
 * the kernel program are set up by it alone.
 */
#ifndef TCPSTATES_TRACE_WANTS_H
#define TCPSTATES_TRACE_WANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/grouping.h"
#include "trace/limits.h"
#include "trace/selection.h"

struct wants {
	const struct selection *selection; /* borrowed; what the source may leave out */
	bool details;                      /* members of version 2 and later (transition.h) */
	bool minisocks;   /* what becomes of a session without a socket: TIME_WAIT, orphans */
	bool snapshots;   /* sessions that were there before, and those that stay in a state */
	bool requests;    /* half-open sessions, while they last */
	bool half_open;   /* the beginning and end of each of them */
	bool transitions; /* each transition by itself; else tallies will do */
	bool rejected;    /* those that the filter rejects too, so that sessions are known whole */
	const struct grouping *grouping; /* borrowed; of tallies. NULL: none are wanted */
	struct state_limits scan_limits; /* scan for sessions that stay in a state this long */
	uint64_t buffer_size; /* of the ring buffer: bytes, a power of two of at least a page */
};

#endif
