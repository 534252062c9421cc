/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the user selects: the values of the options that filter sessions and transitions. Empty or
 * 0 means that the option was not given.
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

/* The directory where ip-netns(8) keeps the names of network namespaces. */
#define NAMESPACES_FOLDER "/run/netns/"

/* A list of texts. */
struct texts {
	char **text;
	size_t count;
};

struct selection {
	/* the session */
	bool ipv4; /* only this family */
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
 * Each adds one element to a list. False if text is invalid or names something that does not exist,
 * or if out of memory.
 */
bool selection_add_pid(struct selection *selection, const char *text);
bool selection_add_comm(struct selection *selection, const char *text);
bool selection_add_user(struct selection *selection, const char *text);
bool selection_add_namespace(struct selection *selection, const char *text);
bool selection_add_cgroup(struct selection *selection, const char *text);
bool selection_add_cause(struct selection *selection, const char *text);

/* Milliseconds, with up to six decimals. */
bool selection_set_least(struct selection *selection, const char *text);

/* Sorts the sets. Call it after the last element is added. */
void selection_finish(struct selection *selection);

/* Whether a filter needs the details of a record. */
bool selection_wants_details(const struct selection *selection);

/*
 * The option of a filter that no packet without a session can match, since it has neither owner,
 * state nor cause; NULL: there is none.
 */
const char *selection_excludes_resets(const struct selection *selection);

/* The same for listeners, which have neither peer, state nor cause. */
const char *selection_excludes_listeners(const struct selection *selection);

/*
 * A filter that cannot match anything is an error: returns the message for the user, or NULL.
 * has_minisocks: whether any output or recording includes TIME_WAIT.
 */
const char *selection_check(const struct selection *selection, bool has_minisocks);

/*
 * True if a selected cgroup does not exist on this machine; missing is then its path or number.
 * Without a cgroup2 hierarchy no cgroup exists.
 */
bool selection_find_missing_cgroup(const struct selection *selection,
				   char missing[CGROUP_PATH_SIZE]);

void selection_free(struct selection *selection);

#endif
