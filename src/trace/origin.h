/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a trace is from, as outputs need to know it: the same for the kernel and for a recording.
 */
#ifndef TCPSTATES_TRACE_ORIGIN_H
#define TCPSTATES_TRACE_ORIGIN_H

#include <stdbool.h>

#include "trace/cgroup.h"
#include "trace/clock.h"

/* What is pointed to is the source's, and stays in place as long as it. */
struct origin {
	const struct clock *clock; /* its offset may change while the trace goes on */
	struct cgroups *cgroups;   /* paths by id: asking may add to them */
	const char *host;          /* the traced machine's name, of RECORDING_NAME_SIZE bytes, */
	const char *kernel;        /* and its kernel's release, likewise */
	bool has_tallies; /* transitions that a summary counts come added up, where they can */
};

#endif
