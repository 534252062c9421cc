// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How many sessions were stuck. */
#include <stdlib.h>
#include <string.h>

#include "view/stuck_count.h"

#define BUCKETS 4096 /* a power of two */

static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

static size_t bucket_of(const struct transition *t, uint8_t state)
{
	uint64_t words[2];

	memcpy(words, t->raddr, sizeof(words));
	return mix(mix(mix(words[0], words[1]), t->pid), state) % BUCKETS;
}

static bool is_same(const struct stuck_count *count, const struct transition *t, uint8_t state)
{
	return count->state == state && count->first.pid == t->pid &&
	       !memcmp(count->first.comm, t->comm, sizeof(t->comm)) &&
	       !memcmp(count->first.raddr, t->raddr, sizeof(t->raddr));
}

static struct stuck_count *find(const struct stuck_counts *counts, const struct transition *t,
				uint8_t state)
{
	struct stuck_count *count = counts->buckets[bucket_of(t, state)];

	while (count && !is_same(count, t, state))
		count = count->next_in_bucket;
	return count;
}

/* NULL when there is no room for another one. */
static struct stuck_count *add(struct stuck_counts *counts, const struct transition *t,
			       uint8_t state)
{
	struct stuck_count **bucket = &counts->buckets[bucket_of(t, state)];
	struct stuck_count *count =
		counts->count < STUCK_COUNTS_MAX ? calloc(1, sizeof(*count)) : NULL;

	if (!count)
		return NULL;
	count->first = *t;
	count->state = state;
	count->order = counts->count++;
	count->has_lport = count->has_rport = true;
	count->next_in_bucket = *bucket;
	*bucket = count;
	return count;
}

static struct stuck_count *find_or_add(struct stuck_counts *counts, const struct transition *t,
				       uint8_t state)
{
	struct stuck_count *count;

	if (!counts->buckets)
		counts->buckets = calloc(BUCKETS, sizeof(struct stuck_count *));
	if (!counts->buckets)
		return NULL;
	count = find(counts, t, state);
	return count ? count : add(counts, t, state);
}

struct stuck_count *stuck_counts_add(struct stuck_counts *counts, const struct transition *t,
				     uint8_t state)
{
	struct stuck_count *count = find_or_add(counts, t, state);

	if (!count) {
		count = &counts->rest;
		count->is_rest = true;
	}
	count->total++;
	count->now++;
	count->has_lport &= count->first.lport == t->lport;
	count->has_rport &= count->first.rport == t->rport;
	return count;
}

static int compare(const void *left, const void *right)
{
	const struct stuck_count *a = *(struct stuck_count *const *)left;
	const struct stuck_count *b = *(struct stuck_count *const *)right;

	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return a->order < b->order ? -1 : 1;
}

size_t stuck_counts_sort(struct stuck_counts *counts)
{
	size_t count = 0;

	free(counts->sorted);
	counts->sorted = calloc(counts->count + 1, sizeof(struct stuck_count *));
	if (!counts->sorted)
		return 0;
	for (size_t bucket = 0; counts->buckets && bucket < BUCKETS; bucket++)
		for (struct stuck_count *c = counts->buckets[bucket]; c; c = c->next_in_bucket)
			counts->sorted[count++] = c;
	qsort(counts->sorted, count, sizeof(struct stuck_count *), compare);
	if (counts->rest.total)
		counts->sorted[count++] = &counts->rest;
	return count;
}

void stuck_counts_close(struct stuck_counts *counts)
{
	for (size_t bucket = 0; counts->buckets && bucket < BUCKETS; bucket++)
		for (struct stuck_count *c = counts->buckets[bucket], *next; c; c = next) {
			next = c->next_in_bucket;
			free(c);
		}
	free(counts->buckets);
	free(counts->sorted);
}
