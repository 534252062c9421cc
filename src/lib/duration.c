// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A duration as text for people. */
#include <stddef.h>

#include "lib/duration.h"
#include "lib/number.h"

struct unit {
	uint64_t ns;
	uint64_t limit_ns; /* use the next unit from here on */
	const char *name;
};

#define SECOND 1000000000ull

static const struct unit units[] = {
	{1000, 1000000, "us"},
	{1000000, SECOND, "ms"},
	{SECOND, 100 * SECOND, "s"},
	{60 * SECOND, 6000 * SECOND, "m"},
	{3600 * SECOND, 360000 * SECOND, "h"},
	{86400 * SECOND, UINT64_MAX, "d"},
};

char *duration_write(char *place, uint64_t ns)
{
	const struct unit *unit = units;
	uint64_t whole, rest;

	while (ns >= unit->limit_ns && unit->limit_ns != UINT64_MAX)
		unit++;
	whole = ns / unit->ns;
	rest = ns % unit->ns;
	place = number_write(place, whole);
	if (whole < 100)
		*place++ = '.';
	if (whole < 100)
		*place++ = (char)('0' + rest / (unit->ns / 10));
	if (whole < 10)
		*place++ = (char)('0' + rest / (unit->ns / 100) % 10);
	for (const char *name = unit->name; *name; name++)
		*place++ = *name;
	return place;
}
