/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP state numbers (the kernel's enum in net/tcp_states.h, an ABI since 2.4) and their names. */
#ifndef TCPSTATES_STATE_H
#define TCPSTATES_STATE_H

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
};

struct word;

/* The kernel's and bcc's name of a state; "UNKNOWN" for a number that is none. Never NULL. */
const struct word *state_word(unsigned int state);

#endif
