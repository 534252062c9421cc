// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of the TCP states. */
#include "state.h"
#include "value.h"

#define WORD(name)                     \
	{                              \
		name, sizeof(name) - 1 \
	}

static const struct word unknown = WORD("UNKNOWN");

static const struct word words[] = {
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
};

const struct word *state_word(unsigned int state)
{
	if (state >= sizeof(words) / sizeof(words[0]) || !words[state].size)
		return &unknown;
	return &words[state];
}
