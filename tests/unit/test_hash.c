// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The hash table against an array, at its limit, and with keys made to collide. */
#include <stdlib.h>

#include "lib/hash.h"
#include "unit.h"

struct thing {
	uint64_t before;
	struct hash_entry entry; /* not first */
	uint64_t key[2];
	bool is_in;
};

static struct thing *thing_of(const struct hash_entry *entry)
{
	return (struct thing *)((char *)entry - offsetof(struct thing, entry));
}

static bool is_same(const struct hash_entry *entry, const void *key)
{
	return !memcmp(thing_of(entry)->key, key, sizeof(thing_of(entry)->key));
}

static struct thing *find(const struct hash *hash, uint64_t one, uint64_t two)
{
	const uint64_t key[2] = {one, two};
	struct hash_entry *entry = hash_find(hash, key, 2, is_same, key);

	return entry ? thing_of(entry) : NULL;
}

static bool add(struct hash *hash, struct thing *thing, uint64_t one, uint64_t two)
{
	thing->key[0] = one;
	thing->key[1] = two;
	return hash_add(hash, &thing->entry, thing->key, 2);
}

static void empty(void)
{
	struct hash hash = {0};

	CHECK(!find(&hash, 0, 0));
	CHECK(!hash_next(&hash, NULL));
	hash_close(&hash);
}

#define COUNT 5000

/* Every entry once, and nothing else. */
static void check_walk(const struct hash *hash, const struct thing *things)
{
	struct hash_entry *entry = NULL;
	size_t count = 0;

	while ((entry = hash_next(hash, entry))) {
		const struct thing *thing = thing_of(entry);

		CHECK(thing >= things && thing < things + COUNT && thing->is_in);
		count++;
	}
	CHECK_NUMBER(hash->count, count);
}

static void random_changes(void)
{
	static struct thing things[COUNT];
	struct hash hash = {0};
	size_t count = 0;

	for (int i = 0; i < 200000; i++) {
		size_t which = unit_random() % COUNT;
		struct thing *thing = &things[which];
		uint64_t two = thing->key[1];

		CHECK(find(&hash, which, two) == (thing->is_in ? thing : NULL));
		CHECK(!find(&hash, which, two + 1));
		if (!thing->is_in) {
			CHECK(add(&hash, thing, which, two));
		} else if (unit_random() % 2) {
			thing->key[1]++;
			hash_move(&hash, &thing->entry, thing->key, 2);
			count--;
			thing->is_in = false;
		} else {
			hash_remove(&hash, &thing->entry);
		}
		count += thing->is_in ? (size_t)-1 : 1;
		thing->is_in = !thing->is_in;
		CHECK_NUMBER(count, hash.count);
		if (i % 20000 == 0)
			check_walk(&hash, things);
	}
	check_walk(&hash, things);
	hash_close(&hash);
}

/* The one that was added last is found, however much the table has grown since. */
static void same_key(void)
{
	static struct thing others[COUNT];
	struct thing first, second;
	struct hash hash = {0};

	CHECK(add(&hash, &first, 7, 7));
	CHECK(add(&hash, &second, 7, 7));
	for (size_t i = 0; i < COUNT; i++) {
		CHECK(add(&hash, &others[i], i, 1));
		CHECK(find(&hash, 7, 7) == &second);
	}
	hash_remove(&hash, &second.entry);
	CHECK(find(&hash, 7, 7) == &first);
	hash_close(&hash);
}

static void at_its_limit(void)
{
	struct hash hash = {.count_max = 2};
	struct thing things[3];

	CHECK(add(&hash, &things[0], 0, 0));
	CHECK(add(&hash, &things[1], 1, 0));
	CHECK(!add(&hash, &things[2], 2, 0));
	CHECK_NUMBER(2, hash.count);
	CHECK(!find(&hash, 2, 0));
	hash_remove(&hash, &things[0].entry);
	CHECK(add(&hash, &things[2], 2, 0));
	CHECK(find(&hash, 2, 0) == &things[2]);
	hash_close(&hash);
	/* It can be used again, with the same limit. */
	CHECK(add(&hash, &things[0], 0, 0) && add(&hash, &things[1], 1, 0));
	CHECK(!add(&hash, &things[2], 2, 0));
	hash_close(&hash);
}

static size_t longest_chain(const struct hash *hash)
{
	size_t longest = 0;

	for (size_t i = 0; i < hash->bucket_count; i++) {
		size_t length = 0;

		for (struct hash_entry *entry = hash->buckets[i]; entry; entry = entry->next)
			length++;
		if (length > longest)
			longest = length;
	}
	return longest;
}

/* Keys whose products with the usual multiplier end, or begin, all alike. */
static uint64_t made_to_collide(unsigned int way, uint64_t i)
{
	const uint64_t inverse = 0xf1de83e19937733d; /* of 0x9e3779b97f4a7c15 */

	switch (way) {
	case 0:
		return i << 44;
	case 1:
		return i * inverse;
	case 2:
		return (i << 8 << 32 | i << 8) * inverse;
	case 3:
		return i << 32;
	default:
		return i;
	}
}

static void hostile_keys(void)
{
	static struct thing things[100000];

	CHECK_NUMBER(1, 0x9e3779b97f4a7c15u * 0xf1de83e19937733du);
	for (unsigned int way = 0; way < 5; way++)
		for (unsigned int word = 0; word < 2; word++) {
			struct hash hash = {0};

			unit_row("way %u, word %u", way, word);
			for (size_t i = 0; i < ARRAY_SIZE(things); i++) {
				uint64_t key = made_to_collide(way, i);

				CHECK(add(&hash, &things[i], word ? 0 : key, word ? key : 0));
			}
			/* One in 10^20 such tables of random numbers has a chain of 30. */
			CHECK(longest_chain(&hash) < 30);
			CHECK_NUMBER(ARRAY_SIZE(things), hash.bucket_count);
			hash_close(&hash);
		}
}

/* A seed by which the hashes of every third of the keys are 2^17 apart, before they are mixed. */
static void keys_at_equal_distances(void)
{
	struct hash hash = {.seed = {0, (UINT64_MAX / 3 + (1ull << 49)) >> 12}};
	static unsigned int chains[1 << 17];
	unsigned int longest = 0;

	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t key = i << 44;
		unsigned int *chain = &chains[hash_of(&hash, &key, 1) % ARRAY_SIZE(chains)];

		if (++*chain > longest)
			longest = *chain;
	}
	CHECK(longest < 30);
}

/* Two tables hash the same key to different numbers. */
static void seeded(void)
{
	struct hash one = {0}, other = {0};
	struct thing things[2];
	unsigned int same = 0;

	CHECK(add(&one, &things[0], 1, 1) && add(&other, &things[1], 1, 1));
	for (uint64_t i = 0; i < 1000; i++)
		same += hash_of(&one, &i, 1) == hash_of(&other, &i, 1);
	CHECK(same < 10);
	hash_close(&one);
	hash_close(&other);
}

UNIT_MAIN("hash", TEST(empty), TEST(random_changes), TEST(same_key), TEST(at_its_limit),
	  TEST(hostile_keys), TEST(keys_at_equal_distances), TEST(seeded))
