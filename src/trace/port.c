// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sets of TCP ports. */
#include <string.h>

#include "lib/parse.h"
#include "trace/port.h"

#define RANGE_TEXT_SIZE sizeof("65535-65535")

bool port_set_add(struct port_set *set, const char *text)
{
	char copy[RANGE_TEXT_SIZE];
	uint64_t first, last;
	char *dash;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (!parse_number(copy, UINT16_MAX, &first))
		return false;
	last = first;
	if (dash && !parse_number(dash + 1, UINT16_MAX, &last))
		return false;
	if (first > last)
		return false;
	for (uint64_t port = first; port <= last; port++)
		set->words[port / 64] |= 1ull << (port % 64);
	set->is_given = true;
	return true;
}
