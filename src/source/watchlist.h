/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Minisocks to check later: found by endpoints, by cookie, by kernel address, and by the time of
 * the next check.
 */
#ifndef TCPSTATES_SOURCE_WATCHLIST_H
#define TCPSTATES_SOURCE_WATCHLIST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/heap.h"
#include "trace/transition.h"

struct watched {
	struct heap_entry turn; /* first: a struct heap_entry * points to one of these */
	struct transition t;    /* began it; newstate: its present state, since time_ns */
	struct hash_entry by_ends;
	struct hash_entry by_cookie;  /* if it has a cookie */
	struct hash_entry by_address; /* if t.minisock is known, and it is no request socket */
	uint64_t seen_ns;             /* when it last was in its state, as far as known */
	uint64_t gone_ns;             /* of a request: when it was found gone; 0: not yet */
};

/* Zeroed at first. */
struct watchlist {
	struct hash by_ends;
	struct hash by_cookie;
	struct hash by_address;
	struct heap turns;
};

/* NULL without memory. */
struct watched *watchlist_add(struct watchlist *list, const struct transition *t, uint64_t look_ns);

/* With the same addresses, ports and namespace; NULL: none. */
struct watched *watchlist_find_ends(const struct watchlist *list, const struct transition *t);

/* NULL: none. 0 matches nothing. Not request sockets, by their address. */
struct watched *watchlist_find_cookie(const struct watchlist *list, uint64_t cookie);
struct watched *watchlist_find_address(const struct watchlist *list, uint64_t address);

/* The entry with the earliest turn; NULL: the list is empty. */
struct watched *watchlist_first(const struct watchlist *list);

/* When to check it next. */
void watchlist_look_at(struct watchlist *list, struct watched *entry, uint64_t look_ns);

/* Also frees the entry. */
void watchlist_remove(struct watchlist *list, struct watched *entry);
void watchlist_close(struct watchlist *list);

#endif
