// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a transition must match: one predicate a member. */
#include "filter.h"

void filter_init(struct filter *filter, const struct options *options, uint64_t start_ns)
{
	filter->options = options;
	filter->until_ns = UINT64_MAX;
	if (options->duration_ns && options->duration_ns < UINT64_MAX - start_ns)
		filter->until_ns = start_ns + options->duration_ns;
}

static bool ip_matches(const struct options *options, uint8_t ip)
{
	return !(options->ipv4 && ip != 4) && !(options->ipv6 && ip != 6);
}

static bool port_matches(const struct port_set *set, uint16_t port)
{
	return !set->is_given || port_set_has(set, port);
}

bool filter_match(const struct filter *filter, const struct transition *transition)
{
	const struct options *options = filter->options;

	return transition->time_ns <= filter->until_ns && ip_matches(options, transition->ip) &&
	       port_matches(&options->lports, transition->lport) &&
	       port_matches(&options->rports, transition->rport);
}
