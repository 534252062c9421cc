/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For each group of sessions: how many have ended, how, after how long, and what they carried. The
 * statistics of each interval (lately) are added to those of the whole run (whole).
 */
#ifndef TCPSTATES_VIEW_SESSION_SUMMARY_H
#define TCPSTATES_VIEW_SESSION_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "trace/cause.h"
#include "trace/grouping.h"
#include "view/group_table.h"
#include "view/session_row.h"

/* At most this many groups; sessions of further ones share one group. */
#define SESSION_GROUPS_MAX 16384

/* Durations of sessions: those known exactly or approximately, and how many are lower bounds. */
struct session_times {
	struct histogram times; /* nanoseconds */
	uint64_t at_least;
};

struct session_stats {
	uint64_t sessions;              /* that have ended, */
	uint64_t lost;                  /* of which the end was not seen */
	uint64_t failed;                /* never established, or not ended in an orderly way */
	uint64_t failures[CAUSE_COUNT]; /* of these, by cause */
	uint64_t closed[CLOSER_COUNT];  /* which end closed first */
	struct session_times handshake;
	struct session_times life;
	uint64_t measured; /* sessions whose figures are known: */
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint64_t retrans;
	uint64_t counted;         /* those of which the segments are known, too: */
	uint64_t segs_out;        /* sent, */
	uint64_t counted_retrans; /* and retransmitted */
};

struct session_group {
	struct keyed_group keyed; /* first member: cast from struct keyed_group * */
	uint64_t open;            /* sessions that are open at the time of the report */
	struct session_stats lately;
	struct session_stats whole; /* without lately */
};

/* Initialized by session_summary_init(). */
struct session_summary {
	const struct grouping *grouping;
	struct group_table table;
	uint64_t unheard; /* sessions not counted: out of memory */
};

/* Both are borrowed. cgroups: paths are looked up early; may be NULL. */
void session_summary_init(struct session_summary *summary, const struct grouping *grouping,
			  struct cgroups *cgroups);

/* Counts a session that has ended, or whose end was not seen. */
void session_summary_take(struct session_summary *summary, const struct session_row *row);

/* Before a report: sets open to the number of these sessions, as far as they match the filter. */
void session_summary_count_open(struct session_summary *summary, const struct sessions *sessions);

/* Sessions in the group of the rest: those that have ended, and those open at the last report. */
uint64_t session_summary_others(const struct session_summary *summary);

/* Adds lately to whole, and clears lately. */
void session_summary_turn(struct session_summary *summary);

/* The most frequent cause of failures; CAUSE_UNKNOWN: that, or there is none. */
enum cause session_stats_leading_cause(const struct session_stats *stats);

/*
 * The groups with anything to report, those with most sessions first. The caller frees the array,
 * not the groups. NULL if out of memory.
 */
const struct keyed_group **session_summary_sort(const struct session_summary *summary,
						bool is_lately, size_t *count);

void session_summary_close(struct session_summary *summary);

#endif
