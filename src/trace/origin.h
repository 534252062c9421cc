/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a trace comes from, for outputs: the same for the kernel and for a recording. */
#ifndef TCPSTATES_TRACE_ORIGIN_H
#define TCPSTATES_TRACE_ORIGIN_H

#include <stdbool.h>

#include "trace/cgroup.h"
#include "trace/clock.h"

/* The source owns all that the pointers refer to; they are valid as long as the source. */
struct origin {
	const struct clock *clock; /* its offset may change during the trace */
	struct cgroups *cgroups;   /* paths by id; a lookup may add one */
	const char *host;          /* name of the traced machine: RECORDING_NAME_SIZE bytes */
	const char *kernel;        /* its kernel release, likewise */
	bool has_tallies;          /* where possible, transitions for a summary arrive as tallies */
	/* Why the source has no resets for packets of no session, for a message; NULL: it has. */
	const char *resets_lack;
	const char *listeners_lack; /* likewise, no reports on listeners */
	/* Likewise, why the local ports of network namespaces are not known. */
	const char *ports_lack;
};

#endif
