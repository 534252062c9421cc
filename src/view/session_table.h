/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of sessions in flight, for session.c. While a session has a socket, its key is the
 * socket's address in the kernel: whoever has that now is the session, and one that had it before
 * has ended unseen. Once a minisock goes on for it, the address may be reused, and its key is the
 * cookie; before 5.12 there is none, and its key is the 4-tuple.
 */
#ifndef TCPSTATES_VIEW_SESSION_TABLE_H
#define TCPSTATES_VIEW_SESSION_TABLE_H

#include "view/session.h"

/*
 * The session of a transition. Also of a minisock whose hand-over was missed: its session still has
 * a socket as far as is known. NULL: not known.
 */
struct session *session_table_find(const struct sessions *sessions, const struct transition *t);

/* The session that has the minisock, or the request socket, of the transition's cookie. */
struct session *session_table_find_minisock(const struct sessions *sessions,
					    const struct transition *t);

/* A new session of the transition, the newest one. NULL without room or memory. */
struct session *session_table_insert(struct sessions *sessions, const struct transition *t);

/* The transition is the session's last one from now on, and decides its key. */
void session_table_update(struct sessions *sessions, struct session *session,
			  const struct transition *t);

#endif
