/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two views of the same transitions. bcc's tcpstates sees sockets only: one that hands its session
 * over to a minisock goes to CLOSE, and one that connects has no local port yet. The full view
 * follows the session: its port where known, TIME_WAIT, an orphan's FIN_WAIT2, and their ends.
 */
#ifndef TCPSTATES_TRACE_LIFETIME_H
#define TCPSTATES_TRACE_LIFETIME_H

#include <stdbool.h>

#include "trace/transition.h"

enum view {
	VIEW_SOCKETS, /* as bcc's */
	VIEW_FULL,
};

/* For view_of(). */
const struct transition *view_look(enum view view, const struct transition *transition,
				   struct transition *changed);

/*
 * The transition as the view has it: the same one, or one in *changed. NULL when it is not in the
 * view.
 */
static inline const struct transition *view_of(enum view view, const struct transition *transition,
					       struct transition *changed)
{
	const unsigned int flags = TRANSITION_TO_MINISOCK | TRANSITION_OF_MINISOCK;
	const unsigned int facts = FACT_LPORT_LATER | FACT_STANDING;

	if (!(transition->flags & flags) && !(transition->facts & facts))
		return transition;
	return view_look(view, transition, changed);
}

#endif
