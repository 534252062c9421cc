/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions that an output is about to report, but that the scan before did not find in their state:
 * their sockets may no longer exist.
 */
#ifndef TCPSTATES_TRACE_DOUBTS_H
#define TCPSTATES_TRACE_DOUBTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

struct doubt {
	struct hash_entry by_skaddr; /* first member: cast from struct hash_entry * */
	struct doubt *next;          /* in the order in which they were added */
	struct transition last;      /* the most recent record of the session */
	bool is_gone;                /* set by the source */
};

/* Initialized with zeros. */
struct doubts {
	struct hash by_skaddr;
	struct doubt *first;
	struct doubt *newest;
	size_t count;
};

/* Adds a copy of the most recent record of a session. Without memory, there is no doubt. */
void doubts_add(struct doubts *doubts, const struct transition *last);

/* NULL: none. */
struct doubt *doubts_find(const struct doubts *doubts, uint64_t skaddr);

void doubts_close(struct doubts *doubts);

#endif
