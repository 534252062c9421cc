/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions in flight, for the views: each connection from when it is first seen until it ends, with
 * its path of states. Listeners are not included.
 */
#ifndef TCPSTATES_VIEW_SESSION_H
#define TCPSTATES_VIEW_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

/* A state that was left. */
struct session_step {
	uint64_t duration_ns;
	uint8_t state;
	uint8_t flags;    /* enum transition_flags: how exactly duration_ns is known */
	uint8_t cause;    /* enum cause: why it was entered */
	bool follows_gap; /* the state before it was not seen */
};

/* The longest path: simultaneous open and close, TIME_WAIT, and two more states. */
#define SESSION_STEPS_MAX 8

/* Role of this end. */
enum session_role {
	SESSION_ROLE_UNKNOWN,
	SESSION_CLIENT,
	SESSION_SERVER,
};

struct session {
	struct hash_entry by_key; /* first member: cast from struct hash_entry * */
	struct transition last;   /* most recent record: current state (newstate) and figures */
	uint64_t first_ns;        /* monotonic: start, or the earliest time it is known to exist */
	uint64_t since_ns;        /* monotonic: when it entered its state; see is_older */
	struct session *older;    /* list in the order of the first record */
	struct session *newer;
	void *view;           /* owned by the view; initially NULL; or see view_size */
	uint32_t idle_ms;     /* idle time when the first end closed; see has_idle */
	uint8_t role;         /* enum session_role; unknown if its start was not seen */
	uint8_t cause;        /* enum cause: why it entered its state */
	uint8_t close_cause;  /* enum cause: why the first end closed; see has_closed */
	uint8_t signal;       /* signal that ended its process; 0: none */
	uint8_t reset_reason; /* enum reset_reason; 0: none, or not known */
	bool is_carried;      /* a minisock took over in its state */
	bool is_minisock;     /* it is a minisock: a time-wait socket or a request socket */
	bool is_match;        /* one of its transitions passed the filter */
	bool is_begun;        /* its start was seen */
	bool is_partial;      /* a part of it was not seen */
	bool is_older;        /* it entered its state at or before since_ns */
	bool follows_gap;     /* the state before the current one was not seen */
	bool has_closed;      /* the close of the first end was seen */
	bool has_idle;
	uint8_t step_count;
	struct session_step steps[]; /* SESSION_STEPS_MAX if sessions.has_steps, else none */
};

/* At most this many sessions are followed at a time; transitions of others are counted. */
#define SESSIONS_MAX ((size_t)1 << 22)

/* Initialized with zeros, except for what the view sets. */
struct sessions {
	bool has_steps; /* set by the view: record paths */
	/* Set by the view: a session ends when it enters TIME_WAIT, and none begins there. */
	bool end_in_time_wait;
	size_t count_max; /* set by the view: sessions followed at a time; 0: SESSIONS_MAX */
	/* Set by the view: session.view points to this many zeroed bytes, which end with it. */
	size_t view_size;
	/* Set by the view, or NULL: the end of a session was not seen. It is removed after that. */
	void (*lose)(void *context, struct session *session);
	void *context;

	struct session *oldest;
	struct session *newest;
	struct hash by_key;
	uint64_t untracked; /* transitions of sessions not followed, for lack of room */
};

/*
 * Applies a transition or a snapshot (FACT_STANDING). Returns its updated session. If the session
 * has ended (session_has_ended()), the caller removes it. NULL: the transition belongs to no
 * session, or there was no room for one.
 */
struct session *sessions_take(struct sessions *sessions, const struct transition *transition,
			      bool is_match);

/* It is in CLOSE; with end_in_time_wait, or in TIME_WAIT. */
bool session_has_ended(const struct sessions *sessions, const struct session *session);

/* How exactly the sum of two durations is known, from that of each (enum transition_flags). */
unsigned int session_known_of_sum(unsigned int one, unsigned int other);

/* Removes and frees a session. The caller owns session.view, unless there is a view_size. */
void sessions_remove(struct sessions *sessions, struct session *session);

void sessions_close(struct sessions *sessions);

#endif
