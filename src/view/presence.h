/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where each session is now: which group it was counted in last. 16 bytes a session, so that a
 * million of them is no matter. Listeners are among them.
 */
#ifndef TCPSTATES_VIEW_PRESENCE_H
#define TCPSTATES_VIEW_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/transition.h"

/* So many are followed at most; those beyond are counted. */
#define PRESENCES_MAX ((size_t)1 << 22)

#define PRESENT_NOWHERE UINT32_MAX

struct presence {
	uint64_t id;    /* 0: an empty place */
	uint32_t group; /* set by the user; PRESENT_NOWHERE at first */
};

/* Zeroed at first. */
struct presences {
	struct presence *places; /* a hash table, half empty at least */
	size_t room;             /* a power of two, or 0 */
	size_t count;
	uint64_t untracked; /* sessions that there was no room for */
};

/* The session of a transition before it. NULL: not known. Valid until the next call. */
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

void presences_remove(struct presences *presences, struct presence *presence);

void presences_close(struct presences *presences);

#endif
