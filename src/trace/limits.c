// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Limits on the time in a state. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/parse.h"
#include "trace/limits.h"
#include "trace/state.h"

/* Sockets may stay in these states without limit. */
#define UNLIMITED (STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE))

/* The states of a name. 0 if it is unknown or not allowed; for the latter, sets *expected. */
static unsigned int states_of(const char *name, const char **expected)
{
	unsigned int states = 0;

	state_set_add(&states, name);
	if (!(states & UNLIMITED))
		return states & ~STATE_BIT(STATE_NEW_SYN_RECV);
	*expected = "a state in which a connection can be stuck: neither LISTEN nor CLOSE, nor a "
		    "group that includes them (\"connected\" is all other states)";
	return 0;
}

bool state_limits_set(struct state_limits *limits, const char *text, const char **expected)
{
	const char *colon = strchr(text, ':');
	unsigned int states;
	char name[32];
	bool is_stalled;
	uint64_t ns;

	if (!colon || (size_t)(colon - text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	is_stalled = !strcasecmp(name, "stalled");
	states = is_stalled ? 0 : states_of(name, expected);
	if (!states && !is_stalled)
		return false;
	if (!parse_seconds(colon + 1, &ns) || !ns) {
		*expected = "seconds above 0 after the colon, for example 60 or 0.5";
		return false;
	}
	for (unsigned int state = 0; state < STATE_COUNT; state++)
		if (states & STATE_BIT(state))
			limits->ns[state] = ns;
	if (is_stalled)
		limits->stalled_ns = ns;
	return true;
}

/* 0: no limit. */
static void lower(uint64_t *ns, uint64_t other_ns)
{
	if (other_ns && (!*ns || other_ns < *ns))
		*ns = other_ns;
}

void state_limits_lower(struct state_limits *limits, const struct state_limits *other)
{
	for (unsigned int state = 0; state < STATE_COUNT; state++)
		lower(&limits->ns[state], other->ns[state]);
	lower(&limits->stalled_ns, other->stalled_ns);
}

bool state_limits_are_given(const struct state_limits *limits)
{
	for (unsigned int state = 0; state < STATE_COUNT; state++)
		if (limits->ns[state])
			return true;
	return limits->stalled_ns;
}
