/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which part of a session the output shows. bcc's tcpstates sees sockets only: a socket goes to
 * CLOSE when a minisock replaces it, and a connecting socket has no local port yet. The lifetime of
 * a session also includes the port, if known, TIME_WAIT, the FIN_WAIT2 of an orphan, and their
 * ends.
 */
#ifndef TCPSTATES_TRACE_LIFETIME_H
#define TCPSTATES_TRACE_LIFETIME_H

#include <stdbool.h>

#include "trace/transition.h"

enum lifetime {
	LIFETIME_SOCKET, /* as in bcc */
	LIFETIME_SESSION,
};

/* The slow path of lifetime_show(). */
const struct transition *lifetime_adapt(enum lifetime lifetime, const struct transition *transition,
					struct transition *changed);

/*
 * The transition as that lifetime shows it: the same one, or an adapted copy in *changed. NULL if
 * it is not part of that lifetime.
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
