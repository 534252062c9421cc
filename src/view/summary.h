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

#include "lib/histogram.h"
#include "trace/grouping.h"
#include "trace/tally.h"
#include "trace/transition.h"
#include "view/group_table.h"
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
	struct keyed_group keyed; /* first member: cast from struct keyed_group * */
	int64_t now;              /* sessions; may be below 0 if starts were not seen */
	struct summary_stats lately;
	struct summary_stats whole; /* without lately */
};

/* Initialized by summary_init(). */
struct summary {
	const struct grouping *grouping;
	bool is_tallied;   /* set by the caller: most transitions come by summary_take_tally(), */
	bool has_syn_sent; /* but none of SYN_SENT does */

	struct group_table table;
	uint64_t others;  /* transitions counted in the group of the rest */
	uint64_t unheard; /* transitions not counted: out of memory */
	struct presences presences;
};

/* Both are borrowed. cgroups: paths are looked up early; may be NULL. */
void summary_init(struct summary *summary, const struct grouping *grouping,
		  struct cgroups *cgroups);

/*
 * Takes a transition or a snapshot (FACT_STANDING). Only those that match are counted; the others
 * update the current group of their session.
 */
void summary_take(struct summary *summary, const struct transition *transition, bool is_match);

/* The same for many transitions with the same states and keys; all of them match. */
void summary_take_tally(struct summary *summary, const struct tally *tally);

/* Adds lately to whole, and clears lately. */
void summary_turn(struct summary *summary);

/*
 * The groups with anything to report (in lately or in whole), longest total time first. The caller
 * frees the array, not the groups. NULL if out of memory.
 */
const struct keyed_group **summary_sort(const struct summary *summary, bool is_lately,
					size_t *count);

void summary_close(struct summary *summary);

#endif
