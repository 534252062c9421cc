/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is printed about a session, computed once for all its fields. */
#ifndef TCPSTATES_VIEW_SESSION_ROW_H
#define TCPSTATES_VIEW_SESSION_ROW_H

#include "trace/cause.h"
#include "trace/owner.h"
#include "view/session.h"

enum session_status {
	SESSION_ENDED, /* in CLOSE or TIME_WAIT */
	SESSION_OPEN,  /* not ended yet */
	SESSION_LOST,  /* its end was not seen; another session has its socket */
};

enum session_closer {
	CLOSER_UNKNOWN,
	CLOSER_LOCAL, /* this end: its owner, or the kernel */
	CLOSER_PEER,
	CLOSER_NONE, /* neither: the peer could not be reached */
	CLOSER_COUNT,
};

/* A duration, and how exactly it is known. */
struct session_time {
	uint64_t ns;
	unsigned int flags; /* enum transition_flags */
};

struct session_row {
	struct transition
		last; /* first: its fields are those of the session (transition_fields.h) */
	const struct session *session;
	struct session_step path[SESSION_STEPS_MAX + 1]; /* including the current state */
	int path_count;
	enum session_status status;
	enum session_closer closer;
	bool has_figures;          /* those of last are as of the end, or of now */
	enum cause cause;          /* why it closed */
	struct session_time total; /* until its end */
	struct session_time life;  /* the total without TIME_WAIT */
	struct session_time handshake;
	struct session_time time_wait;
	enum accepted accepted; /* by a process, during its life or so far */
};

/* Fills in a row. The session must have steps. now_ns: monotonic; used for SESSION_OPEN. */
void session_row_fill(struct session_row *row, const struct session *session,
		      enum session_status status, uint64_t now_ns);

/*
 * Whether it has ended, and was never established or did not end in an orderly way: by a reset, a
 * timeout or an error. row->cause is the cause.
 */
bool session_row_has_failed(const struct session_row *row);

/* As printed; NULL: not known. */
const char *session_role_name(unsigned int role);
const char *session_closer_name(unsigned int closer);

/* The port of the service: the peer's for a client, the local one for a server; 0: not known. */
uint16_t session_row_service_port(const struct session_row *row);

#endif
