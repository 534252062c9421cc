// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of states that sessions get stuck in. */
#include <stddef.h>

#include "trace/clock.h"
#include "trace/state.h"
#include "view/stuck.h"

/*
 * Limits are above what a session takes in bad conditions: the kernel sends a second SYN after one
 * second and gives up an orphan after tcp_fin_timeout (60 s). Hints contain no commas or quotes, so
 * that no format has to escape them.
 */
static const struct {
	unsigned int seconds; /* 0: no default limit */
	const char *hint;
} rows[STATE_COUNT] = {
	[STATE_ESTABLISHED] = {0, "long-lived connection: idle or a long transfer"},
	[STATE_SYN_SENT] = {3, "no answer to the SYN: peer down or packets dropped"},
	[STATE_SYN_RECV] = {3,
			    "the last ACK of the handshake is missing: client gone or SYN flood"},
	[STATE_FIN_WAIT1] = {10, "data or FIN not acknowledged: peer gone or its window closed"},
	[STATE_FIN_WAIT2] = {60, "this end closed but the peer has not"},
	[STATE_TIME_WAIT] = {0, "waiting for late packets: 60 s is normal"},
	[STATE_CLOSE_WAIT] = {60, "the peer closed but the owner has not"},
	[STATE_LAST_ACK] = {10, "data or FIN not acknowledged: peer gone after it closed"},
	[STATE_CLOSING] = {10, "both ends closed at once and the peer does not acknowledge"},
};

STATES_ARE(12);

struct state_limits stuck_limits(const struct state_limits *given)
{
	struct state_limits limits = *given;

	for (unsigned int state = 0; state < STATE_COUNT; state++)
		if (!limits.ns[state])
			limits.ns[state] = rows[state].seconds * NSEC_PER_SEC;
	return limits;
}

const char *stuck_hint(unsigned int state)
{
	return state < STATE_COUNT ? rows[state].hint : NULL;
}

uint64_t stuck_due_ns(uint64_t limit_ns, uint64_t since_ns, uint64_t after_ns)
{
	uint64_t age_ns = after_ns > since_ns ? after_ns - since_ns : 0;

	while (limit_ns <= age_ns && limit_ns <= UINT64_MAX / 2)
		limit_ns *= 2;
	return limit_ns > age_ns && limit_ns < UINT64_MAX - since_ns ? since_ns + limit_ns
								     : UINT64_MAX;
}
