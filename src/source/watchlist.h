/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be looked at again: found by its ends, by its cookie, and by whose turn it is. */
#ifndef TCPSTATES_SOURCE_WATCHLIST_H
#define TCPSTATES_SOURCE_WATCHLIST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/heap.h"
#include "trace/transition.h"

struct watched {
	struct heap_entry turn; /* first: a struct heap_entry * is one of these */
	struct transition t;    /* that began it; newstate is its state now, time_ns since when */
	struct hash_entry by_ends;
	struct hash_entry by_cookie; /* unless it has none */
	uint64_t gone_ns;            /* a request's: when it was found gone; 0: it was not */
};

/* Zeroed at first. */
struct watchlist {
	struct hash by_ends;
	struct hash by_cookie;
	struct heap turns;
};

/* NULL without memory. */
struct watched *watchlist_add(struct watchlist *list, const struct transition *t, uint64_t look_ns);

/* With the same addresses, ports and namespace; NULL: none. A cookie of 0 is nobody's. */
struct watched *watchlist_find_ends(const struct watchlist *list, const struct transition *t);
struct watched *watchlist_find_cookie(const struct watchlist *list, uint64_t cookie);

/* Whose turn it is next; NULL: the list is empty. */
struct watched *watchlist_first(const struct watchlist *list);

/* When its turn is. */
void watchlist_look_at(struct watchlist *list, struct watched *entry, uint64_t look_ns);

/* Also frees the entry. */
void watchlist_remove(struct watchlist *list, struct watched *entry);
void watchlist_close(struct watchlist *list);

#endif
