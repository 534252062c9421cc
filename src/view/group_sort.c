// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The groups that have something to report, the largest first. */
#include <stdlib.h>
#include <string.h>

#include "view/group_table.h"

/* An entry of the array to sort. */
struct ranked {
	const struct keyed_group *group;
	struct group_rank rank;
};

static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int by_key;

	if (a->rank.first != b->rank.first)
		return a->rank.first < b->rank.first ? 1 : -1;
	if (a->rank.second != b->rank.second)
		return a->rank.second < b->rank.second ? 1 : -1;
	by_key = memcmp(&a->group->key, &b->group->key, sizeof(a->group->key));
	if (by_key)
		return by_key;
	/* The group of the rest has the key that is all zeros, which another may have. */
	return a->group->place < b->group->place ? -1 : a->group->place > b->group->place;
}

static size_t rank_all(const struct group_table *table, group_ranks *ranks, bool is_lately,
		       struct ranked *ranked)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		ranked[count].group = table->groups[i];
		count += ranks(table->groups[i], is_lately, &ranked[count].rank);
	}
	qsort(ranked, count, sizeof(*ranked), compare);
	return count;
}

const struct keyed_group **group_table_sort(const struct group_table *table, group_ranks *ranks,
					    bool is_lately, size_t *count)
{
	struct ranked *ranked = calloc(table->count + 1, sizeof(*ranked));
	const struct keyed_group **sorted = calloc(table->count + 1, sizeof(*sorted));

	*count = ranked && sorted ? rank_all(table, ranks, is_lately, ranked) : 0;
	for (size_t i = 0; i < *count; i++)
		sorted[i] = ranked[i].group;
	if (!ranked) {
		free(sorted);
		return NULL;
	}
	free(ranked);
	return sorted;
}
