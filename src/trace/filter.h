/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a transition must match to be shown. Where it can, the kernel program applies the same
 * filter earlier (filter_passes() in bpf/tcpstates.bpf.c). Live and replay agree because both use
 * this filter.
 */
#ifndef TCPSTATES_TRACE_FILTER_H
#define TCPSTATES_TRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/cgroup.h"
#include "trace/listener.h"
#include "trace/port_space.h"
#include "trace/reset_count.h"
#include "trace/selection.h"
#include "trace/transition.h"

struct filter {
	const struct selection *selection; /* borrowed */
	struct cgroups *cgroups;           /* borrowed */
	bool has_requests; /* half-open sessions, which are not in bcc's outputs, match too */
	bool is_specific;  /* a filter beyond families and ports is set */
	bool is_open;      /* no filter is set: all match, except half-open sessions */
	uint64_t until_ns; /* monotonic; later transitions do not match */
};

/*
 * start_ns: when tracing began (CLOCK_MONOTONIC); duration_ns: how long it lasts, 0: no limit.
 * selection and cgroups must outlive the filter.
 */
void filter_init(struct filter *filter, const struct selection *selection, bool has_requests,
		 uint64_t start_ns, uint64_t duration_ns, struct cgroups *cgroups);

/* The slow path of filter_match(). */
bool filter_judge(const struct filter *filter, const struct transition *transition);

static inline bool filter_match(const struct filter *filter, const struct transition *transition)
{
	return (filter->is_open && !transition_is_of_minisock(transition)) ||
	       filter_judge(filter, transition);
}

/*
 * Whether no change of that session can match, now or later: it is in another network namespace,
 * which a session never leaves.
 */
bool filter_excludes(const struct filter *filter, const struct transition *transition);

/*
 * Families, ports, addresses and namespaces, of the packet. What found no room in a table has none
 * of these, so it always matches. False with any other filter: a packet of no session has neither
 * owner, state nor cause. Counts that begin after the end of the duration do not match.
 */
bool filter_match_resets(const struct filter *filter, const struct reset_count *count);

/*
 * Family, port, address, owner, namespace and cgroup of a listener. False with any other filter: a
 * listener has neither peer, state nor cause. An accept() always matches: whether its listener does
 * is not known here.
 */
bool filter_match_listener(const struct filter *filter, const struct listener *report);

/* Whether sessions of that network namespace can match. */
bool filter_match_ports(const struct filter *filter, const struct port_space *space);

#endif
