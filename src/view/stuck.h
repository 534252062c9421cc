/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sessions that stay in a state: for how long that is no news, and what it usually means if not. */
#ifndef TCPSTATES_VIEW_STUCK_H
#define TCPSTATES_VIEW_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/limits.h"

/* The limits given, and the usual ones of the states that have none. */
struct state_limits stuck_limits(const struct state_limits *given);

/*
 * When a session that has been in a state with that limit since since_ns is to be told of next, if
 * it was last at after_ns (0: never): at its limit, or when it has been there for twice, four
 * times,
 * ... that. UINT64_MAX: never.
 */
uint64_t stuck_due_ns(uint64_t limit_ns, uint64_t since_ns, uint64_t after_ns);

/* What it usually means that a session stays in this state; NULL: nothing is the matter. */
const char *stuck_hint(unsigned int state);

#define STUCK_HINT_SIZE 80 /* no hint is longer */

#endif
