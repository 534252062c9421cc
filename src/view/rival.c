// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Remembers the latest connections of processes, by remote port and address family. */
#include <stdbool.h>
#include <stdlib.h>

#include "lib/address.h"
#include "trace/state.h"
#include "view/rival.h"

static bool is_client(const struct session *session)
{
	return session->role == SESSION_CLIENT && session->is_begun && session->last.pid;
}

/* A fixed place, not a random one: what is printed must not depend on it. */
static unsigned int place_number(const struct transition *t)
{
	uint64_t key = (uint64_t)t->pid << 32 ^ (uint64_t)t->netns << 16 ^ t->rport;

	return (unsigned int)(key * 0x9e3779b97f4a7c15 >> 54);
}

_Static_assert(RIVAL_PLACES == 1 << (64 - 54), "each number is a place");

static bool is_place_of(const struct rival_place *place, const struct transition *t)
{
	return place->pid == t->pid && place->netns == t->netns && place->port == t->rport;
}

/* Addresses count, not sockets: an IPv6 socket may connect to an IPv4 address. */
static int family_of(const struct transition *t)
{
	return address_is_ipv4(t->raddr) ? 0 : 1;
}

void rivals_note(struct rivals *rivals, const struct session *session)
{
	const struct transition *t = &session->last;
	struct rival_place *place;
	int family = family_of(t);

	if (!is_client(session))
		return;
	if (!rivals->places)
		rivals->places = calloc(RIVAL_PLACES, sizeof(*rivals->places));
	if (!rivals->places)
		return;
	place = &rivals->places[place_number(t)];
	if (!is_place_of(place, t))
		*place = (struct rival_place){.pid = t->pid, .netns = t->netns, .port = t->rport};
	place->rivals[family][place->next[family]] =
		(struct rival){.began_ns = session->first_ns, .ready_ns = t->time_ns};
	place->next[family] = (place->next[family] + 1) % RIVAL_ROOM;
}

/* How long after the session it began; 0: the session was not given up for it. */
static uint64_t distance_of(const struct rival *rival, const struct session *session)
{
	uint64_t begin_ns = session->first_ns, end_ns = session->last.time_ns;

	if (!rival->ready_ns || rival->began_ns < begin_ns + RIVAL_LEAST_NS ||
	    rival->began_ns > begin_ns + RIVAL_MOST_NS || rival->ready_ns > end_ns ||
	    end_ns - rival->ready_ns > RIVAL_CLOSE_NS)
		return 0;
	return rival->began_ns - begin_ns;
}

uint64_t rivals_find(const struct rivals *rivals, const struct session *session)
{
	const struct transition *t = &session->last;
	const struct rival_place *place;
	unsigned int count = 0;
	uint64_t least = 0;

	if (!rivals->places || !is_client(session))
		return 0;
	place = &rivals->places[place_number(t)];
	if (!is_place_of(place, t))
		return 0;
	for (int i = 0; i < RIVAL_ROOM; i++) {
		uint64_t distance = distance_of(&place->rivals[!family_of(t)][i], session);

		count += distance > 0;
		if (distance && (!least || distance < least))
			least = distance;
	}
	/* A process that connects all the time has always one that fits. */
	return count < RIVAL_ROOM ? least : 0;
}

void rivals_close(struct rivals *rivals)
{
	free(rivals->places);
	rivals->places = NULL;
}
