// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups by their keys. */
#include <stdlib.h>
#include <string.h>

#include "view/group_table.h"

#define FIRST_ROOM 64
#define KEY_WORDS  (sizeof(struct group_key) / sizeof(uint64_t))

static bool has_key(const struct hash_entry *entry, const void *key)
{
	return !memcmp(&((const struct keyed_group *)entry)->key, key, sizeof(struct group_key));
}

/* Makes room for one more group. False if out of memory. */
static bool make_room(struct group_table *table)
{
	size_t room = table->room ? 2 * table->room : FIRST_ROOM;
	struct keyed_group **groups;

	if (table->count < table->room)
		return true;
	groups = realloc(table->groups, room * sizeof(struct keyed_group *));
	if (!groups)
		return false;
	table->groups = groups;
	table->room = room;
	return true;
}

/* NULL if out of memory. */
static struct keyed_group *create(struct group_table *table, const struct group_key *key)
{
	struct keyed_group *group = make_room(table) ? calloc(1, table->group_size) : NULL;

	if (!group)
		return NULL;
	group->key = *key;
	group->place = (uint32_t)table->count;
	return group;
}

/* The path of a cgroup can be found only while the cgroup exists. */
static struct keyed_group *add(struct group_table *table, const struct group_key *key,
			       const uint64_t words[KEY_WORDS])
{
	struct keyed_group *group = create(table, key);

	if (!group || !hash_add(&table->by_key, &group->by_key, words, KEY_WORDS)) {
		free(group);
		return NULL;
	}
	table->groups[table->count++] = group;
	if (key->cgroup && table->cgroups)
		cgroups_find(table->cgroups, key->cgroup);
	return group;
}

static struct keyed_group *other(struct group_table *table)
{
	static const struct group_key none = {0};

	if (table->other)
		return table->other;
	table->other = create(table, &none);
	if (table->other)
		table->groups[table->count++] = table->other;
	return table->other;
}

struct keyed_group *group_table_find(struct group_table *table, const struct group_key *key)
{
	uint64_t words[KEY_WORDS];
	struct hash_entry *entry;

	memcpy(words, key, sizeof(*key));
	entry = hash_find(&table->by_key, words, KEY_WORDS, has_key, key);
	if (entry)
		return (struct keyed_group *)entry;
	if (table->by_key.count >= table->count_max)
		return other(table);
	return add(table, key, words);
}

void group_table_close(struct group_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->groups[i]);
	free(table->groups);
	hash_close(&table->by_key);
}
