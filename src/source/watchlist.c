// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisocks that live: two hash tables and a heap over the same entries. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "watchlist.h"

static uint64_t mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15u;
}

static uint64_t hash_of_ends(const struct transition *t)
{
	uint64_t hash = mix(t->netns, (uint64_t)t->lport << 16 | t->rport);
	uint64_t words[4];

	memcpy(words, t->laddr, sizeof(t->laddr));
	memcpy(words + 2, t->raddr, sizeof(t->raddr));
	for (int i = 0; i < 4; i++)
		hash = mix(hash ^ hash >> 32, words[i]);
	return hash >> 32;
}

static uint64_t hash_of_cookie(uint64_t cookie)
{
	return mix(0, cookie) >> 32;
}

static bool has_same_ends(const struct transition *a, const struct transition *b)
{
	return a->netns == b->netns && a->lport == b->lport && a->rport == b->rport &&
	       !memcmp(a->laddr, b->laddr, sizeof(a->laddr)) &&
	       !memcmp(a->raddr, b->raddr, sizeof(a->raddr));
}

static struct watched **bucket_by_ends(const struct watchlist *list, const struct transition *t)
{
	return &list->by_ends[hash_of_ends(t) & (list->buckets - 1)];
}

static struct watched **bucket_by_cookie(const struct watchlist *list, uint64_t cookie)
{
	return &list->by_cookie[hash_of_cookie(cookie) & (list->buckets - 1)];
}

static void link_entry(struct watchlist *list, struct watched *entry)
{
	struct watched **ends = bucket_by_ends(list, &entry->t);
	struct watched **cookie = bucket_by_cookie(list, entry->t.cookie);

	entry->next_by_ends = *ends;
	*ends = entry;
	entry->next_by_cookie = *cookie;
	*cookie = entry;
}

static void unlink_entry(struct watchlist *list, struct watched *entry)
{
	struct watched **ends = bucket_by_ends(list, &entry->t);
	struct watched **cookie = bucket_by_cookie(list, entry->t.cookie);

	while (*ends != entry)
		ends = &(*ends)->next_by_ends;
	*ends = entry->next_by_ends;
	while (*cookie != entry)
		cookie = &(*cookie)->next_by_cookie;
	*cookie = entry->next_by_cookie;
}

static void heap_set(struct watchlist *list, size_t place, struct watched *entry)
{
	list->heap[place] = entry;
	entry->place = place;
}

static void heap_up(struct watchlist *list, struct watched *entry)
{
	size_t place = entry->place;

	while (place && list->heap[(place - 1) / 2]->look_ns > entry->look_ns) {
		heap_set(list, place, list->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	heap_set(list, place, entry);
}

static void heap_down(struct watchlist *list, struct watched *entry)
{
	size_t place = entry->place, child;

	while ((child = 2 * place + 1) < list->count) {
		if (child + 1 < list->count &&
		    list->heap[child + 1]->look_ns < list->heap[child]->look_ns)
			child++;
		if (list->heap[child]->look_ns >= entry->look_ns)
			break;
		heap_set(list, place, list->heap[child]);
		place = child;
	}
	heap_set(list, place, entry);
}

void watchlist_look_at(struct watchlist *list, struct watched *entry, uint64_t look_ns)
{
	entry->look_ns = look_ns;
	heap_up(list, entry);
	heap_down(list, entry);
}

void watchlist_remove(struct watchlist *list, struct watched *entry)
{
	struct watched *last = list->heap[--list->count];

	if (last != entry) {
		heap_set(list, entry->place, last);
		heap_up(list, last);
		heap_down(list, last);
	}
	unlink_entry(list, entry);
	free(entry);
}

/* Twice the room, with half the entries in each bucket. False without memory: all is as before. */
static bool grow(struct watchlist *list)
{
	size_t room = list->room ? 2 * list->room : 256;
	struct watched **heap = realloc(list->heap, room * sizeof(*heap));
	struct watched **by_ends = calloc(room, sizeof(*by_ends));
	struct watched **by_cookie = calloc(room, sizeof(*by_cookie));

	if (heap)
		list->heap = heap;
	if (!heap || !by_ends || !by_cookie) {
		free(by_ends);
		free(by_cookie);
		return false;
	}
	free(list->by_ends);
	free(list->by_cookie);
	list->by_ends = by_ends;
	list->by_cookie = by_cookie;
	list->buckets = list->room = room;
	for (size_t i = 0; i < list->count; i++)
		link_entry(list, list->heap[i]);
	return true;
}

struct watched *watchlist_add(struct watchlist *list, const struct transition *t, uint64_t look_ns)
{
	struct watched *entry;

	if (list->count == list->room && !grow(list))
		return NULL;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return NULL;
	*entry = (struct watched){.t = *t, .look_ns = look_ns, .place = list->count++};
	link_entry(list, entry);
	heap_up(list, entry);
	return entry;
}

struct watched *watchlist_find_ends(const struct watchlist *list, const struct transition *t)
{
	struct watched *entry = list->count ? *bucket_by_ends(list, t) : NULL;

	while (entry && !has_same_ends(&entry->t, t))
		entry = entry->next_by_ends;
	return entry;
}

struct watched *watchlist_find_cookie(const struct watchlist *list, uint64_t cookie)
{
	struct watched *entry = list->count ? *bucket_by_cookie(list, cookie) : NULL;

	while (entry && entry->t.cookie != cookie)
		entry = entry->next_by_cookie;
	return entry;
}

struct watched *watchlist_first(const struct watchlist *list)
{
	return list->count ? list->heap[0] : NULL;
}

void watchlist_close(struct watchlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->heap[i]);
	free(list->heap);
	free(list->by_ends);
	free(list->by_cookie);
}
