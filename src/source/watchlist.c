// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisocks that live: two hash tables and a heap over the same entries. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "source/watchlist.h"

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

void watchlist_look_at(struct watchlist *list, struct watched *entry, uint64_t look_ns)
{
	heap_move(&list->turns, &entry->turn, look_ns);
}

void watchlist_remove(struct watchlist *list, struct watched *entry)
{
	heap_remove(&list->turns, &entry->turn);
	list->count--;
	unlink_entry(list, entry);
	free(entry);
}

/* Twice the buckets, for half the entries in each. False without memory: all is as before. */
static bool grow(struct watchlist *list)
{
	size_t buckets = list->buckets ? 2 * list->buckets : 256;
	struct watched **by_ends = calloc(buckets, sizeof(struct watched *));
	struct watched **by_cookie = calloc(buckets, sizeof(struct watched *));

	if (!by_ends || !by_cookie) {
		free(by_ends);
		free(by_cookie);
		return false;
	}
	free(list->by_ends);
	free(list->by_cookie);
	list->by_ends = by_ends;
	list->by_cookie = by_cookie;
	list->buckets = buckets;
	for (size_t i = 0; i < list->count; i++)
		link_entry(list, (struct watched *)list->turns.entries[i]);
	return true;
}

struct watched *watchlist_add(struct watchlist *list, const struct transition *t, uint64_t look_ns)
{
	struct watched *entry;

	if (list->count == list->buckets && !grow(list))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry || !heap_add(&list->turns, &entry->turn, look_ns)) {
		free(entry);
		return NULL;
	}
	entry->t = *t;
	list->count++;
	link_entry(list, entry);
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
	return (struct watched *)heap_first(&list->turns);
}

void watchlist_close(struct watchlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->turns.entries[i]);
	heap_close(&list->turns);
	free(list->by_ends);
	free(list->by_cookie);
}
