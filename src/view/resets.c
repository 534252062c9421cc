// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Adds resets up by peer, and sorts the rows. */
#include <stdlib.h>
#include <string.h>

#include "trace/reset.h"
#include "view/resets.h"
#include "view/resets_row.h"

#define KEY_WORDS ((sizeof(struct reset_key) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

static bool has_key(const struct hash_entry *entry, const void *key)
{
	return !memcmp(&((const struct reset_group *)entry)->key, key, sizeof(struct reset_key));
}

static struct reset_group *find_or_add(struct resets *resets, const struct reset_key *key)
{
	bool is_rest = key->flags & RESET_OF_REST;
	uint64_t words[KEY_WORDS] = {0};
	struct reset_group *group;
	struct hash_entry *entry;

	memcpy(words, key, sizeof(*key));
	entry = hash_find(&resets->by_key, words, KEY_WORDS, has_key, key);
	if (entry)
		return (struct reset_group *)entry;
	if (!is_rest && resets->groups == RESET_GROUPS_MAX)
		return NULL;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->key = *key;
	if (!hash_add(&resets->by_key, &group->by_key, words, KEY_WORDS)) {
		free(group);
		return NULL;
	}
	resets->groups += !is_rest;
	return group;
}

static void ports_add(struct reset_ports *ports, uint16_t port, bool is_first)
{
	if (is_first || port < ports->low)
		ports->low = port;
	if (is_first || port > ports->high)
		ports->high = port;
}

static void sum_add(struct reset_sum *sum, const struct reset_count *count, int64_t wall_offset_ns)
{
	bool is_first = !sum->count;

	ports_add(&sum->lports, count->key.lport, is_first);
	ports_add(&sum->rports, count->key.rport, is_first);
	if (is_first || count->first_ns < sum->first_ns) {
		sum->first_ns = count->first_ns;
		sum->first_wall_ns = (int64_t)(count->first_ns + (uint64_t)wall_offset_ns);
	}
	if (is_first || count->last_ns > sum->last_ns) {
		sum->last_ns = count->last_ns;
		sum->last_wall_ns = (int64_t)(count->last_ns + (uint64_t)wall_offset_ns);
	}
	sum->count += count->count;
}

/* NULL: the group has too many local ports. */
static struct reset_sum *sum_of_lport(struct reset_group *group, uint16_t lport)
{
	unsigned int i = 0;

	while (i < group->lports && group->by_lport[i].lports.low != lport)
		i++;
	if (i == RESET_LPORTS_MAX)
		return NULL;
	group->lports += i == group->lports;
	return &group->by_lport[i];
}

static void group_add(struct reset_group *group, const struct reset_count *count,
		      int64_t wall_offset_ns)
{
	struct reset_sum *sum = sum_of_lport(group, count->key.lport);

	sum_add(&group->whole, count, wall_offset_ns);
	if (sum)
		sum_add(sum, count, wall_offset_ns);
	else
		group->has_more_lports = true;
}

/* A recording may have any numbers: those not known are one. */
static struct reset_key rest_key(const struct reset_key *key)
{
	return (struct reset_key){
		.reason = key->reason < RESET_COUNT ? key->reason : RESET_UNKNOWN,
		.socket = key->socket < RESET_SOCKETS ? key->socket : RESET_SOCKETS,
		.flags = (key->flags & RESET_FOR_SYN) | RESET_OF_REST,
	};
}

static struct reset_key group_key(const struct reset_key *key)
{
	struct reset_key group = rest_key(key);

	if (key->flags & RESET_OF_REST)
		return group;
	group.flags &= ~RESET_OF_REST;
	group.ip = key->ip;
	group.netns = key->netns;
	memcpy(group.laddr, key->laddr, sizeof(group.laddr));
	memcpy(group.raddr, key->raddr, sizeof(group.raddr));
	return group;
}

void resets_add(struct resets *resets, const struct reset_count *count, int64_t wall_offset_ns)
{
	struct reset_key key = group_key(&count->key);
	struct reset_count placed = *count;
	struct reset_group *group;

	if (!count->count)
		return;
	group = find_or_add(resets, &key);
	if (!group) {
		key = rest_key(&count->key);
		group = find_or_add(resets, &key);
	}
	/* The rest has no ports, so it is one row. */
	if (key.flags & RESET_OF_REST)
		placed.key = key;
	if (group)
		group_add(group, &placed, wall_offset_ns);
	else
		resets->missing += count->count;
}

static bool is_rest(const struct reset_row *row)
{
	return row->group->key.flags & RESET_OF_REST;
}

/* No two rows are equal: they differ in their key or in their local port. */
static int compare(const void *left, const void *right)
{
	const struct reset_row *a = left, *b = right;
	int by_key;

	if (is_rest(a) != is_rest(b))
		return is_rest(a) ? 1 : -1;
	if (a->sum->count != b->sum->count)
		return a->sum->count < b->sum->count ? 1 : -1;
	by_key = memcmp(&a->group->key, &b->group->key, sizeof(a->group->key));
	if (by_key)
		return by_key;
	return a->sum->lports.low < b->sum->lports.low ? -1 : 1;
}

/* Rows of one group; rows may be NULL. Returns how many there are. */
static size_t list_group(const struct reset_group *group, struct reset_row *rows)
{
	if (group->has_more_lports) {
		if (rows)
			*rows = (struct reset_row){group, &group->whole};
		return 1;
	}
	for (unsigned int i = 0; rows && i < group->lports; i++)
		rows[i] = (struct reset_row){group, &group->by_lport[i]};
	return group->lports;
}

static size_t list_all(const struct resets *resets, struct reset_row *rows)
{
	const struct hash_entry *entry = NULL;
	size_t count = 0;

	while ((entry = hash_next(&resets->by_key, entry)))
		count += list_group((const struct reset_group *)entry, rows ? rows + count : NULL);
	return count;
}

struct reset_row *resets_sort(const struct resets *resets, size_t *count)
{
	struct reset_row *rows;

	*count = list_all(resets, NULL);
	rows = *count ? calloc(*count, sizeof(*rows)) : NULL;
	if (!rows)
		return NULL;
	list_all(resets, rows);
	qsort(rows, *count, sizeof(*rows), compare);
	return rows;
}

void resets_close(struct resets *resets)
{
	struct hash_entry *entry, *next = hash_next(&resets->by_key, NULL);

	while ((entry = next)) {
		next = hash_next(&resets->by_key, entry);
		free(entry);
	}
	hash_close(&resets->by_key);
}
