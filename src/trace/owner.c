// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The owner of a session, as it is printed, and whether it has accepted the session. */
#include <stddef.h>
#include <string.h>

#include "trace/owner.h"
#include "trace/state.h"

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

static bool is_queue_state(unsigned int state)
{
	return state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT;
}

/* From a state that a connection may have in an accept queue, to one that it may enter from it. */
static bool may_be_queued(const struct transition *t)
{
	return is_queue_state(t->oldstate) &&
	       (is_queue_state(t->newstate) || t->newstate == STATE_CLOSE);
}

/* No state in which a process can have accepted it, or no session at all. */
static bool is_before_accept(const struct transition *t)
{
	return transition_is_half_open(t) || t->oldstate == STATE_CLOSE ||
	       t->oldstate == STATE_LISTEN || t->oldstate == STATE_SYN_SENT;
}

/* In SYN_RECV: the kernel ends a child that it cannot use (inet_csk_prepare_forced_close()). */
static bool had_process(const struct transition *t)
{
	return t->facts & FACT_ACCEPTED ||
	       (t->facts & FACT_ORPHAN && t->oldstate != STATE_SYN_RECV);
}

enum accepted accepted_of(const struct transition *t)
{
	if (!transition_has_details(t) || t->facts & (FACT_FOUND | FACT_SUBFLOW) ||
	    is_before_accept(t) || t->owner_from == OWNER_CONNECT)
		return ACCEPTED_UNKNOWN;
	/* The kernel's own may have connected; one that has no struct socket waits in a queue. */
	if (t->owner_from == OWNER_KERNEL)
		return !had_process(t) && may_be_queued(t) ? ACCEPTED_NO : ACCEPTED_UNKNOWN;
	if (t->owner_from == OWNER_ACCEPT || had_process(t))
		return ACCEPTED_YES;
	if (t->owner_from != OWNER_INHERITED && t->owner_from != OWNER_UNKNOWN)
		return ACCEPTED_UNKNOWN;
	return may_be_queued(t) ? ACCEPTED_NO : ACCEPTED_UNKNOWN;
}

const char *accepted_name(enum accepted accepted)
{
	if (accepted == ACCEPTED_UNKNOWN)
		return NULL;
	return accepted == ACCEPTED_YES ? "true" : "false";
}

/* '\0': none. */
static char mark_of(const struct transition *t, enum accepted accepted)
{
	if (accepted == ACCEPTED_NO)
		return '!';
	return t->comm[0] && owner_is_guess(t) ? '~' : '\0';
}

/* Called for each session that ends: without snprintf(), which takes ten times as long. */
void owner_text(char text[OWNER_TEXT_SIZE], const struct transition *t, enum accepted accepted)
{
	size_t length;
	char mark;

	if (transition_has_details(t)) {
		length = strnlen(t->comm, TRANSITION_COMM_SIZE - 1);
		mark = mark_of(t, accepted);
		if (mark)
			*text++ = mark;
		memcpy(text, t->comm, length);
		text += length;
	}
	*text = '\0';
}
