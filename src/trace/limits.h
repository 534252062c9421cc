/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a session may stay in each state before it is reported. */
#ifndef TCPSTATES_TRACE_LIMITS_H
#define TCPSTATES_TRACE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/state.h"

struct state_limits {
	uint64_t ns[STATE_COUNT]; /* by state; 0: no limit */
	uint64_t stalled_ns;      /* in ESTABLISHED without progress (FACT_STALLED) */
};

/*
 * Sets the limit of a state or of a group of states from "STATE:SECONDS", or stalled_ns from
 * "stalled:SECONDS". False if the text is
 * invalid; may then set *expected to what is expected.
 */
bool state_limits_set(struct state_limits *limits, const char *text, const char **expected);

/* Lowers each limit to that in other, if other has one. */
void state_limits_lower(struct state_limits *limits, const struct state_limits *other);

bool state_limits_are_given(const struct state_limits *limits);

#endif
