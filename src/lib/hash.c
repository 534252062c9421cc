// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An intrusive hash table. */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "lib/hash.h"

#define FIRST_BUCKETS 64 /* a power of two */

/* splitmix64 by Sebastiano Vigna, public domain: a bijection of the state. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t number = *state += 0x9e3779b97f4a7c15u;

	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
	number = (number ^ number >> 27) * 0x94d049bb133111ebu;
	return number ^ number >> 31;
}

/*
 * getrandom(2) fails early at boot, when the kernel has no entropy yet, and in some sandboxes. The
 * fallback is the 16 random bytes that the kernel gives every program at exec (AT_RANDOM).
 */
static void draw_seed(struct hash *hash)
{
	const void *at_start = (const void *)getauxval(AT_RANDOM);
	uint64_t state[2];

	if (getrandom(state, sizeof(state), GRND_NONBLOCK) != sizeof(state)) {
		if (at_start)
			memcpy(state, at_start, sizeof(state));
		else
			state[0] = state[1] = (uintptr_t)hash;
	}
	for (size_t i = 0; i < sizeof(hash->seed) / sizeof(hash->seed[0]); i++)
		hash->seed[i] = next_random(&state[i % 2]);
	hash->offset = next_random(&state[0]);
}

/* Allocates the first buckets. False: out of memory. */
static bool make_buckets(struct hash *hash)
{
	hash->buckets = calloc(FIRST_BUCKETS, sizeof(struct hash_entry *));
	if (!hash->buckets)
		return false;
	hash->bucket_count = hash->room = FIRST_BUCKETS;
	hash->mask = FIRST_BUCKETS - 1;
	draw_seed(hash);
	return true;
}

/* False: out of memory; the table keeps its current buckets. */
static bool make_room(struct hash *hash)
{
	struct hash_entry **buckets;

	if (hash->bucket_count < hash->room)
		return true;
	buckets = realloc(hash->buckets, 2 * hash->room * sizeof(struct hash_entry *));
	if (!buckets)
		return false;
	hash->buckets = buckets;
	hash->room *= 2;
	return true;
}

/* Adds one bucket and moves the entries that belong to it there, in order. */
static void add_bucket(struct hash *hash)
{
	struct hash_entry **from, **to, *entry;
	size_t place = hash->bucket_count;

	if (!make_room(hash))
		return;
	if (place > hash->mask)
		hash->mask = 2 * hash->mask + 1;
	from = &hash->buckets[place & hash->mask >> 1];
	to = &hash->buckets[place];
	hash->bucket_count++;
	while ((entry = *from)) {
		if ((entry->hash & hash->mask) != place) {
			from = &entry->next;
			continue;
		}
		*from = entry->next;
		*to = entry;
		to = &entry->next;
	}
	*to = NULL;
}

static void insert(struct hash *hash, struct hash_entry *entry)
{
	struct hash_entry **bucket = hash_bucket(hash, entry->hash);

	entry->next = *bucket;
	*bucket = entry;
}

bool hash_add(struct hash *hash, struct hash_entry *entry, const uint64_t *words, size_t count)
{
	if (hash->count_max && hash->count >= hash->count_max)
		return false;
	if (!hash->buckets && !make_buckets(hash))
		return false;
	if (hash->count >= hash->bucket_count)
		add_bucket(hash);
	entry->hash = hash_of(hash, words, count);
	insert(hash, entry);
	hash->count++;
	return true;
}

static void take_out(struct hash *hash, struct hash_entry *entry)
{
	struct hash_entry **place = hash_bucket(hash, entry->hash);

	while (*place != entry)
		place = &(*place)->next;
	*place = entry->next;
}

void hash_move(struct hash *hash, struct hash_entry *entry, const uint64_t *words, size_t count)
{
	uint32_t value = hash_of(hash, words, count);

	if (value == entry->hash)
		return;
	take_out(hash, entry);
	entry->hash = value;
	insert(hash, entry);
}

void hash_remove(struct hash *hash, struct hash_entry *entry)
{
	take_out(hash, entry);
	hash->count--;
}

struct hash_entry *hash_next(const struct hash *hash, const struct hash_entry *entry)
{
	size_t place = 0;

	if (entry && entry->next)
		return entry->next;
	if (entry)
		place = (size_t)(hash_bucket(hash, entry->hash) - hash->buckets) + 1;
	while (place < hash->bucket_count && !hash->buckets[place])
		place++;
	return place < hash->bucket_count ? hash->buckets[place] : NULL;
}

void hash_close(struct hash *hash)
{
	free(hash->buckets);
	*hash = (struct hash){.count_max = hash->count_max};
}
