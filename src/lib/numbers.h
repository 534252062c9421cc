/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of numbers: a sorted array, built once, then searched often. */
#ifndef TCPSTATES_LIB_NUMBERS_H
#define TCPSTATES_LIB_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Initialize to zero. Empty: no numbers were given. */
struct numbers {
	uint64_t *sorted;
	size_t count;
	size_t room;
	bool is_unsorted; /* a number was added after a larger one */
};

/* False: out of memory. */
bool numbers_add(struct numbers *numbers, uint64_t number);

/* Call after the last numbers_add(), before the first numbers_has(). */
void numbers_sort(struct numbers *numbers);
bool numbers_has(const struct numbers *numbers, uint64_t number);
void numbers_free(struct numbers *numbers);

#endif
