/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The groups of a summary by their keys, bounded in number: what finds no room shares one group. */
#ifndef TCPSTATES_VIEW_GROUP_TABLE_H
#define TCPSTATES_VIEW_GROUP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/cgroup.h"
#include "trace/grouping.h"

/* First member of the view's own group. */
struct keyed_group {
	struct hash_entry by_key; /* first: cast from struct hash_entry * */
	struct group_key key;
	uint32_t place; /* index in groups */
};

/* Initialized with zeros, except for what the view sets. */
struct group_table {
	size_t group_size;       /* set by the view: bytes of its group; a new one is zero */
	size_t count_max;        /* set by the view: groups, without the one of the rest */
	struct cgroups *cgroups; /* set by the view: paths are looked up early; NULL: never */

	struct keyed_group **groups;
	size_t count;
	size_t room;
	struct hash by_key;
	struct keyed_group *other; /* the group of the rest; NULL: none yet */
};

/* The group with that key, added if it is new, or that of the rest. NULL if out of memory. */
struct keyed_group *group_table_find(struct group_table *table, const struct group_key *key);

/* What a group ranks by in a report: larger numbers come first. */
struct group_rank {
	uint64_t first;
	uint64_t second; /* if the first is the same */
};

/* is_lately: for the interval, or for the whole run. False: the group has nothing to report. */
typedef bool group_ranks(const struct keyed_group *group, bool is_lately, struct group_rank *rank);

/*
 * The groups with anything to report, by rank. The caller frees the array, not the groups. NULL if
 * out of memory.
 */
const struct keyed_group **group_table_sort(const struct group_table *table, group_ranks *ranks,
					    bool is_lately, size_t *count);

/* Frees the groups. What they own must be freed before. */
void group_table_close(struct group_table *table);

#endif
