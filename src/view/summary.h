/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the time goes: of each group of transitions how many, how many sessions are in it now, and
 * how long they took. What came lately adds up to the whole.
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

/* So many groups are kept apart; what belongs to further ones is in one of its own. */
#define SUMMARY_GROUPS_MAX 100000

struct summary_stats {
	uint64_t entered;       /* changes into the group's state; of an edge, along it */
	uint64_t at_least;      /* changes out of it of which only a lower bound is known, */
	uint64_t unknown;       /* and of which not even that; neither is in times */
	struct histogram times; /* nanoseconds in it, of changes out of it */
};

struct summary_group {
	struct hash_entry by_key; /* first: a struct hash_entry * is one of these */
	struct group_key key;
	uint32_t place; /* in groups */
	int64_t now;    /* sessions; may be below 0 where their beginning was not seen */
	struct summary_stats lately;
	struct summary_stats whole; /* without lately */
};

/* Zeroed at first, but for what the user sets. */
struct summary {
	const struct grouping *grouping; /* set by the user */
	struct cgroups *cgroups;         /* set by the user: paths are asked for early */
	bool is_tallied;   /* set by the user: most transitions come by summary_take_tally(), */
	bool has_syn_sent; /* but none of SYN_SENT does */

	struct summary_group **groups;
	size_t count;
	size_t room;
	struct hash by_key;
	struct summary_group *other; /* of what has no group of its own; NULL: there is none yet */
	uint64_t others;             /* transitions counted there */
	uint64_t unheard;            /* transitions that there was no memory for */
	struct presences presences;
};

/*
 * Takes a transition as the source has it, FACT_STANDING ones too. Only those that match count; the
 * others tell where sessions are.
 */
void summary_take(struct summary *summary, const struct transition *transition, bool is_match);

/* The same of many that are alike; all of them match. */
void summary_take_tally(struct summary *summary, const struct tally *tally);

/* Adds what came lately to the whole, and begins anew. */
void summary_turn(struct summary *summary);

static inline bool summary_is_other(const struct summary *summary,
				    const struct summary_group *group)
{
	return group == summary->other;
}

/*
 * The groups that have something to say (lately, or else on the whole): most time first. Freed by
 * the caller; NULL without memory, or when there are none.
 */
const struct summary_group **summary_sort(const struct summary *summary, bool is_lately,
					  size_t *count);

void summary_close(struct summary *summary);

#endif
