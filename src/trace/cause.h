/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a session changed state: a small fixed vocabulary, derived from a transition's facts. */
#ifndef TCPSTATES_TRACE_CAUSE_H
#define TCPSTATES_TRACE_CAUSE_H

#include "trace/transition.h"

/* In the order of --help. */
enum cause {
	CAUSE_UNKNOWN, /* or none: opening a session has no cause */
	CAUSE_CLOSE,
	CAUSE_SHUTDOWN,
	CAUSE_EXIT,
	CAUSE_SIGNAL,
	CAUSE_KERNEL,
	CAUSE_PEER_FIN,
	CAUSE_FIN_ACKED,
	CAUSE_RESET_RECEIVED,
	CAUSE_RESET_UNREAD,
	CAUSE_RESET_LINGER,
	CAUSE_RESET_LATE_DATA,
	CAUSE_DISCONNECT,
	CAUSE_REPAIR,
	CAUSE_NO_PORT,
	CAUSE_CONNECT_FAILED,
	CAUSE_REFUSED,
	CAUSE_UNREACHABLE,
	CAUSE_SYN_TIMEOUT,
	CAUSE_RETRANS_TIMEOUT,
	CAUSE_KEEPALIVE,
	CAUSE_USER_TIMEOUT,
	CAUSE_ZERO_WINDOW,
	CAUSE_DESTROYED,
	CAUSE_LISTENER_CLOSED,
	CAUSE_NO_MEMORY,
	CAUSE_TIME_WAIT_FULL,
	CAUSE_TIMER,
	CAUSE_RECYCLED,
	CAUSE_HALF_OPEN,
	CAUSE_ERROR,
	CAUSE_COUNT,
};

struct cause_row {
	const char *name; /* safe in every format; NULL: CAUSE_UNKNOWN */
	const char *help;
};

/* CAUSE_UNKNOWN for a transition without details. */
enum cause cause_of(const struct transition *transition);

const struct cause_row *cause_row(enum cause cause);

#endif
