// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The groups of a summary that have something to report, the largest first. */
#include <stdlib.h>
#include <string.h>

#include "view/summary.h"

static bool has_something(const struct summary_stats *stats)
{
	return stats->entered || stats->at_least || stats->unknown || stats->times.count;
}

/* An entry of the array to sort. */
struct ranked {
	const struct summary_group *group;
	uint64_t time_ns, entered;
};

static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? 1 : -1;
	if (a->entered != b->entered)
		return a->entered < b->entered ? 1 : -1;
	if (memcmp(&a->group->key, &b->group->key, sizeof(a->group->key)) != 0)
		return memcmp(&a->group->key, &b->group->key, sizeof(a->group->key));
	return a->group->place < b->group->place ? -1 : a->group->place > b->group->place;
}

static size_t rank(const struct summary *summary, bool is_lately, struct ranked *ranked)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_group *group = summary->groups[i];
		const struct summary_stats *stats = is_lately ? &group->lately : &group->whole;

		if (has_something(stats) || group->now > 0)
			ranked[count++] = (struct ranked){
				.group = group,
				.time_ns = stats->times.sum,
				.entered = stats->entered,
			};
	}
	qsort(ranked, count, sizeof(*ranked), compare);
	return count;
}

const struct summary_group **summary_sort(const struct summary *summary, bool is_lately,
					  size_t *count)
{
	struct ranked *ranked = calloc(summary->count + 1, sizeof(*ranked));
	const struct summary_group **sorted = calloc(summary->count + 1, sizeof(*sorted));

	*count = ranked && sorted ? rank(summary, is_lately, ranked) : 0;
	for (size_t i = 0; i < *count; i++)
		sorted[i] = ranked[i].group;
	free(ranked);
	return sorted;
}
