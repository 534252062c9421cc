// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pools of local ports. */
#include <stdlib.h>
#include <string.h>

#include "lib/address.h"
#include "view/port_pool.h"

#define KEY_WORDS (sizeof(struct port_pool_key) / sizeof(uint64_t))

_Static_assert(sizeof(struct port_pool_key) == 40, "whole words, without padding");

/* ---- network namespaces ---------------------------------------------------------------------- */

static bool is_home(const struct hash_entry *entry, const void *netns)
{
	return ((const struct port_home *)entry)->netns == *(const uint32_t *)netns;
}

/* NULL if out of memory. */
static struct port_home *home_of(struct port_pools *pools, uint32_t netns)
{
	const uint64_t word = netns;
	struct hash_entry *entry = hash_find(&pools->homes, &word, 1, is_home, &netns);
	struct port_home *home;

	if (entry)
		return (struct port_home *)entry;
	home = calloc(1, sizeof(*home));
	if (!home)
		return NULL;
	home->netns = netns;
	pools->homes.count_max = PORT_POOLS_MAX;
	if (hash_add(&pools->homes, &home->by_netns, &word, 1))
		return home;
	free(home);
	return NULL;
}

const struct port_home *port_pools_set_space(struct port_pools *pools,
					     const struct port_space *space)
{
	struct port_home *home = home_of(pools, space->netns);

	if (!home)
		return NULL;
	home->space = *space;
	home->is_known = true;
	return home;
}

/* ---- pools ----------------------------------------------------------------------------------- */

static bool has_key(const struct hash_entry *entry, const void *key)
{
	return !memcmp(&((const struct port_pool *)entry)->key, key, sizeof(struct port_pool_key));
}

static struct port_pool *add(struct port_pools *pools, const struct port_pool_key *key,
			     const uint64_t words[KEY_WORDS])
{
	struct port_home *home = home_of(pools, key->netns);
	struct port_pool *pool = home ? calloc(1, sizeof(*pool)) : NULL;

	if (!pool)
		return NULL;
	pool->key = *key;
	pool->home = home;
	pools->by_key.count_max = PORT_POOLS_MAX;
	if (hash_add(&pools->by_key, &pool->by_key, words, KEY_WORDS))
		return pool;
	free(pool);
	return NULL;
}

struct port_pool *port_pools_find_or_add(struct port_pools *pools, const struct transition *t)
{
	struct port_pool_key key = {.netns = t->netns, .rport = t->rport};
	uint64_t words[KEY_WORDS];
	struct hash_entry *entry;

	memcpy(key.laddr, t->laddr, sizeof(key.laddr));
	memcpy(key.raddr, t->raddr, sizeof(key.raddr));
	memcpy(words, &key, sizeof(key));
	entry = hash_find(&pools->by_key, words, KEY_WORDS, has_key, &key);
	return entry ? (struct port_pool *)entry : add(pools, &key, words);
}

const struct port_space *port_pool_space(const struct port_pool *pool)
{
	return pool->home->is_known ? &pool->home->space : NULL;
}

static bool is_loopback(const uint8_t *address)
{
	static const uint8_t ipv6[16] = {[15] = 1};

	return address_is_ipv4(address) ? address[ADDRESS_IPV4_OFFSET] == 127
					: !memcmp(address, ipv6, sizeof(ipv6));
}

bool port_pool_reuses(const struct port_pool *pool)
{
	const struct port_space *space = port_pool_space(pool);

	if (!space || !(space->known & PORT_SPACE_KNOWN_TW_REUSE))
		return false;
	return space->tw_reuse == TW_REUSE_ALWAYS ||
	       (space->tw_reuse == TW_REUSE_LOOPBACK &&
		(is_loopback(pool->key.laddr) || is_loopback(pool->key.raddr)));
}

uint32_t port_pool_taken(const struct port_pool *pool)
{
	return pool->live + (port_pool_reuses(pool) ? 0 : pool->time_wait);
}

/* The place of the maker of that name, or a free one; PORT_MAKERS_MAX: none. */
static uint8_t maker_place(const struct port_pool *pool, const char comm[TRANSITION_COMM_SIZE])
{
	uint8_t place = PORT_MAKERS_MAX;

	for (uint8_t i = 0; i < PORT_MAKERS_MAX; i++) {
		const struct port_maker *maker = &pool->makers[i];

		if (maker->count && !memcmp(maker->comm, comm, sizeof(maker->comm)))
			return i;
		if (!maker->count && place == PORT_MAKERS_MAX)
			place = i;
	}
	return place;
}

uint8_t port_pool_add_maker(struct port_pool *pool, const struct transition *t)
{
	char comm[TRANSITION_COMM_SIZE] = "";
	struct port_maker *maker;
	uint8_t place;

	memcpy(comm, t->comm, strnlen(t->comm, sizeof(t->comm)));
	place = maker_place(pool, comm);
	if (place == PORT_MAKERS_MAX)
		return place;
	maker = &pool->makers[place];
	memcpy(maker->comm, comm, sizeof(maker->comm));
	maker->count++;
	return place;
}

/* As large a part of their ports. */
static bool is_as_high(const struct port_peak *peak, const struct port_peak *than)
{
	return (uint64_t)(peak->live + peak->time_wait) * than->of >=
	       (uint64_t)(than->live + than->time_wait) * peak->of;
}

bool port_pool_note_peak(struct port_pool *pool, uint64_t time_ns, unsigned int pending)
{
	const struct port_space *space = port_pool_space(pool);
	struct port_peak *peak = &pool->peak, now;
	bool is_other;

	if (!space || !port_space_count(space))
		return false;
	now = (struct port_peak){
		.time_ns = time_ns,
		.live = pool->live > pending ? pool->live - pending : 0,
		.time_wait = port_pool_taken(pool) - pool->live,
		.of = port_space_count(space),
		.is_most = !(space->known & PORT_SPACE_KNOWN_RESERVED),
	};
	if (peak->of && !is_as_high(&now, peak))
		return false;
	is_other = now.live != peak->live || now.time_wait != peak->time_wait || now.of != peak->of;
	*peak = now;
	for (int i = 0; peak->time_wait && i < PORT_MAKERS_MAX; i++)
		if (pool->makers[i].count > peak->maker.count)
			peak->maker = pool->makers[i];
	return is_other;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void pool_turn(struct port_pool *pool)
{
	pool->whole.opened += pool->lately.opened;
	pool->whole.failed += pool->lately.failed;
	pool->whole.lingering += pool->lately.lingering;
	pool->lately = (struct port_stats){.live = pool->live, .time_wait = pool->time_wait};
}

void port_pools_turn(struct port_pools *pools)
{
	struct hash_entry *entry = NULL;

	while ((entry = hash_next(&pools->by_key, entry)))
		pool_turn((struct port_pool *)entry);
}

static bool is_shown(const struct port_pool *pool, bool is_whole)
{
	const struct port_stats *stats = is_whole ? &pool->whole : &pool->lately;

	return pool->is_match && (pool->live || pool->time_wait || stats->opened || stats->failed ||
				  (is_whole && pool->peak.live + pool->peak.time_wait));
}

/* 0 if the number of ports is not known. */
static uint64_t part_taken(const struct port_pool *pool)
{
	const struct port_space *space = port_pool_space(pool);
	uint64_t count = space ? port_space_count(space) : 0;

	return count ? ((uint64_t)port_pool_taken(pool) << 32) / count : 0;
}

/* No two pools have the same key. */
static int compare(const void *left, const void *right)
{
	const struct port_pool *a = *(struct port_pool *const *)left;
	const struct port_pool *b = *(struct port_pool *const *)right;
	uint64_t part_of_a = part_taken(a), part_of_b = part_taken(b);

	if (part_of_a != part_of_b)
		return part_of_a < part_of_b ? 1 : -1;
	if (a->live + a->time_wait != b->live + b->time_wait)
		return a->live + a->time_wait < b->live + b->time_wait ? 1 : -1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

struct port_pool **port_pools_sort(const struct port_pools *pools, bool is_whole, size_t *count)
{
	struct port_pool **sorted;
	struct hash_entry *entry = NULL;

	*count = pools->by_key.count;
	sorted = *count ? calloc(*count, sizeof(struct port_pool *)) : NULL;
	if (!sorted)
		return NULL;
	*count = 0;
	while ((entry = hash_next(&pools->by_key, entry)))
		if (is_shown((struct port_pool *)entry, is_whole))
			sorted[(*count)++] = (struct port_pool *)entry;
	qsort(sorted, *count, sizeof(struct port_pool *), compare);
	return sorted;
}

static void free_all(struct hash *hash)
{
	struct hash_entry *entry, *next = hash_next(hash, NULL);

	while ((entry = next)) {
		next = hash_next(hash, entry);
		free(entry);
	}
	hash_close(hash);
}

void port_pools_close(struct port_pools *pools)
{
	free_all(&pools->by_key);
	free_all(&pools->homes);
}
