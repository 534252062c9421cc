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

#include "trace/cgroup.h"
#include "trace/selection.h"
#include "trace/transition.h"

struct filter {
	const struct selection *selection; /* borrowed */
	struct cgroups *cgroups;           /* borrowed */
	bool has_requests; /* half-open sessions, which no bcc output has, match too */
	bool is_specific;  /* something beyond families and ports is asked for */
	bool is_open;      /* nothing is: all match, except half-open sessions */
	uint64_t until_ns; /* monotonic; later transitions do not match */
};

/*
 * start_ns: when tracing began (CLOCK_MONOTONIC); duration_ns: how long it goes on, 0: no limit.
 * selection and cgroups live as long as the filter.
 */
void filter_init(struct filter *filter, const struct selection *selection, bool has_requests,
		 uint64_t start_ns, uint64_t duration_ns, struct cgroups *cgroups);

/* For filter_match(). */
bool filter_judge(const struct filter *filter, const struct transition *transition);

static inline bool filter_match(const struct filter *filter, const struct transition *transition)
{
	return (filter->is_open && !transition_is_of_minisock(transition)) ||
	       filter_judge(filter, transition);
}

#endif
