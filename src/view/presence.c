// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where each session is now. A socket is known by its address in the kernel, a minisock, whose
 * address another may have had, by its cookie; where kernels before 5.12 give it none, by its ends.
 * Addresses are near the end of all numbers, cookies near the beginning.
 */
#include <stdlib.h>
#include <string.h>

#include "view/presence.h"

#define FIRST_ROOM 1024

static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

static uint64_t id_of_ends(const struct transition *t)
{
	uint64_t half[4];

	memcpy(half, t->laddr, sizeof(t->laddr));
	memcpy(half + 2, t->raddr, sizeof(t->raddr));
	return mix(mix(mix(mix(mix(1, half[0]), half[1]), half[2]), half[3]),
		   (uint64_t)t->lport << 16 | t->rport) |
	       1;
}

static uint64_t id_of(const struct transition *t, bool is_minisock)
{
	if (!is_minisock)
		return t->skaddr;
	return t->cookie ? t->cookie : id_of_ends(t);
}

/* Where it is, or would be. */
static size_t place_of(const struct presences *presences, uint64_t id)
{
	size_t place = mix(0, id) & (presences->room - 1);

	while (presences->places[place].id && presences->places[place].id != id)
		place = (place + 1) & (presences->room - 1);
	return place;
}

static struct presence *find(const struct presences *presences, uint64_t id)
{
	struct presence *presence;

	if (!presences->room || !id)
		return NULL;
	presence = &presences->places[place_of(presences, id)];
	return presence->id ? presence : NULL;
}

struct presence *presences_find(const struct presences *presences, const struct transition *t)
{
	return find(presences, id_of(t, t->flags & TRANSITION_OF_MINISOCK));
}

struct presence *presences_find_request(const struct presences *presences,
					const struct transition *t)
{
	return find(presences, t->cookie);
}

/* False without memory. */
static bool grow(struct presences *presences)
{
	struct presences larger = *presences;

	larger.room = presences->room ? 2 * presences->room : FIRST_ROOM;
	larger.places = calloc(larger.room, sizeof(*larger.places));
	if (!larger.places)
		return false;
	for (size_t i = 0; i < presences->room; i++)
		if (presences->places[i].id)
			larger.places[place_of(&larger, presences->places[i].id)] =
				presences->places[i];
	free(presences->places);
	*presences = larger;
	return true;
}

struct presence *presences_add(struct presences *presences, const struct transition *t)
{
	uint64_t id = id_of(t, t->flags & (TRANSITION_OF_MINISOCK | TRANSITION_TO_MINISOCK));
	struct presence *presence;

	presence = presences->room && id ? &presences->places[place_of(presences, id)] : NULL;
	if (!id || (presence && presence->id))
		return presence;
	if (2 * (presences->count + 1) > presences->room &&
	    (presences->count == PRESENCES_MAX || !grow(presences))) {
		presences->untracked++;
		return NULL;
	}
	presence = &presences->places[place_of(presences, id)];
	*presence = (struct presence){.id = id, .group = PRESENT_NOWHERE};
	presences->count++;
	return presence;
}

/* Whether one at that place could be found if the search went on behind the gap. */
static bool may_stay(const struct presences *presences, size_t gap, size_t place)
{
	size_t mask = presences->room - 1;
	size_t home = mix(0, presences->places[place].id) & mask;

	return ((place - home) & mask) < ((place - gap) & mask);
}

/* Those behind it move up, so that no search ends at the gap. */
void presences_remove(struct presences *presences, struct presence *presence)
{
	size_t mask = presences->room - 1, gap = (size_t)(presence - presences->places);

	presences->count--;
	for (size_t place = (gap + 1) & mask; presences->places[place].id;
	     place = (place + 1) & mask) {
		if (may_stay(presences, gap, place))
			continue;
		presences->places[gap] = presences->places[place];
		gap = place;
	}
	presences->places[gap].id = 0;
}

void presences_close(struct presences *presences)
{
	free(presences->places);
	*presences = (struct presences){0};
}
