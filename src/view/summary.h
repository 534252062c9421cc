/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For each group of transitions: their number, the sessions in it now, and the durations. The
 * statistics of each interval (lately) are added to those of the whole run (whole).
 */
#ifndef TCPSTATES_VIEW_SUMMARY_H
#define TCPSTATES_VIEW_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/histogram.h"
#include "trace/cgroup.h"
#include "trace/grouping.h"
#include "trace/tally.h"
#include "trace/transition.h"
#include "view/presence.h"

/* At most this many groups; transitions of further ones share one group. */
#define SUMMARY_GROUPS_MAX 100000

struct summary_stats {
	uint64_t entered;       /* transitions into the state, or along the edge */
	uint64_t at_least;      /* those out of it: duration known only as a lower bound, */
	uint64_t unknown;       /* or not at all; neither is in times */
	struct histogram times; /* other durations of transitions out of it, in nanoseconds */
};

struct summary_group {
	struct hash_entry by_key; /* first member: cast from struct hash_entry * */
	struct group_key key;
	uint32_t place; /* index in groups */
	int64_t now;    /* sessions; may be below 0 if starts were not seen */
	struct summary_stats lately;
	struct summary_stats whole; /* without lately */
};

/* Initialized with zeros, except for what the caller sets. */
struct summary {
	const struct grouping *grouping; /* set by the caller */
	struct cgroups *cgroups;         /* set by the caller: paths are looked up early */
	bool is_tallied;   /* set by the caller: most transitions come by summary_take_tally(), */
	bool has_syn_sent; /* but none of SYN_SENT does */

	struct summary_group **groups;
	size_t count;
	size_t room;
	struct hash by_key;
	struct summary_group *other; /* for transitions beyond SUMMARY_GROUPS_MAX; NULL: none yet */
	uint64_t others;             /* transitions counted there */
	uint64_t unheard;            /* transitions not counted: out of memory */
	struct presences presences;
};

/*
 * Takes a transition or a snapshot (FACT_STANDING). Only those that match are counted; the others
 * update the current group of their session.
 */
void summary_take(struct summary *summary, const struct transition *transition, bool is_match);

/* The same for many transitions with the same states and keys; all of them match. */
void summary_take_tally(struct summary *summary, const struct tally *tally);

/* Adds lately to whole, and clears lately. */
void summary_turn(struct summary *summary);

static inline bool summary_is_other(const struct summary *summary,
				    const struct summary_group *group)
{
	return group == summary->other;
}

/*
 * The groups with anything to report (in lately or in whole), longest total time first. The caller
 * frees the array, not the groups. NULL if out of memory.
 */
const struct summary_group **summary_sort(const struct summary *summary, bool is_lately,
					  size_t *count);

void summary_close(struct summary *summary);

#endif
