// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Matches transitions against the selection: one predicate for each member. */
#include <fnmatch.h>
#include <string.h>

#include "trace/cause.h"
#include "trace/filter.h"
#include "trace/state.h"

/* Whether any filter beyond families and ports is set. */
static bool is_specific(const struct selection *selection)
{
	return selection_wants_details(selection) || selection->locals.count ||
	       selection->remotes.count || selection->from || selection->to || selection->either ||
	       selection->least_ns;
}

void filter_init(struct filter *filter, const struct selection *selection, bool has_requests,
		 uint64_t start_ns, uint64_t duration_ns, struct cgroups *cgroups)
{
	filter->selection = selection;
	filter->has_requests = has_requests;
	filter->cgroups = cgroups;
	filter->is_specific = is_specific(selection);
	filter->until_ns = UINT64_MAX;
	if (duration_ns && duration_ns < UINT64_MAX - start_ns)
		filter->until_ns = start_ns + duration_ns;
	filter->is_open = !filter->is_specific && filter->until_ns == UINT64_MAX &&
			  !selection->ipv4 && !selection->ipv6 && !selection->lports.is_given &&
			  !selection->rports.is_given;
	/* In a live trace these cgroups exist now, but may be gone when their paths are needed. */
	for (size_t i = 0; i < selection->cgroup_ids.count; i++)
		cgroups_find(cgroups, selection->cgroup_ids.sorted[i]);
}

static bool ip_matches(const struct selection *selection, uint8_t ip)
{
	return !(selection->ipv4 && ip != 4) && !(selection->ipv6 && ip != 6);
}

static bool port_matches(const struct port_set *set, uint16_t port)
{
	return !set->is_given || port_set_has(set, port);
}

static bool address_matches(const struct nets *nets, const uint8_t *address)
{
	return !nets->count || nets_has(nets, address);
}

static bool number_matches(const struct numbers *numbers, uint64_t number)
{
	return !numbers->count || numbers_has(numbers, number);
}

static bool states_match(const struct selection *selection, const struct transition *t)
{
	unsigned int from = STATE_BIT(t->oldstate), to = STATE_BIT(t->newstate);

	/* It has not left its state. */
	if (selection->from && transition_is_at_end(t))
		return false;
	return (!selection->from || selection->from & from) &&
	       (!selection->to || selection->to & to) &&
	       (!selection->either || selection->either & (from | to));
}

/* Approximate durations and lower bounds count as well. */
static bool duration_matches(const struct selection *selection, const struct transition *t)
{
	return !selection->least_ns ||
	       (t->flags & TRANSITION_DURATION_MASK && t->duration_ns >= selection->least_ns);
}

/* name: TRANSITION_COMM_SIZE bytes. */
static bool comm_matches(const struct texts *patterns, const char *name)
{
	char comm[TRANSITION_COMM_SIZE + 1] = "";

	if (!patterns->count)
		return true;
	memcpy(comm, name, TRANSITION_COMM_SIZE);
	for (size_t i = 0; *comm && i < patterns->count; i++)
		if (!fnmatch(patterns->text[i], comm, 0))
			return true;
	return false;
}

static bool cgroup_matches(const struct filter *filter, uint64_t cgroup)
{
	const struct selection *selection = filter->selection;

	if (!selection->cgroups.count && !selection->cgroup_ids.count)
		return true;
	if (!cgroup)
		return false;
	if (numbers_has(&selection->cgroup_ids, cgroup))
		return true;
	for (size_t i = 0; i < selection->cgroups.count; i++)
		if (cgroups_is_in(filter->cgroups, cgroup, selection->cgroups.text[i]))
			return true;
	for (size_t i = 0; i < selection->cgroup_ids.count; i++)
		if (cgroups_is_in_id(filter->cgroups, cgroup, selection->cgroup_ids.sorted[i]))
			return true;
	return false;
}

static bool cause_matches(const struct selection *selection, const struct transition *t)
{
	return !selection->causes || selection->causes >> cause_of(t) & 1;
}

static bool uid_matches(const struct numbers *uids, const struct transition *t)
{
	return !uids->count || (!transition_is_found(t) && numbers_has(uids, t->uid));
}

static bool details_match(const struct filter *filter, const struct transition *t)
{
	const struct selection *selection = filter->selection;

	if (!selection_wants_details(selection))
		return true;
	return transition_has_details(t) && number_matches(&selection->pids, t->pid) &&
	       uid_matches(&selection->uids, t) &&
	       number_matches(&selection->namespaces, t->netns) &&
	       comm_matches(&selection->comms, t->comm) && cgroup_matches(filter, t->cgroup) &&
	       cause_matches(selection, t);
}

static bool selection_matches(const struct filter *filter, const struct transition *t)
{
	const struct selection *selection = filter->selection;

	return address_matches(&selection->locals, t->laddr) &&
	       address_matches(&selection->remotes, t->raddr) && states_match(selection, t) &&
	       duration_matches(selection, t) && details_match(filter, t);
}

bool filter_excludes(const struct filter *filter, const struct transition *t)
{
	return transition_has_details(t) && t->netns &&
	       !number_matches(&filter->selection->namespaces, t->netns);
}

bool filter_judge(const struct filter *filter, const struct transition *transition)
{
	const struct selection *selection = filter->selection;

	return (!transition_is_half_open(transition) || filter->has_requests) &&
	       transition->time_ns <= filter->until_ns && ip_matches(selection, transition->ip) &&
	       port_matches(&selection->lports, transition->lport) &&
	       port_matches(&selection->rports, transition->rport) &&
	       (!filter->is_specific || selection_matches(filter, transition));
}

static bool key_matches(const struct selection *selection, const struct reset_key *key)
{
	return ip_matches(selection, key->ip) && port_matches(&selection->lports, key->lport) &&
	       port_matches(&selection->rports, key->rport) &&
	       address_matches(&selection->locals, key->laddr) &&
	       address_matches(&selection->remotes, key->raddr) &&
	       number_matches(&selection->namespaces, key->netns);
}

bool filter_match_resets(const struct filter *filter, const struct reset_count *count)
{
	const struct selection *selection = filter->selection;

	return count->first_ns <= filter->until_ns && !selection_excludes_resets(selection) &&
	       (count->key.flags & RESET_OF_REST || key_matches(selection, &count->key));
}

static bool listener_matches(const struct filter *filter, const struct listener *report)
{
	const struct selection *selection = filter->selection;

	return ip_matches(selection, report->ip) &&
	       port_matches(&selection->lports, report->lport) &&
	       address_matches(&selection->locals, report->laddr) &&
	       number_matches(&selection->pids, report->pid) &&
	       number_matches(&selection->uids, report->uid) &&
	       number_matches(&selection->namespaces, report->netns) &&
	       comm_matches(&selection->comms, report->comm) &&
	       cgroup_matches(filter, report->cgroup);
}

bool filter_match_listener(const struct filter *filter, const struct listener *report)
{
	return report->time_ns <= filter->until_ns &&
	       !selection_excludes_listeners(filter->selection) &&
	       (report->event == LISTENER_ACCEPTED || listener_matches(filter, report));
}

bool filter_match_ports(const struct filter *filter, const struct port_space *space)
{
	return space->time_ns <= filter->until_ns &&
	       number_matches(&filter->selection->namespaces, space->netns);
}
