/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run needs from its source: the union of what its outputs declare, and the filter. Only
 * this configures sources and the kernel program.
 */
#ifndef TCPSTATES_TRACE_WANTS_H
#define TCPSTATES_TRACE_WANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/grouping.h"
#include "trace/limits.h"
#include "trace/selection.h"

struct wants {
	const struct selection *selection; /* borrowed; the source may leave out what it rejects */
	bool details;                      /* members of version 2 and later (transition.h) */
	bool minisocks;      /* sessions that no longer have a socket: TIME_WAIT, orphans */
	bool snapshots;      /* sessions older than the trace, and those that stay in a state */
	bool requests;       /* pending half-open sessions */
	bool half_open;      /* their beginning and end */
	bool resets;         /* counts of those for packets of no session */
	bool listeners;      /* reports on listeners, */
	bool listener_scans; /* also from a scan before each tick */
	bool ports;          /* the local ports of each network namespace */
	bool owners;         /* owners are shown */
	bool transitions;    /* each transition; otherwise tallies are enough */
	bool rejected;       /* including those the filter rejects, so that sessions are complete */
	const struct grouping *grouping; /* borrowed; for tallies. NULL: no tallies */
	bool scan_at_end; /* of all sessions: the figures of those that are still open */
	struct state_limits scan_limits; /* scan for sessions that stay in a state this long */
	uint64_t buffer_size; /* of the ring buffer: bytes, a power of two of at least a page */
};

/* Whether anything else than resets for packets of no session. */
static inline bool wants_sessions(const struct wants *wants)
{
	return wants->transitions || wants->grouping || wants->listeners;
}

/* Whether the sockets are scanned before each tick. */
static inline bool wants_scans(const struct wants *wants)
{
	return wants->listener_scans || state_limits_are_given(&wants->scan_limits);
}

#endif
