// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The owner of a session, as it is printed. */
#include <stddef.h>
#include <stdio.h>

#include "trace/owner.h"

const char *owner_from_name(unsigned int owner_from)
{
	static const char *const names[] = {
		[OWNER_CONNECT] = "connect", [OWNER_LISTEN] = "listen",
		[OWNER_ACCEPT] = "accept",   [OWNER_INHERITED] = "inherited",
		[OWNER_SCAN] = "scan",       [OWNER_USE] = "use",
		[OWNER_KERNEL] = "kernel",   [OWNER_HOLDER] = "holder",
		[OWNER_SHARED] = "shared",
	};

	return owner_from < sizeof(names) / sizeof(names[0]) ? names[owner_from] : NULL;
}

/* A process that could have the socket open was searched for, and none was found. */
static bool is_without_holder(const struct transition *t)
{
	return t->known & TRANSITION_KNOWN_HOLDER && t->facts & FACT_ACCEPTED &&
	       !(t->facts & (FACT_ORPHAN | FACT_SUBFLOW)) && t->owner_from != OWNER_HOLDER &&
	       t->owner_from != OWNER_SHARED;
}

bool owner_is_guess(const struct transition *t)
{
	if (!transition_has_details(t) || t->owner_from == OWNER_KERNEL)
		return false;
	return t->owner_from == OWNER_INHERITED || is_without_holder(t);
}

void owner_text(char text[OWNER_TEXT_SIZE], const struct transition *t)
{
	bool is_known = transition_has_details(t) && t->comm[0];

	text[0] = '\0';
	if (is_known)
		snprintf(text, OWNER_TEXT_SIZE, "%s%.*s", owner_is_guess(t) ? "~" : "",
			 TRANSITION_COMM_SIZE - 1, t->comm);
}
