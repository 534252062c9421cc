// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts stuck sessions. */
#include <stdlib.h>
#include <string.h>

#include "view/stuck_count.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

enum accepted stuck_accepted(const struct transition *t, uint8_t state)
{
	enum accepted accepted = accepted_of(t);
	bool has_entered = !transition_is_snapshot(t) && t->newstate == state;

	return accepted == ACCEPTED_NO && has_entered ? ACCEPTED_UNKNOWN : accepted;
}

/* By state, limit, owner and remote address. */
struct key {
	uint64_t words[5];
	const struct transition *t;
	uint8_t state;
	bool is_stall;
};

static struct key key_of(const struct transition *t, uint8_t state, bool is_stall)
{
	struct key key = {.words = {(uint64_t)t->pid << 32 | (uint64_t)is_stall << 8 | state},
			  .t = t,
			  .state = state,
			  .is_stall = is_stall};

	memcpy(&key.words[1], t->raddr, sizeof(t->raddr));
	memcpy(&key.words[3], t->comm, sizeof(t->comm));
	return key;
}

static bool has_key(const struct hash_entry *entry, const void *data)
{
	const struct stuck_count *count = (const struct stuck_count *)entry;
	const struct key *key = data;

	return count->state == key->state && count->is_stall == key->is_stall &&
	       count->first.pid == key->t->pid &&
	       !memcmp(count->first.comm, key->t->comm, sizeof(key->t->comm)) &&
	       !memcmp(count->first.raddr, key->t->raddr, sizeof(key->t->raddr));
}

/* NULL if there is no room for another one. */
static struct stuck_count *add(struct stuck_counts *counts, const struct key *key)
{
	struct stuck_count *count = calloc(1, sizeof(*count));

	if (!count)
		return NULL;
	count->first = *key->t;
	count->state = key->state;
	count->is_stall = key->is_stall;
	count->order = counts->by_key.count;
	count->has_lport = count->has_rport = true;
	counts->by_key.count_max = STUCK_COUNTS_MAX;
	if (hash_add(&counts->by_key, &count->by_key, key->words, ARRAY_SIZE(key->words)))
		return count;
	free(count);
	return NULL;
}

static struct stuck_count *find_or_add(struct stuck_counts *counts, const struct transition *t,
				       uint8_t state, bool is_stall)
{
	const struct key key = key_of(t, state, is_stall);
	struct hash_entry *entry =
		hash_find(&counts->by_key, key.words, ARRAY_SIZE(key.words), has_key, &key);

	return entry ? (struct stuck_count *)entry : add(counts, &key);
}

/* How the owner is known, and so whether it is a guess. */
static void take_owner(struct stuck_count *count, const struct transition *t)
{
	count->first.owner_from = t->owner_from;
	count->first.known = t->known;
	count->first.facts = t->facts;
}

struct stuck_count *stuck_counts_add(struct stuck_counts *counts, const struct transition *t,
				     uint8_t state, bool is_stall)
{
	struct stuck_count *count = find_or_add(counts, t, state, is_stall);

	if (!count) {
		count = &counts->rest;
		count->is_rest = true;
	}
	if (owner_is_guess(t) && !count->guesses++)
		take_owner(count, t);
	count->unaccepted += stuck_accepted(t, state) == ACCEPTED_NO;
	count->total++;
	count->now++;
	count->has_lport &= count->first.lport == t->lport;
	count->has_rport &= count->first.rport == t->rport;
	return count;
}

bool stuck_count_confirm(struct stuck_count *count, const struct transition *t)
{
	bool is_same =
		count->first.pid == t->pid && !memcmp(count->first.comm, t->comm, sizeof(t->comm));

	if (!is_same || count->is_rest || owner_is_guess(t))
		return true;
	if (!--count->guesses)
		take_owner(count, t);
	return false;
}

bool stuck_count_accept(struct stuck_count *count, const struct transition *t)
{
	if (accepted_of(t) != ACCEPTED_YES)
		return true;
	count->unaccepted--;
	return false;
}

static int compare(const void *left, const void *right)
{
	const struct stuck_count *a = *(struct stuck_count *const *)left;
	const struct stuck_count *b = *(struct stuck_count *const *)right;

	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return a->order < b->order ? -1 : 1;
}

/* Counts beyond the last row are added to the rest. */
static size_t keep_rows(struct stuck_counts *counts, size_t count)
{
	while (count > STUCK_COUNT_ROWS_MAX) {
		const struct stuck_count *last = counts->sorted[--count];

		counts->rest.is_rest = true;
		counts->rest.total += last->total;
		counts->rest.now += last->now;
	}
	return count;
}

size_t stuck_counts_sort(struct stuck_counts *counts)
{
	struct hash_entry *entry = NULL;
	size_t count = 0;

	free(counts->sorted);
	counts->sorted = calloc(counts->by_key.count + 1, sizeof(struct stuck_count *));
	if (!counts->sorted)
		return 0;
	while ((entry = hash_next(&counts->by_key, entry)))
		counts->sorted[count++] = (struct stuck_count *)entry;
	qsort(counts->sorted, count, sizeof(struct stuck_count *), compare);
	count = keep_rows(counts, count);
	if (counts->rest.total)
		counts->sorted[count++] = &counts->rest;
	return count;
}

void stuck_counts_close(struct stuck_counts *counts)
{
	struct hash_entry *entry, *next = hash_next(&counts->by_key, NULL);

	while ((entry = next)) {
		next = hash_next(&counts->by_key, entry);
		free(entry);
	}
	hash_close(&counts->by_key);
	free(counts->sorted);
}
