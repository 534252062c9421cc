/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two views of the same transitions. bcc's tcpstates sees sockets only: one that hands its session
 * over to a minisock goes to CLOSE, and one that connects has no local port yet. The full view
 * follows the session: its port where known, TIME_WAIT, an orphan's FIN_WAIT2, and their ends.
 */
#ifndef TCPSTATES_VIEW_H
#define TCPSTATES_VIEW_H

#include <stdbool.h>

#include "transition.h"

enum view {
	VIEW_SOCKETS, /* as bcc's */
	VIEW_FULL,
};

/*
 * The transition as the view has it: the same one, or one in *changed. NULL when it is not in the
 * view.
 */
const struct transition *view_of(enum view view, const struct transition *transition,
				 struct transition *changed);

#endif
