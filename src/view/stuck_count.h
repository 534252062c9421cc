/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts of stuck sessions, by state, owner and remote address. */
#ifndef TCPSTATES_VIEW_STUCK_COUNT_H
#define TCPSTATES_VIEW_STUCK_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/owner.h"
#include "trace/transition.h"

/*
 * Whether a session that is or was in state has been accepted, by its most recent record. If that
 * is the change by which it entered the state, it may have been accepted since.
 */
enum accepted stuck_accepted(const struct transition *t, uint8_t state);

struct stuck_count {
	struct hash_entry by_key; /* first member: cast from struct hash_entry * */
	struct transition first;  /* of the first session; its owner a guess if guesses is not 0 */
	uint64_t total;           /* sessions that were stuck, each once per state */
	uint64_t now;             /* sessions that are still stuck */
	uint64_t guesses;         /* sessions whose owner is a guess */
	uint64_t unaccepted;      /* sessions that no process has accepted */
	size_t order;             /* order of creation */
	uint8_t state;
	bool is_stall;  /* of the limit of stalled sessions */
	bool has_lport; /* all sessions share first.lport */
	bool has_rport; /* all sessions share first.rport */
	bool is_rest;   /* all owners and remote addresses beyond the limit */
};

/* At most this many combinations have their own count; the others share one. */
#define STUCK_COUNTS_MAX 16384

/* Initialized with zeros. */
struct stuck_counts {
	struct hash by_key;
	struct stuck_count **sorted; /* by stuck_counts_sort() */
	struct stuck_count rest;
};

/* Counts one more session in state, or one that is stalled in it. Never NULL; decrement now when
 * the session leaves. */
struct stuck_count *stuck_counts_add(struct stuck_counts *counts, const struct transition *t,
				     uint8_t state, bool is_stall);

/*
 * A later record of a session that is counted, and whose owner was a guess: it may be none any
 * more. Returns whether it still is.
 */
bool stuck_count_confirm(struct stuck_count *count, const struct transition *t);

/* The same for a session that is counted as not accepted. */
bool stuck_count_accept(struct stuck_count *count, const struct transition *t);

/* At most this many counts have a row; the others are in the row of the rest. */
#define STUCK_COUNT_ROWS_MAX 1000

/*
 * Fills in sorted: highest total first, and the rest last. Call it once, at the end. Returns how
 * many there are; 0 if out of memory.
 */
size_t stuck_counts_sort(struct stuck_counts *counts);

void stuck_counts_close(struct stuck_counts *counts);

#endif
