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

/* NULL if there is no room. */
static struct listener_gap *find_or_add(struct listener_gaps *gaps,
					const struct listener_place *place, uint64_t since_ns)
{
	struct listener_gap *gap = find(gaps, place);

	if (gap)
		return gap;
	gap = add(gaps, place);
	if (gap)
		gap->since_ns = since_ns;
	return gap;
}

static void take_begin(struct listener_gaps *gaps, const struct listener_place *place,
		       const struct transition *t)
{
	struct listener_gap *gap = find_or_add(gaps, place, t->time_ns);

	if (!gap)
		return;
	gap->listening++;
	if (!gap->closed_ns || gap->back_ns)
		return;
	gap->back_ns = t->time_ns;
	memcpy(gap->back_by, t->comm, sizeof(gap->back_by));
}

/* Older than the trace, and so than any gap. */
static void take_older(struct listener_gaps *gaps, const struct listener_place *place)
{
	struct listener_gap *gap = find_or_add(gaps, place, 0);

	if (!gap)
		return;
	gap->listening++;
	gap->since_ns = gap->closed_ns = gap->back_ns = 0;
}

/* Only the last one leaves a gap. If it was not counted, others may not have been either. */
static void take_end(struct listener_gaps *gaps, const struct listener_place *place,
		     const struct transition *t)
{
	struct listener_gap *gap = find(gaps, place);

	if (!gap || !gap->listening || --gap->listening)
		return;
	gap->closed_ns = t->time_ns;
	gap->back_ns = 0;
	memcpy(gap->closed_by, t->comm, sizeof(gap->closed_by));
}

/* The initial scan finds each listener once; later scans find those that are known. */
static bool is_from_initial_scan(const struct transition *t)
{
	return !transition_is_at_end(t) && !(t->known & TRANSITION_KNOWN_HOLDER);
}

void listener_gaps_take(struct listener_gaps *gaps, const struct transition *t)
{
	struct listener_place place = {.netns = t->netns, .port = t->lport};

	memcpy(place.address, t->laddr, sizeof(place.address));
	if (t->newstate == STATE_LISTEN && !transition_is_snapshot(t))
		take_begin(gaps, &place, t);
	else if (t->newstate == STATE_LISTEN && is_from_initial_scan(t))
		take_older(gaps, &place);
	else if (t->oldstate == STATE_LISTEN && t->newstate == STATE_CLOSE)
		take_end(gaps, &place, t);
}

static bool covers(const struct listener_gap *gap, uint64_t first_ns, uint64_t last_ns)
{
	return gap->closed_ns && gap->closed_ns <= first_ns &&
	       (!gap->back_ns || gap->back_ns >= last_ns);
}

/*
 * Looks at one more place that the connects meet. False if a listener was there, for all that is
 * known.
 */
static bool is_open_to(const struct listener_gaps *gaps, const struct listener_place *place,
		       uint64_t first_ns, uint64_t last_ns, const struct listener_gap **found)
{
	const struct listener_gap *gap = find(gaps, place);

	if (!gap || gap->since_ns > last_ns)
		return true;
	if (!covers(gap, first_ns, last_ns))
		return false;
	if (!*found)
		*found = gap;
	return true;
}

const struct listener_gap *listener_gaps_find(const struct listener_gaps *gaps,
					      const struct listener_place *place, uint64_t first_ns,
					      uint64_t last_ns)
{
	struct listener_place any = {.netns = place->netns, .port = place->port};
	const struct listener_gap *found = NULL;

	if (!is_open_to(gaps, place, first_ns, last_ns, &found))
		return NULL;
	if (address_is_ipv4(place->address)) {
		memcpy(any.address, address_mapped, sizeof(address_mapped));
		if (!is_open_to(gaps, &any, first_ns, last_ns, &found))
			return NULL;
		memset(any.address, 0, sizeof(any.address));
	}
	/* A listener on :: serves both families. */
	return is_open_to(gaps, &any, first_ns, last_ns, &found) ? found : NULL;
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
