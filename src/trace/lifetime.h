/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a session lives in the lines that are printed. bcc's tcpstates sees sockets only: a
 * socket that hands its session over to a minisock goes to CLOSE, and one that connects has no
 * local port yet. The session itself goes on: its port where known, TIME_WAIT, an orphan's
 * FIN_WAIT2, and their ends.
 */
#ifndef TCPSTATES_TRACE_LIFETIME_H
#define TCPSTATES_TRACE_LIFETIME_H

#include <stdbool.h>

#include "trace/transition.h"

enum lifetime {
	LIFETIME_SOCKET, /* as bcc's */
	LIFETIME_SESSION,
};

/* For lifetime_show(). */
const struct transition *lifetime_adapt(enum lifetime lifetime, const struct transition *transition,
					struct transition *changed);

/*
 * The transition as it is in that lifetime: the same one, or one in *changed. NULL when it is not
 * part of it.
 */
static inline const struct transition *lifetime_show(enum lifetime lifetime,
						     const struct transition *transition,
						     struct transition *changed)
{
	const unsigned int flags = TRANSITION_TO_MINISOCK | TRANSITION_OF_MINISOCK;

	if (!(transition->flags & flags) && !(transition->facts & FACT_LPORT_LATER))
		return transition;
	return lifetime_adapt(lifetime, transition, changed);
}

#endif
