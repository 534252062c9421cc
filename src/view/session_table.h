/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of sessions in flight, for session.c. While a session has a socket, its key is the
 * socket's kernel address: a new session at that address means that the previous one ended unseen.
 * Once a minisock takes over, the address may be reused, so the key is the cookie. Before 5.12
 * there is no cookie, and the key is the address with the 4-tuple.
 */
#ifndef TCPSTATES_VIEW_SESSION_TABLE_H
#define TCPSTATES_VIEW_SESSION_TABLE_H

#include "view/session.h"

/*
 * Finds the session of a transition. If the hand-over to a minisock was missed, the table still has
 * the session as a socket; it is found too. NULL: not known.
 */
struct session *session_table_find(const struct sessions *sessions, const struct transition *t);

/* Finds the session whose minisock or request socket has the transition's cookie. */
struct session *session_table_find_minisock(const struct sessions *sessions,
					    const struct transition *t);

/* Adds a session for the transition, as the newest. NULL if there is no room or memory. */
struct session *session_table_insert(struct sessions *sessions, const struct transition *t);

/* Makes the transition the session's last one, and updates the key accordingly. */
void session_table_update(struct sessions *sessions, struct session *session,
			  const struct transition *t);

#endif
