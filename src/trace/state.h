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
 * Placed after each table that has a row for every state: a new state breaks the build until the
 * table is updated.
 */
#define STATES_ARE(count) \
	_Static_assert(STATE_END == (count) + 1, "this table has a row for each state")

_Static_assert(STATE_END <= STATE_COUNT, "tables by state have room for all");

#ifndef __bpf__
extern const struct word state_words[STATE_COUNT];

/* The kernel's and bcc's name of a state; "UNKNOWN" for an invalid number. Never NULL. */
static inline const struct word *state_word(unsigned int state)
{
	return &state_words[state < STATE_COUNT ? state : 0];
}

/*
 * Adds a state by its name in the kernel (FIN_WAIT1), in ss (fin-wait-1) or in OpenTelemetry
 * (fin_wait_1); or a group of ss: all, connected, synchronized, bucket, big. Case does not matter.
 * False for any other name.
 */
bool state_set_add(unsigned int *set, const char *name);

/*
 * The states that can follow a state in the kernel's TCP. has_minisocks: include TIME_WAIT; without
 * it, transitions to TIME_WAIT go to CLOSE instead.
 */
unsigned int state_followers(unsigned int state, bool has_minisocks);
#endif

#endif
