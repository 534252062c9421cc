/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP state numbers (the kernel's enum in net/tcp_states.h, an ABI since 2.4) and their names. */
#ifndef TCPSTATES_TRACE_STATE_H
#define TCPSTATES_TRACE_STATE_H

#ifndef __bpf__
#include <stdbool.h>

#include "lib/word.h"
#endif

enum tcp_state {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_NEW_SYN_RECV,
	STATE_END, /* one above the last */
};

/* A set of states: state s is bit s. */
#define STATE_BIT(state) (1u << (state))
#define STATES_ALL       (STATE_BIT(STATE_END) - STATE_BIT(STATE_ESTABLISHED))

/* Size of a table by state: above all of them, and a power of two. */
#define STATE_COUNT 16

/*
 * Beside each table that has to say something of every state: it does not compile before somebody
 * has looked at it for a new one.
 */
#define STATES_ARE(count) \
	_Static_assert(STATE_END == (count) + 1, "this table has a row for each state")

_Static_assert(STATE_END <= STATE_COUNT, "tables by state have room for all");

#ifndef __bpf__
extern const struct word state_words[STATE_COUNT];

/* The kernel's and bcc's name of a state; "UNKNOWN" for a number that is none. Never NULL. */
static inline const struct word *state_word(unsigned int state)
{
	return &state_words[state < STATE_COUNT ? state : 0];
}

/*
 * Adds a state by its name in the kernel (FIN_WAIT1), in ss (fin-wait-1) or in OpenTelemetry
 * (fin_wait_1), in any case; or one of ss's groups: all, connected, synchronized, bucket, big.
 * False for another name.
 */
bool state_set_add(unsigned int *set, const char *name);

/*
 * The states that one may be left for: those of the kernel's TCP. has_minisocks: with TIME_WAIT,
 * where without it all that leads there leads to CLOSE.
 */
unsigned int state_followers(unsigned int state, bool has_minisocks);
#endif

#endif
