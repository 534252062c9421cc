/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transitions of minisocks, made of the one that began them. */
#ifndef TCPSTATES_SOURCE_MINISOCK_TRANSITION_H
#define TCPSTATES_SOURCE_MINISOCK_TRANSITION_H

#include <stdint.h>

#include "source/watchlist.h"
#include "trace/transition.h"

/*
 * A minisock leaves its state at time_ns: with what is known of its socket, but no CPU. The caller
 * sets newstate and facts. An inferred time is not exact, so it may be too early: it becomes that
 * of the transition that it follows. known: how exactly the duration is known, if its begin is.
 */
struct transition minisock_transition(const struct watched *entry, uint64_t time_ns,
				      enum transition_flags known);

#endif
