// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The current group of each session. The ID of a socket is its kernel address. The ID of a minisock
 * is its cookie, because its address may have been reused. Kernels before 5.12 give it no cookie:
 * its ID is a hash of its 4-tuple. Addresses are large numbers, cookies small ones.
 */
#include <stdlib.h>
#include <string.h>

#include "view/presence.h"

static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

/* A hash of the 4-tuple; never 0. */
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

static bool has_id(const struct hash_entry *entry, const void *id)
{
	return ((const struct presence *)entry)->id == *(const uint64_t *)id;
}

static struct presence *find(const struct presences *presences, uint64_t id)
{
	return (struct presence *)hash_find(&presences->by_id, &id, 1, has_id, &id);
}

struct presence *presences_find(const struct presences *presences, const struct transition *t)
{
	return find(presences, id_of(t, t->flags & TRANSITION_OF_MINISOCK));
}

struct presence *presences_find_minisock(const struct presences *presences,
					 const struct transition *t)
{
	return find(presences, id_of(t, true));
}

struct presence *presences_find_request(const struct presences *presences,
					const struct transition *t)
{
	return find(presences, t->cookie);
}

/* NULL if there is no room. */
static struct presence *create(struct presences *presences, uint64_t id)
{
	struct presence *presence =
		calloc(1, presences->size ? presences->size : sizeof(*presence));

	if (!presence)
		return NULL;
	presence->id = id;
	presence->group = PRESENT_NOWHERE;
	presences->by_id.count_max = PRESENCES_MAX;
	if (hash_add(&presences->by_id, &presence->by_id, &id, 1))
		return presence;
	free(presence);
	return NULL;
}

static uint64_t id_after(const struct transition *t)
{
	return id_of(t, t->flags & (TRANSITION_OF_MINISOCK | TRANSITION_TO_MINISOCK));
}

struct presence *presences_add(struct presences *presences, const struct transition *t)
{
	uint64_t id = id_after(t);
	struct presence *presence = find(presences, id);

	if (presence || !id)
		return presence;
	presence = create(presences, id);
	presences->untracked += !presence;
	return presence;
}

struct presence *presences_update(struct presences *presences, struct presence *before,
				  const struct transition *t)
{
	if (before && before->id == id_after(t))
		return before;
	if (before)
		presences_remove(presences, before);
	return presences_add(presences, t);
}

void presences_remove(struct presences *presences, struct presence *presence)
{
	hash_remove(&presences->by_id, &presence->by_id);
	free(presence);
}

void presences_close(struct presences *presences)
{
	struct hash_entry *entry, *next = hash_next(&presences->by_id, NULL);

	while ((entry = next)) {
		next = hash_next(&presences->by_id, entry);
		free(entry);
	}
	hash_close(&presences->by_id);
	*presences = (struct presences){0};
}
