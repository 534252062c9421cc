// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisocks that have not ended: three hash tables and a heap over the same entries. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "source/watchlist.h"

#define END_WORDS 6

/* The key by_ends. */
static void fill_ends(uint64_t words[END_WORDS], const struct transition *t)
{
	words[0] = t->netns;
	words[1] = (uint64_t)t->lport << 16 | t->rport;
	memcpy(&words[2], t->laddr, sizeof(t->laddr));
	memcpy(&words[4], t->raddr, sizeof(t->raddr));
}

static struct watched *of_ends(const struct hash_entry *entry)
{
	return (struct watched *)((char *)entry - offsetof(struct watched, by_ends));
}

static struct watched *of_cookie(const struct hash_entry *entry)
{
	return (struct watched *)((char *)entry - offsetof(struct watched, by_cookie));
}

static struct watched *of_address(const struct hash_entry *entry)
{
	return (struct watched *)((char *)entry - offsetof(struct watched, by_address));
}

static bool has_same_ends(const struct hash_entry *entry, const void *key)
{
	const struct transition *a = &of_ends(entry)->t, *b = key;

	return a->netns == b->netns && a->lport == b->lport && a->rport == b->rport &&
	       !memcmp(a->laddr, b->laddr, sizeof(a->laddr)) &&
	       !memcmp(a->raddr, b->raddr, sizeof(a->raddr));
}

static bool has_cookie(const struct hash_entry *entry, const void *key)
{
	return of_cookie(entry)->t.cookie == *(const uint64_t *)key;
}

static bool has_address(const struct hash_entry *entry, const void *key)
{
	return of_address(entry)->t.minisock == *(const uint64_t *)key;
}

/* The address of a request socket is free again before its end is reported. */
static bool is_by_address(const struct watched *entry)
{
	return entry->t.minisock && !transition_is_half_open(&entry->t);
}

void watchlist_look_at(struct watchlist *list, struct watched *entry, uint64_t look_ns)
{
	heap_move(&list->turns, &entry->turn, look_ns);
}

void watchlist_remove(struct watchlist *list, struct watched *entry)
{
	heap_remove(&list->turns, &entry->turn);
	hash_remove(&list->by_ends, &entry->by_ends);
	if (entry->t.cookie)
		hash_remove(&list->by_cookie, &entry->by_cookie);
	if (is_by_address(entry))
		hash_remove(&list->by_address, &entry->by_address);
	free(entry);
}

/* False without memory: nothing has changed. */
static bool insert(struct watchlist *list, struct watched *entry)
{
	uint64_t ends[END_WORDS], cookie = entry->t.cookie, address = entry->t.minisock;

	fill_ends(ends, &entry->t);
	if (!hash_add(&list->by_ends, &entry->by_ends, ends, END_WORDS))
		return false;
	if (cookie && !hash_add(&list->by_cookie, &entry->by_cookie, &cookie, 1))
		goto remove_ends;
	if (!is_by_address(entry) || hash_add(&list->by_address, &entry->by_address, &address, 1))
		return true;
	if (cookie)
		hash_remove(&list->by_cookie, &entry->by_cookie);
remove_ends:
	hash_remove(&list->by_ends, &entry->by_ends);
	return false;
}

struct watched *watchlist_add(struct watchlist *list, const struct transition *t, uint64_t look_ns)
{
	struct watched *entry = calloc(1, sizeof(*entry));

	if (!entry || !heap_add(&list->turns, &entry->turn, look_ns)) {
		free(entry);
		return NULL;
	}
	entry->t = *t;
	entry->seen_ns = t->time_ns;
	if (insert(list, entry))
		return entry;
	heap_remove(&list->turns, &entry->turn);
	free(entry);
	return NULL;
}

struct watched *watchlist_find_ends(const struct watchlist *list, const struct transition *t)
{
	struct hash_entry *entry;
	uint64_t ends[END_WORDS];

	fill_ends(ends, t);
	entry = hash_find(&list->by_ends, ends, END_WORDS, has_same_ends, t);
	return entry ? of_ends(entry) : NULL;
}

struct watched *watchlist_find_cookie(const struct watchlist *list, uint64_t cookie)
{
	struct hash_entry *entry = hash_find(&list->by_cookie, &cookie, 1, has_cookie, &cookie);

	return entry ? of_cookie(entry) : NULL;
}

struct watched *watchlist_find_address(const struct watchlist *list, uint64_t address)
{
	struct hash_entry *entry = hash_find(&list->by_address, &address, 1, has_address, &address);

	return entry ? of_address(entry) : NULL;
}

struct watched *watchlist_first(const struct watchlist *list)
{
	return (struct watched *)heap_first(&list->turns);
}

void watchlist_close(struct watchlist *list)
{
	for (size_t i = 0; i < list->turns.count; i++)
		free(list->turns.entries[i]);
	heap_close(&list->turns);
	hash_close(&list->by_ends);
	hash_close(&list->by_cookie);
	hash_close(&list->by_address);
}
