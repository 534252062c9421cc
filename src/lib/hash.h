/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An intrusive hash table: struct hash_entry is a member of the caller's entry.
 *
 * Keys are hashed with a random seed that differs in each process, so nobody can prepare input
 * whose keys collide: any two keys have the same hash with a probability of 2^-32
 * (pair-multiply-shift; M. Thorup, "High speed hashing for integers and strings", 2015). Keys at
 * equal distances, as consecutive numbers are, get hashes at equal distances: with one seed in a
 * thousand their low bits would be alike, so the bits are mixed, which makes no two hashes equal.
 * The order of the entries is random for the same reason. No output may depend on it.
 *
 * The table grows by one bucket for each entry (linear hashing), so no call takes long.
 */
#ifndef TCPSTATES_LIB_HASH_H
#define TCPSTATES_LIB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_WORDS_MAX 32 /* of a key */

/* The caller's entry must not move while it is in the table. */
struct hash_entry {
	struct hash_entry *next; /* private to the table */
	uint32_t hash;
};

/* Initialize to zero, except count_max. */
struct hash {
	size_t count_max; /* maximum number of entries; 0: no limit */

	size_t count;
	struct hash_entry **buckets;
	size_t bucket_count;
	size_t room;                       /* allocated buckets: a power of two, or 0 */
	size_t mask;                       /* the smallest 2^n - 1 that is >= bucket_count - 1 */
	uint64_t seed[2 * HASH_WORDS_MAX]; /* for the words of a key */
	uint64_t offset;                   /* for the sum; both set before the first insertion */
};

/* Whether the entry has the key. */
typedef bool hash_is_same(const struct hash_entry *entry, const void *key);

/* A bijection: the low bits depend on the high ones, too. */
static inline uint32_t hash_mix(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x9e3779b1u;
	return value ^ value >> 15;
}

/* The hash of a key of count words, at most HASH_WORDS_MAX. */
static inline uint32_t hash_of(const struct hash *hash, const uint64_t *words, size_t count)
{
	uint64_t sum = hash->offset;

	for (size_t i = 0; i < count; i++)
		sum += (hash->seed[2 * i] + (words[i] >> 32)) *
		       (hash->seed[2 * i + 1] + (uint32_t)words[i]);
	return hash_mix(sum >> 32);
}

/* A bucket that does not exist yet is part of the bucket without the top bit of its number. */
static inline struct hash_entry **hash_bucket(const struct hash *hash, uint32_t value)
{
	size_t at = value & hash->mask;

	return &hash->buckets[at < hash->bucket_count ? at : at & hash->mask >> 1];
}

/*
 * Finds the entry with this key; NULL: none. words: the same as for hash_add(). key: passed to
 * is_same. Inline, so that the compiler knows is_same and the number of words.
 */
static inline struct hash_entry *hash_find(const struct hash *hash, const uint64_t *words,
					   size_t count, hash_is_same *is_same, const void *key)
{
	struct hash_entry *entry;
	uint32_t value;

	if (!hash->count)
		return NULL;
	value = hash_of(hash, words, count);
	entry = *hash_bucket(hash, value);
	while (entry && (entry->hash != value || !is_same(entry, key)))
		entry = entry->next;
	return entry;
}

/*
 * Adds an entry under the key in words. If several entries have the same key, hash_find() returns
 * the last one added. False: the table is at its limit, or out of memory.
 */
bool hash_add(struct hash *hash, struct hash_entry *entry, const uint64_t *words, size_t count);

/* Changes the key of an entry in the table. */
void hash_move(struct hash *hash, struct hash_entry *entry, const uint64_t *words, size_t count);

/* Removes an entry that is in the table. The caller still owns it. */
void hash_remove(struct hash *hash, struct hash_entry *entry);

/*
 * The entry after this one, in random order; NULL: the first one. Returns NULL after the last. The
 * table must not change between calls, but an entry may be removed when the one after it is known.
 */
struct hash_entry *hash_next(const struct hash *hash, const struct hash_entry *entry);

/* Frees the buckets. The entries belong to the caller, who may have freed them already. */
void hash_close(struct hash *hash);

#endif
