/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where each session is now: which group it was counted in last. 56 bytes a session. Listeners are
 * among them.
 */
#ifndef TCPSTATES_VIEW_PRESENCE_H
#define TCPSTATES_VIEW_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

/* So many are followed at most; those beyond are counted. */
#define PRESENCES_MAX ((size_t)1 << 22)

#define PRESENT_NOWHERE UINT32_MAX

struct presence {
	struct hash_entry by_id; /* first: a struct hash_entry * is one of these */
	uint64_t id;
	uint32_t group; /* set by the user; PRESENT_NOWHERE at first */
};

/* Zeroed at first. */
struct presences {
	struct hash by_id;
	uint64_t untracked; /* sessions that there was no room for */
};

/* The session of a transition before it. NULL: not known. */
struct presence *presences_find(const struct presences *presences,
				const struct transition *transition);

/* The request that the socket of a transition has come of, by its cookie. NULL: not known. */
struct presence *presences_find_request(const struct presences *presences,
					const struct transition *transition);

/*
 * That session as it is after the transition: a new one if need be, in PRESENT_NOWHERE. NULL
 * without room.
 */
struct presence *presences_add(struct presences *presences, const struct transition *transition);

/* The same where the session before it is known, or NULL: then that one is not there any more. */
struct presence *presences_update(struct presences *presences, struct presence *before,
				  const struct transition *transition);

void presences_remove(struct presences *presences, struct presence *presence);

void presences_close(struct presences *presences);

#endif
