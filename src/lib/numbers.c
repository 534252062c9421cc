// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A set of numbers. */
#include <stdlib.h>

#include "lib/numbers.h"

bool numbers_add(struct numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->room) {
		size_t room = numbers->room ? 2 * numbers->room : 16;
		uint64_t *sorted = realloc(numbers->sorted, room * sizeof(*sorted));

		if (!sorted)
			return false;
		numbers->sorted = sorted;
		numbers->room = room;
	}
	if (numbers->count && numbers->sorted[numbers->count - 1] > number)
		numbers->is_unsorted = true;
	numbers->sorted[numbers->count++] = number;
	return true;
}

static int compare(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/* A number given twice counts once: the kernel judges a single namespace only. */
static void remove_duplicates(struct numbers *numbers)
{
	size_t kept = 0;

	for (size_t i = 0; i < numbers->count; i++)
		if (!kept || numbers->sorted[kept - 1] != numbers->sorted[i])
			numbers->sorted[kept++] = numbers->sorted[i];
	numbers->count = kept;
}

void numbers_sort(struct numbers *numbers)
{
	if (numbers->is_unsorted)
		qsort(numbers->sorted, numbers->count, sizeof(*numbers->sorted), compare);
	numbers->is_unsorted = false;
	remove_duplicates(numbers);
}

bool numbers_has(const struct numbers *numbers, uint64_t number)
{
	size_t low = 0, high = numbers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers->sorted[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < numbers->count && numbers->sorted[low] == number;
}

void numbers_free(struct numbers *numbers)
{
	free(numbers->sorted);
	*numbers = (struct numbers){0};
}
