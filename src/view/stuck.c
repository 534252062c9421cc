// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* States that sessions get stuck in: one table. */
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "trace/clock.h"
#include "trace/state.h"
#include "view/stuck.h"

/*
 * Limits are above what a session takes on a bad day: a second SYN is sent after one second, an
 * orphan is given up after tcp_fin_timeout (60 s). Hints have neither commas nor quotes, so that no
 * format has to escape them.
 */
static const struct {
	unsigned int seconds; /* 0: no limit unless one is given */
	const char *hint;
} rows[STUCK_STATES] = {
	[STATE_ESTABLISHED] = {0, "open all along: an idle connection or a long transfer"},
	[STATE_SYN_SENT] = {3, "no answer to the SYN: peer down or packets dropped"},
	[STATE_SYN_RECV] = {3, "the handshake's last ACK does not come: client gone or SYN flood"},
	[STATE_FIN_WAIT1] = {10, "data or FIN not acknowledged: peer gone or its window closed"},
	[STATE_FIN_WAIT2] = {60, "the peer has not closed after this end did"},
	[STATE_TIME_WAIT] = {0, "waits for late packets: 60 s are normal"},
	[STATE_CLOSE_WAIT] = {60, "the owner has not closed after the peer did"},
	[STATE_LAST_ACK] = {10, "data or FIN not acknowledged: peer gone after its own close"},
	[STATE_CLOSING] = {10, "both closed at once and the peer does not acknowledge"},
};

void stuck_limits_default(struct stuck_limits *limits)
{
	for (unsigned int state = 0; state < STUCK_STATES; state++)
		limits->ns[state] = rows[state].seconds * NSEC_PER_SEC;
}

const char *stuck_hint(unsigned int state)
{
	return state < STUCK_STATES ? rows[state].hint : NULL;
}

#define NEVER_STUCK (STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE))

/* Those of a name; 0 when it is none, or *expected says why not. */
static unsigned int states_of(const char *name, const char **expected)
{
	unsigned int states = 0;

	state_set_add(&states, name);
	if (!(states & NEVER_STUCK))
		return states & ~STATE_BIT(STATE_NEW_SYN_RECV);
	*expected = "a state that a connection can be stuck in: not LISTEN, not CLOSE, and no "
		    "group with them (\"connected\" is all others)";
	return 0;
}

bool stuck_limits_set(struct stuck_limits *limits, const char *text, const char **expected)
{
	const char *colon = strchr(text, ':');
	unsigned int states;
	char name[32];
	uint64_t ns;

	if (!colon || (size_t)(colon - text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	states = states_of(name, expected);
	if (!states)
		return false;
	if (!parse_seconds(colon + 1, &ns) || !ns) {
		*expected = "after the colon seconds above 0, as in 60 or 0.5";
		return false;
	}
	for (unsigned int state = 0; state < STUCK_STATES; state++)
		if (states & STATE_BIT(state))
			limits->ns[state] = ns;
	return true;
}

uint64_t stuck_due_ns(uint64_t limit_ns, uint64_t since_ns, uint64_t after_ns)
{
	uint64_t age_ns = after_ns > since_ns ? after_ns - since_ns : 0;

	while (limit_ns <= age_ns && limit_ns <= UINT64_MAX / 2)
		limit_ns *= 2;
	return limit_ns > age_ns && limit_ns < UINT64_MAX - since_ns ? since_ns + limit_ns
								     : UINT64_MAX;
}
