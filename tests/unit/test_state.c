// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of TCP states: those of the kernel's net/tcp_states.h, by number. */
#include <limits.h>

#include "state.h"
#include "unit.h"
#include "value.h"

static void names(void)
{
	static const struct {
		unsigned int state;
		const char *name;
	} rows[] = {
		{0, "UNKNOWN"},       {1, "ESTABLISHED"}, {2, "SYN_SENT"},  {3, "SYN_RECV"},
		{4, "FIN_WAIT1"},     {5, "FIN_WAIT2"},   {6, "TIME_WAIT"}, {7, "CLOSE"},
		{8, "CLOSE_WAIT"},    {9, "LAST_ACK"},    {10, "LISTEN"},   {11, "CLOSING"},
		{12, "NEW_SYN_RECV"}, {13, "UNKNOWN"},    {255, "UNKNOWN"}, {UINT_MAX, "UNKNOWN"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("state %u", rows[i].state);
		CHECK_TEXT(rows[i].name, state_word(rows[i].state)->text);
		CHECK_NUMBER(strlen(rows[i].name), state_word(rows[i].state)->size);
	}
}

UNIT_MAIN("state", TEST(names))
