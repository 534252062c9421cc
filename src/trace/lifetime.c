// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transitions in the lifetime of a socket or of a session. */
#include <stddef.h>

#include "trace/lifetime.h"
#include "trace/state.h"

const struct transition *lifetime_adapt(enum lifetime lifetime, const struct transition *transition,
					struct transition *changed)
{
	bool is_hand_over = transition_is_to_minisock(transition);
	bool is_without_port = transition->facts & FACT_LPORT_LATER;

	if (lifetime == LIFETIME_SESSION)
		/* An orphan stays in FIN_WAIT2. */
		return transition_is_to_orphan(transition) ? NULL : transition;
	if (transition_is_of_minisock(transition))
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
