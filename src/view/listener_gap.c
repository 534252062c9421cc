// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Remembers when listeners ended and came back. */
#include <stdlib.h>
#include <string.h>

#include "lib/address.h"
#include "trace/state.h"
#include "view/listener_gap.h"

#define KEY_WORDS 3

static void fill_key(uint64_t words[KEY_WORDS], const struct listener_place *place)
{
	memcpy(words, place->address, sizeof(place->address));
	words[2] = (uint64_t)place->netns << 32 | place->port;
}

static bool has_key(const struct hash_entry *entry, const void *key)
{
	const struct listener_gap *gap = (const struct listener_gap *)entry;
	const struct listener_place *place = key;

	return gap->netns == place->netns && gap->port == place->port &&
	       !memcmp(gap->laddr, place->address, sizeof(gap->laddr));
}

static struct listener_gap *find(const struct listener_gaps *gaps,
				 const struct listener_place *place)
{
	uint64_t words[KEY_WORDS];

	fill_key(words, place);
	return (struct listener_gap *)hash_find(&gaps->by_end, words, KEY_WORDS, has_key, place);
}

/* NULL if there is no room. */
static struct listener_gap *add(struct listener_gaps *gaps, const struct listener_place *place)
{
	struct listener_gap *gap = calloc(1, sizeof(*gap));
	uint64_t words[KEY_WORDS];

	if (!gap)
		return NULL;
	gap->netns = place->netns;
	gap->port = place->port;
	memcpy(gap->laddr, place->address, sizeof(gap->laddr));
	fill_key(words, place);
	gaps->by_end.count_max = LISTENER_GAPS_MAX;
	if (!hash_add(&gaps->by_end, &gap->by_end, words, KEY_WORDS)) {
		free(gap);
		return NULL;
	}
	gap->older = gaps->newest;
	gaps->newest = gap;
	return gap;
}

void listener_gaps_take(struct listener_gaps *gaps, const struct transition *t)
{
	struct listener_place place = {.netns = t->netns, .port = t->lport};
	struct listener_gap *gap;

	if (transition_is_snapshot(t) ||
	    (t->newstate != STATE_LISTEN &&
	     !(t->oldstate == STATE_LISTEN && t->newstate == STATE_CLOSE)))
		return;
	memcpy(place.address, t->laddr, sizeof(place.address));
	gap = find(gaps, &place);
	if (t->newstate == STATE_LISTEN) {
		if (!gap || gap->back_ns)
			return;
		gap->back_ns = t->time_ns;
		memcpy(gap->back_by, t->comm, sizeof(gap->back_by));
		return;
	}
	gap = gap ? gap : add(gaps, &place);
	if (!gap)
		return;
	gap->closed_ns = t->time_ns;
	gap->back_ns = 0;
	memcpy(gap->closed_by, t->comm, sizeof(gap->closed_by));
}

static bool covers(const struct listener_gap *gap, uint64_t first_ns, uint64_t last_ns)
{
	return gap && gap->closed_ns <= first_ns && (!gap->back_ns || gap->back_ns >= last_ns);
}

const struct listener_gap *listener_gaps_find(const struct listener_gaps *gaps,
					      const struct listener_place *place, uint64_t first_ns,
					      uint64_t last_ns)
{
	struct listener_place any = {.netns = place->netns, .port = place->port};
	const struct listener_gap *gap = find(gaps, place);

	if (covers(gap, first_ns, last_ns))
		return gap;
	if (address_is_ipv4(place->address)) {
		memcpy(any.address, address_mapped, sizeof(address_mapped));
		gap = find(gaps, &any);
		if (covers(gap, first_ns, last_ns))
			return gap;
		memset(any.address, 0, sizeof(any.address));
	}
	gap = find(gaps, &any); /* a listener on :: serves both families */
	return covers(gap, first_ns, last_ns) ? gap : NULL;
}

void listener_gaps_close(struct listener_gaps *gaps)
{
	struct listener_gap *gap = gaps->newest, *older;

	for (; gap; gap = older) {
		older = gap->older;
		free(gap);
	}
	hash_close(&gaps->by_end);
	*gaps = (struct listener_gaps){0};
}
