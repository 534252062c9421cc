/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many sessions were stuck: by state, owner and remote address. */
#ifndef TCPSTATES_VIEW_STUCK_COUNT_H
#define TCPSTATES_VIEW_STUCK_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

struct stuck_count {
	struct hash_entry by_key; /* first: a struct hash_entry * is one of these */
	struct transition first;  /* the first of them */
	uint64_t total;           /* that were stuck, each once in each state */
	uint64_t now;             /* that still are */
	size_t order;             /* in which they came */
	uint8_t state;
	bool has_lport; /* all have that of the first one, */
	bool has_rport;
	bool is_rest; /* of all owners and remotes that there was no room for */
};

/* So many combinations are told apart, at most; for the others there is one count. */
#define STUCK_COUNTS_MAX 16384

/* Zeroed at first. */
struct stuck_counts {
	struct hash by_key;
	struct stuck_count **sorted; /* by stuck_counts_sort() */
	struct stuck_count rest;
};

/* One more in state, as t has it. Never NULL: it is to be told, by --now, when it leaves. */
struct stuck_count *stuck_counts_add(struct stuck_counts *counts, const struct transition *t,
				     uint8_t state);

/* And this many of them have a row: the others are in that of the rest. */
#define STUCK_COUNT_ROWS_MAX 1000

/*
 * Fills in sorted, once, at the end: those with most first, and the rest last. How many; 0 without
 * memory.
 */
size_t stuck_counts_sort(struct stuck_counts *counts);

void stuck_counts_close(struct stuck_counts *counts);

#endif
