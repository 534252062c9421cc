/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The current group of each session: the one it was last counted in. 56 bytes per session.
 * Listeners are included.
 */
#ifndef TCPSTATES_VIEW_PRESENCE_H
#define TCPSTATES_VIEW_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

/* At most this many sessions are followed; further ones are counted in untracked. */
#define PRESENCES_MAX ((size_t)1 << 22)

#define PRESENT_NOWHERE UINT32_MAX

struct presence {
	struct hash_entry by_id; /* first member: cast from struct hash_entry * */
	uint64_t id;
	uint32_t group; /* set by the caller; initially PRESENT_NOWHERE */
};

/* Initialized with zeros, except size. */
struct presences {
	/* Bytes of each, zeroed at first, of which the first are its presence; 0: no more. */
	size_t size;
	struct hash by_id;
	uint64_t untracked; /* sessions not followed, for lack of room */
};

/* Finds the session as it was before the transition. NULL: not known. */
struct presence *presences_find(const struct presences *presences,
				const struct transition *transition);

/* Finds the minisock of a transition to or of one, if a snapshot has added it. NULL: it has not. */
struct presence *presences_find_minisock(const struct presences *presences,
					 const struct transition *transition);

/* Finds the request socket of the transition's socket by its cookie. NULL: not known. */
struct presence *presences_find_request(const struct presences *presences,
					const struct transition *transition);

/*
 * Finds or adds the session as it is after the transition; a new one is in PRESENT_NOWHERE. NULL if
 * there is no room.
 */
struct presence *presences_add(struct presences *presences, const struct transition *transition);

/* The same if the session before is known (or NULL). Frees before if the ID changes. */
struct presence *presences_update(struct presences *presences, struct presence *before,
				  const struct transition *transition);

void presences_remove(struct presences *presences, struct presence *presence);

void presences_close(struct presences *presences);

#endif
