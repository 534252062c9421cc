// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transitions of a socket's life, and of a session's. */
#include <stddef.h>

#include "trace/lifetime.h"
#include "trace/state.h"

const struct transition *lifetime_adapt(enum lifetime lifetime, const struct transition *transition,
					struct transition *changed)
{
	bool is_hand_over = transition->flags & TRANSITION_TO_MINISOCK;
	bool is_without_port = transition->facts & FACT_LPORT_LATER;

	if (lifetime == LIFETIME_SESSION)
		/* An orphan stays in FIN_WAIT2. */
		return is_hand_over && transition->oldstate == transition->newstate ? NULL
										    : transition;
	if (transition->flags & TRANSITION_OF_MINISOCK)
		return NULL;
	if (!is_hand_over && !is_without_port)
		return transition;
	*changed = *transition;
	if (is_hand_over)
		changed->newstate = STATE_CLOSE;
	if (is_without_port)
		changed->lport = 0;
	return changed;
}
