// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The owner of a session, as it is printed. */
#include <stddef.h>
#include <string.h>

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

/* Called for each session that ends: without snprintf(), which takes ten times as long. */
void owner_text(char text[OWNER_TEXT_SIZE], const struct transition *t)
{
	size_t length;

	if (transition_has_details(t) && t->comm[0]) {
		length = strnlen(t->comm, TRANSITION_COMM_SIZE - 1);
		if (owner_is_guess(t))
			*text++ = '~';
		memcpy(text, t->comm, length);
		text += length;
	}
	*text = '\0';
}
