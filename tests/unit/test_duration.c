// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lengths of time for people. */
#include "lib/duration.h"
#include "unit.h"

static void durations(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0.00us"},
		{999, "0.99us"},
		{1000, "1.00us"},
		{27109, "27.1us"},
		{999999, "999us"},
		{1000000, "1.00ms"},
		{99999999, "99.9ms"},
		{100000000, "100ms"},
		{1000000000, "1.00s"},
		{60000000000, "60.0s"},
		{99999999999, "99.9s"},
		{100000000000, "1.66m"},
		{5999999999999, "99.9m"},
		{6000000000000, "1.66h"},
		{360000000000000, "4.16d"},
		{86400000000000 * 1234, "1234d"},
		{UINT64_MAX, "213503d"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[DURATION_SIZE_MAX + 1];

		*duration_write(text, rows[i].ns) = '\0';
		CHECK_TEXT(rows[i].text, text);
	}
}

UNIT_MAIN("duration", TEST(durations))
