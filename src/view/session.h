/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions in flight, for the views: each connection from when it is first seen until it ends, with
 * the path it took. Listeners are not among them.
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
	uint8_t flags;    /* enum transition_flags: what is known of duration_ns */
	uint8_t cause;    /* enum cause: why it was entered */
	bool follows_gap; /* what was before it was not seen */
};

/* The longest path: simultaneous open and close, TIME_WAIT, and two states more. */
#define SESSION_STEPS_MAX 8

/* Which end opened it. */
enum session_role {
	SESSION_ROLE_UNKNOWN,
	SESSION_CLIENT,
	SESSION_SERVER,
};

struct session {
	struct hash_entry by_key; /* first: a struct hash_entry * is one of these */
	struct transition last; /* the newest word of it: newstate is its state, and its figures */
	uint64_t first_ns;      /* monotonic: when it began, or is known to have been there */
	uint64_t since_ns;      /* monotonic: when it entered its state; see is_older */
	struct session *older;  /* in the order in which they were first seen */
	struct session *newer;
	void *view;           /* the view's own; NULL at first */
	uint32_t idle_ms;     /* before the first end closed; see has_idle */
	uint8_t role;         /* enum session_role; unknown when its beginning was not seen */
	uint8_t cause;        /* enum cause: why it entered its state */
	uint8_t close_cause;  /* enum cause: why the first end closed; see has_closed */
	uint8_t signal;       /* that ended its process; 0: none */
	uint8_t reset_reason; /* enum reset_reason; 0: none, or not known */
	bool is_carried;      /* a minisock took over in its state */
	bool is_minisock;     /* a minisock goes on for it, or a request did from the beginning */
	bool is_match;        /* one of its transitions passed the filter */
	bool is_begun;        /* its beginning was seen */
	bool is_partial;      /* its beginning, or something in between, was not seen */
	bool is_older;        /* it entered its state at since_ns, or before that */
	bool follows_gap;     /* what was before its state was not seen */
	bool has_closed;      /* the first end was seen to close */
	bool has_idle;
	uint8_t step_count;
	struct session_step steps[]; /* SESSION_STEPS_MAX of them, if sessions.has_steps */
};

/* So many are followed at a time; what there is no room for is counted. */
#define SESSIONS_MAX ((size_t)1 << 22)

/* Zeroed at first, but for what the view sets. */
struct sessions {
	bool has_steps;   /* set by the view: paths are wanted */
	size_t count_max; /* set by the view: followed at a time; 0: SESSIONS_MAX */
	/* Set by the view, NULL: none: the end of this one was not seen. It is removed right after.
	 */
	void (*lose)(void *context, struct session *session);
	void *context;

	struct session *oldest;
	struct session *newest;
	struct hash by_key;
	uint64_t untracked; /* transitions of sessions that there was no room for */
};

/*
 * Takes a transition as the source has it, FACT_STANDING ones too. Returns its session, as it is
 * now: when it has ended (last.newstate is STATE_CLOSE), the caller removes it. NULL: it is of no
 * session, or of one that there was no room for.
 */
struct session *sessions_take(struct sessions *sessions, const struct transition *transition,
			      bool is_match);

/* What is known of the sum of two times, of what is known of each (enum transition_flags). */
unsigned int session_known_of_sum(unsigned int one, unsigned int other);

/* Also frees it; session.view is the caller's. */
void sessions_remove(struct sessions *sessions, struct session *session);

void sessions_close(struct sessions *sessions);

#endif
