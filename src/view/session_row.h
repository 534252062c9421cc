/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is printed of a session, worked out once for all its fields. */
#ifndef TCPSTATES_VIEW_SESSION_ROW_H
#define TCPSTATES_VIEW_SESSION_ROW_H

#include "trace/cause.h"
#include "view/session.h"

enum session_status {
	SESSION_ENDED,
	SESSION_OPEN, /* it goes on */
	SESSION_LOST, /* its end was not seen: its socket is another session's */
};

enum session_closer {
	CLOSER_UNKNOWN,
	CLOSER_LOCAL, /* this end: its owner, or the kernel */
	CLOSER_PEER,
	CLOSER_NONE, /* neither: the other end was not to be reached */
};

/* A time, and what is known of it. */
struct session_time {
	uint64_t ns;
	unsigned int flags; /* enum transition_flags */
};

struct session_row {
	struct transition
		last; /* first: its fields are those of the session (transition_fields.h) */
	const struct session *session;
	struct session_step path[SESSION_STEPS_MAX + 1]; /* the state it is in, too */
	int path_count;
	enum session_status status;
	enum session_closer closer;
	enum cause cause; /* why it closed */
	struct session_time total;
	struct session_time life; /* the total without TIME_WAIT */
	struct session_time handshake;
	struct session_time time_wait;
};

/* The session has steps. now_ns: monotonic; how late it is, for one that goes on. */
void session_row_fill(struct session_row *row, const struct session *session,
		      enum session_status status, uint64_t now_ns);

#endif
