/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a transition must match to be shown. The kernel program decides the same earlier, where it
 * can (filter_passes() in bpf/tcpstates.bpf.c); live and replay then agree because both come
 * through here.
 */
#ifndef TCPSTATES_TRACE_FILTER_H
#define TCPSTATES_TRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "trace/cgroup.h"
#include "trace/transition.h"

struct filter {
	const struct options *options; /* borrowed */
	struct cgroups *cgroups;       /* borrowed */
	bool has_selection;            /* something beyond families and ports is asked for */
	bool is_open;                  /* nothing is: all pass, but what only --half-open shows */
	uint64_t until_ns;             /* monotonic; later transitions do not match */
};

/* start_ns: when tracing began (CLOCK_MONOTONIC). */
void filter_init(struct filter *filter, const struct options *options, uint64_t start_ns,
		 struct cgroups *cgroups);

/* For filter_match(). */
bool filter_judge(const struct filter *filter, const struct transition *transition);

static inline bool filter_match(const struct filter *filter, const struct transition *transition)
{
	return (filter->is_open && !(transition->flags & TRANSITION_OF_MINISOCK)) ||
	       filter_judge(filter, transition);
}

#endif
