// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transitions of minisocks: what their sockets were, and how long they were in their state. */
#include <stdbool.h>
#include <string.h>

#include "source/minisock_transition.h"

/*
 * An orphan was in its state before the minisock replaced it, and has not left it as far as known.
 */
static bool is_orphan(const struct transition *t)
{
	return t->oldstate == t->newstate;
}

/*
 * How much is known of the duration, if the end is known as `end` says. The flags of the watched
 * transition are about the state itself if it was an orphan already, or if the initial scan found
 * it; else about the state before.
 */
static enum transition_flags duration_known(const struct transition *t, enum transition_flags end)
{
	const enum transition_flags all = TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT;

	if (t->flags & TRANSITION_DURATION_AT_LEAST || (is_orphan(t) && !(t->flags & all)))
		return TRANSITION_DURATION_AT_LEAST;
	if (end == TRANSITION_DURATION_KNOWN && (is_orphan(t) || t->facts & FACT_FOUND) &&
	    t->flags & TRANSITION_DURATION_ABOUT)
		return TRANSITION_DURATION_ABOUT;
	return end;
}

struct transition minisock_transition(const struct watched *entry, uint64_t time_ns,
				      enum transition_flags known)
{
	struct transition t = entry->t;
	uint64_t since_ns = t.time_ns, before_ns = is_orphan(&t) ? t.duration_ns : 0;

	known = duration_known(&t, known);
	t.oldstate = t.newstate;
	t.time_ns = time_ns > since_ns ? time_ns : since_ns;
	t.duration_ns = before_ns + t.time_ns - since_ns;
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK | known;
	t.facts = FACT_ORPHAN | (t.facts & (FACT_FOUND | FACT_SUBFLOW));
	t.c_pid = 0;
	memset(t.c_comm, 0, sizeof(t.c_comm));
	t.minisock = t.due_ns = 0;
	t.idle_ms = 0;
	t.signal = t.reset_reason = 0;
	return t;
}
