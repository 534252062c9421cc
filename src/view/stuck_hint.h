/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a session stays in its state: one hint a case. */
#ifndef TCPSTATES_VIEW_STUCK_HINT_H
#define TCPSTATES_VIEW_STUCK_HINT_H

#include "trace/transition.h"

#define STUCK_HINT_SIZE 80 /* no hint is longer */

/*
 * The reason why the session stays in its state, from its most recent record: a snapshot shows its
 * queues, a transition only its state. NULL: none.
 */
const char *stuck_hint(const struct transition *last);

#endif
