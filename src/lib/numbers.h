/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of numbers, a sorted array: built once, then asked often. */
#ifndef TCPSTATES_LIB_NUMBERS_H
#define TCPSTATES_LIB_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed at first; empty: nothing was asked for. */
struct numbers {
	uint64_t *sorted;
	size_t count;
	size_t room;
	bool is_unsorted; /* something was added behind a larger one */
};

/* False without memory. */
bool numbers_add(struct numbers *numbers, uint64_t number);

/* After the last numbers_add(), before the first numbers_has(). */
void numbers_sort(struct numbers *numbers);
bool numbers_has(const struct numbers *numbers, uint64_t number);
void numbers_free(struct numbers *numbers);

#endif
