// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reasons for a reset: their numbers are in recordings, their names in outputs. */
#include <limits.h>

#include "trace/reset.h"
#include "unit.h"

/* A recording's numbers never change: new ones go to the end. */
static void names(void)
{
	static const struct {
		unsigned int reason;
		const char *name;
	} rows[] = {
		{1, "other"},
		{2, "no_socket"},
		{9, "tcp_abort_on_data"},
		{12, "tcp_abort_on_close"},
		{15, "tcp_state"},
		{25, "error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("reason %u", rows[i].reason);
		CHECK_TEXT(rows[i].name, reset_reason_name(rows[i].reason));
	}
}

static void no_names(void)
{
	static const unsigned int rows[] = {RESET_UNKNOWN, RESET_COUNT, RESET_COUNT + 1, 255,
					    UINT_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("reason %u", rows[i]);
		CHECK(!reset_reason_name(rows[i]));
	}
}

/* A byte of the record holds it, and it is printed without being escaped. */
static void all(void)
{
	CHECK(RESET_COUNT <= 256);
	for (unsigned int reason = RESET_OTHER; reason < RESET_COUNT; reason++) {
		const char *name = reset_reason_name(reason);

		unit_row("reason %u", reason);
		CHECK(name && *name);
		CHECK(name &&
		      strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
	}
}

UNIT_MAIN("reset", TEST(names), TEST(no_names), TEST(all))
