// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of the TCP states. */
#include <string.h>
#include <strings.h>

#include "trace/state.h"

#define WORD(name)                     \
	{                              \
		name, sizeof(name) - 1 \
	}

const struct word state_words[STATE_COUNT] = {
	[0] = WORD("UNKNOWN"),
	[STATE_ESTABLISHED] = WORD("ESTABLISHED"),
	[STATE_SYN_SENT] = WORD("SYN_SENT"),
	[STATE_SYN_RECV] = WORD("SYN_RECV"),
	[STATE_FIN_WAIT1] = WORD("FIN_WAIT1"),
	[STATE_FIN_WAIT2] = WORD("FIN_WAIT2"),
	[STATE_TIME_WAIT] = WORD("TIME_WAIT"),
	[STATE_CLOSE] = WORD("CLOSE"),
	[STATE_CLOSE_WAIT] = WORD("CLOSE_WAIT"),
	[STATE_LAST_ACK] = WORD("LAST_ACK"),
	[STATE_LISTEN] = WORD("LISTEN"),
	[STATE_CLOSING] = WORD("CLOSING"),
	[STATE_NEW_SYN_RECV] = WORD("NEW_SYN_RECV"),
	[STATE_NEW_SYN_RECV + 1 ... STATE_COUNT - 1] = WORD("UNKNOWN"),
};

STATES_ARE(12);

#define BIT(name) STATE_BIT(STATE_##name)

/* Names other than the kernel's, and the groups of ss(8). Dashes are written as underscores. */
static const struct {
	const char *name;
	unsigned int states;
} aliases[] = {
	{"SYN_RECEIVED", BIT(SYN_RECV)},
	{"FIN_WAIT_1", BIT(FIN_WAIT1)},
	{"FIN_WAIT_2", BIT(FIN_WAIT2)},
	{"CLOSED", BIT(CLOSE)},
	{"LISTENING", BIT(LISTEN)},
	{"all", STATES_ALL},
	{"connected", STATES_ALL & ~(BIT(LISTEN) | BIT(CLOSE))},
	{"synchronized", STATES_ALL & ~(BIT(LISTEN) | BIT(CLOSE) | BIT(SYN_SENT))},
	{"bucket", BIT(SYN_RECV) | BIT(TIME_WAIT) | BIT(NEW_SYN_RECV)},
	{"big", STATES_ALL & ~(BIT(SYN_RECV) | BIT(TIME_WAIT) | BIT(NEW_SYN_RECV))},
};

#define NAME_SIZE sizeof("NEW_SYN_RECV") /* the longest */

/* Every transition in net/ipv4/tcp*.c (5.10 to 7.2). */
static const unsigned int followers[] = {
	[STATE_CLOSE] = BIT(SYN_SENT) | BIT(LISTEN),
	[STATE_LISTEN] = BIT(SYN_RECV) | BIT(CLOSE),
	[STATE_SYN_SENT] = BIT(ESTABLISHED) | BIT(SYN_RECV) | BIT(CLOSE),
	[STATE_SYN_RECV] = BIT(ESTABLISHED) | BIT(FIN_WAIT1) | BIT(CLOSE_WAIT) | BIT(CLOSE),
	[STATE_ESTABLISHED] = BIT(FIN_WAIT1) | BIT(CLOSE_WAIT) | BIT(CLOSE),
	[STATE_FIN_WAIT1] = BIT(FIN_WAIT2) | BIT(CLOSING) | BIT(CLOSE),
	[STATE_FIN_WAIT2] = BIT(TIME_WAIT) | BIT(CLOSE),
	[STATE_CLOSING] = BIT(TIME_WAIT) | BIT(CLOSE),
	[STATE_CLOSE_WAIT] = BIT(LAST_ACK) | BIT(CLOSE),
	[STATE_LAST_ACK] = BIT(CLOSE),
	[STATE_TIME_WAIT] = BIT(CLOSE),
};

STATES_ARE(12);

unsigned int state_followers(unsigned int state, bool has_minisocks)
{
	if (state >= sizeof(followers) / sizeof(followers[0]))
		return 0;
	if (has_minisocks)
		return followers[state];
	return state == STATE_TIME_WAIT ? 0 : followers[state] & ~BIT(TIME_WAIT);
}

static unsigned int states_of(const char *name)
{
	for (unsigned int state = STATE_ESTABLISHED; state < STATE_END; state++)
		if (!strcasecmp(name, state_words[state].text))
			return STATE_BIT(state);
	for (unsigned int i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcasecmp(name, aliases[i].name))
			return aliases[i].states;
	return 0;
}

bool state_set_add(unsigned int *set, const char *name)
{
	char plain[NAME_SIZE];
	unsigned int states;

	if (strlen(name) >= sizeof(plain))
		return false;
	strcpy(plain, name);
	for (char *c = plain; *c; c++)
		if (*c == '-')
			*c = '_';
	states = states_of(plain);
	*set |= states;
	return states;
}
