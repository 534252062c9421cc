/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The owner of a session, as it is printed, and whether it has accepted the session. */
#ifndef TCPSTATES_TRACE_OWNER_H
#define TCPSTATES_TRACE_OWNER_H

#include <stdbool.h>

#include "trace/transition.h"

/* The name of an enum owner_from; NULL: unknown. */
const char *owner_from_name(unsigned int owner_from);

/*
 * The owner may be another process than the one named: it is the listener's, and no process is
 * known to have accepted the session; or no process was found that has the socket open.
 */
bool owner_is_guess(const struct transition *t);

enum accepted {
	ACCEPTED_UNKNOWN,
	ACCEPTED_NO,  /* it is in the accept queue: the owner is the listener's */
	ACCEPTED_YES, /* a process has its socket, or had it */
};

/*
 * Whether a process has accepted the session, at the time of the record. A child has no sk_socket
 * until accept() (sock_graft()), and SOCK_DEAD is set once it is closed (sock_orphan()). Not known:
 *  - in a handshake, which nobody can accept yet, except with TCP Fast Open;
 *  - if the owner called connect(), and for the kernel's own sockets;
 *  - for subflows of MPTCP: they lose sk_socket when their connection is closed (__mptcp_close());
 *  - for time-wait sockets older than the trace.
 * All this is so from 5.10 to 7.2.
 */
enum accepted accepted_of(const struct transition *t);

/* "true" or "false"; NULL: not known. */
const char *accepted_name(enum accepted accepted);

#define OWNER_TEXT_SIZE (1 + TRANSITION_COMM_SIZE)

/*
 * The owner's name: with ! before it if no process has accepted the session, else with ~ if it is a
 * guess. NUL-terminated. Empty if it is not known, or ! alone.
 */
void owner_text(char text[OWNER_TEXT_SIZE], const struct transition *t, enum accepted accepted);

#endif
