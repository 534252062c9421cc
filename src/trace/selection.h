/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the user asks to see: the values of the options that select sessions and transitions. What
 * is empty, or 0, was not asked for.
 */
#ifndef TCPSTATES_TRACE_SELECTION_H
#define TCPSTATES_TRACE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/nets.h"
#include "lib/numbers.h"
#include "trace/cgroup.h"
#include "trace/port.h"
#include "trace/transition.h"

/* Texts of a list. */
struct texts {
	char **text;
	size_t count;
};

struct selection {
	/* the session */
	bool ipv4; /* one of the two families only, */
	bool ipv6;
	struct port_set lports;
	struct port_set rports;
	struct nets locals;
	struct nets remotes;
	struct numbers pids;
	struct texts comms; /* patterns of fnmatch(3) */
	struct numbers uids;
	struct numbers namespaces;
	struct texts cgroups; /* paths below the cgroup2 hierarchy's root, "/" for the root */
	struct numbers cgroup_ids;

	/* the transition */
	unsigned int from; /* sets of states (state.h) */
	unsigned int to;
	unsigned int either;
	uint64_t least_ns;
	uint64_t causes; /* cause c is bit c */
};

/*
 * Each adds one element of a list. False when text is none, or names nothing that there is; without
 * memory too.
 */
bool selection_add_pid(struct selection *selection, const char *text);
bool selection_add_comm(struct selection *selection, const char *text);
bool selection_add_user(struct selection *selection, const char *text);
bool selection_add_namespace(struct selection *selection, const char *text);
bool selection_add_cgroup(struct selection *selection, const char *text);
bool selection_add_cause(struct selection *selection, const char *text);

/* Milliseconds, with up to six decimals. */
bool selection_set_least(struct selection *selection, const char *text);

/* When all is added: makes the sets fit for use. */
void selection_finish(struct selection *selection);

/* Whether it asks for what only the details of a record tell. */
bool selection_wants_details(const struct selection *selection);

/*
 * What can match nothing is a mistake: what the user is told of it, or NULL. has_minisocks: whether
 * something that is printed or recorded has TIME_WAIT.
 */
const char *selection_check(const struct selection *selection, bool has_minisocks);

/*
 * A cgroup asked for that this machine does not have: true, and its path or number. Without a
 * cgroup2 hierarchy there are none.
 */
bool selection_find_missing_cgroup(const struct selection *selection,
				   char missing[CGROUP_PATH_SIZE]);

void selection_free(struct selection *selection);

#endif
