// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long sessions may stay in each state, and when they are reported. */
#include "trace/clock.h"
#include "trace/state.h"
#include "view/stuck.h"

/*
 * Limits are above what a session takes in bad conditions: the kernel sends a second SYN after one
 * second and gives up an orphan after tcp_fin_timeout (60 s). 0: no default limit.
 */
static const unsigned int default_seconds[STATE_COUNT] = {
	[STATE_ESTABLISHED] = 0, [STATE_SYN_SENT] = 3,   [STATE_SYN_RECV] = 3,
	[STATE_FIN_WAIT1] = 10,  [STATE_FIN_WAIT2] = 60, [STATE_TIME_WAIT] = 0,
	[STATE_CLOSE_WAIT] = 60, [STATE_LAST_ACK] = 10,  [STATE_CLOSING] = 10,
};

STATES_ARE(12);

/* As long as for data in FIN_WAIT1. */
#define STALLED_SECONDS 10

struct state_limits stuck_limits(const struct state_limits *given)
{
	struct state_limits limits = *given;

	for (unsigned int state = 0; state < STATE_COUNT; state++)
		if (!limits.ns[state])
			limits.ns[state] = default_seconds[state] * NSEC_PER_SEC;
	if (!limits.stalled_ns)
		limits.stalled_ns = STALLED_SECONDS * NSEC_PER_SEC;
	return limits;
}

uint64_t stuck_due_ns(uint64_t limit_ns, uint64_t since_ns, uint64_t after_ns)
{
	uint64_t age_ns = after_ns > since_ns ? after_ns - since_ns : 0;

	while (limit_ns <= age_ns && limit_ns <= UINT64_MAX / 2)
		limit_ns *= 2;
	return limit_ns > age_ns && limit_ns < UINT64_MAX - since_ns ? since_ns + limit_ns
								     : UINT64_MAX;
}
