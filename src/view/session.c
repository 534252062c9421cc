// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Applies transitions and snapshots to their sessions. */
#include <errno.h>
#include <string.h>

#include "trace/cause.h"
#include "trace/state.h"
#include "view/session.h"
#include "view/session_table.h"

static bool is_standing(const struct transition *t)
{
	return t->facts & FACT_STANDING;
}

static bool begins(const struct transition *t)
{
	return !is_standing(t) && (t->oldstate == STATE_CLOSE || t->oldstate == STATE_LISTEN);
}

/* A snapshot of a half-open session: its start is reported later, with its end or its socket. */
static bool is_request(const struct transition *t)
{
	return transition_is_snapshot(t) && transition_is_half_open(t);
}

/* The half-open session of this socket: the socket has the cookie of its request socket. */
static struct session *find_request(const struct sessions *sessions, const struct transition *t)
{
	struct session *session;

	if (t->flags & TRANSITION_OF_MINISOCK || !t->cookie)
		return NULL;
	session = session_table_find_minisock(sessions, t);
	return session && is_request(&session->last) ? session : NULL;
}

/* A snapshot of a socket that waits for the last ACK of its handshake (TCP Fast Open). */
static bool is_fast_open(const struct transition *t)
{
	return transition_is_snapshot(t) && t->newstate == STATE_SYN_RECV &&
	       !transition_is_of_minisock(t);
}

/*
 * Reports the start of a session that is already known from a snapshot: the start of a passive open
 * is reported when it leaves SYN_RECV. A later start is that of another session at that address.
 */
static bool tells_beginning(const struct session *session, const struct transition *t)
{
	if (t->oldstate != STATE_LISTEN || t->newstate != STATE_SYN_RECV)
		return false;
	return is_request(&session->last) ||
	       (is_fast_open(&session->last) && t->time_ns <= session->last.time_ns);
}

/* Belongs to a listener, or to a socket without a connection. */
static bool is_of_none(const struct transition *t)
{
	return t->newstate == STATE_LISTEN || (is_standing(t) && t->newstate == STATE_CLOSE) ||
	       (t->oldstate == STATE_LISTEN && t->newstate != STATE_SYN_RECV);
}

/* The rest of a session that has ended in TIME_WAIT, or one that was there before the trace. */
static bool is_after_end(const struct sessions *sessions, const struct transition *t)
{
	return sessions->end_in_time_wait && t->oldstate == STATE_TIME_WAIT;
}

bool session_has_ended(const struct sessions *sessions, const struct session *session)
{
	unsigned int state = session->last.newstate;

	return state == STATE_CLOSE || (sessions->end_in_time_wait && state == STATE_TIME_WAIT);
}

/* Neither end has closed yet. */
static bool is_open(unsigned int state)
{
	return state == STATE_SYN_SENT || state == STATE_SYN_RECV || state == STATE_ESTABLISHED;
}

#define DURATION_FLAGS \
	(TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT | TRANSITION_DURATION_AT_LEAST)

unsigned int session_known_of_sum(unsigned int one, unsigned int other)
{
	unsigned int both = (one | other) & DURATION_FLAGS;

	if (!both)
		return 0;
	if (both & TRANSITION_DURATION_AT_LEAST || !(one & DURATION_FLAGS) ||
	    !(other & DURATION_FLAGS))
		return TRANSITION_DURATION_AT_LEAST;
	return both & TRANSITION_DURATION_ABOUT ? TRANSITION_DURATION_ABOUT
						: TRANSITION_DURATION_KNOWN;
}

/* TCP has no longer path; longer ones, from damaged recordings, are cut. */
static void add_step(struct sessions *sessions, struct session *session,
		     const struct session_step *step)
{
	if (!sessions->has_steps)
		return;
	if (session->step_count == SESSION_STEPS_MAX) {
		session->is_partial = true;
		return;
	}
	session->steps[session->step_count++] = *step;
}

/* The session was seen in a state that does not follow from its last one. */
static void miss(struct sessions *sessions, struct session *session)
{
	struct session_step step = {
		.state = session->last.newstate,
		.cause = session->cause,
		.follows_gap = session->follows_gap,
	};

	add_step(sessions, session, &step);
	session->is_partial = true;
	session->follows_gap = true;
	session->cause = CAUSE_UNKNOWN;
	session->is_carried = false;
}

/*
 * A minisock that takes over from an orphan keeps the state: the duration counts from when the
 * state was entered. Older recordings only have the time since the hand-over.
 */
static void count_before(const struct session *session, const struct transition *t,
			 struct session_step *step)
{
	uint64_t since_ns = t->time_ns - session->since_ns;

	if (t->time_ns > session->since_ns && since_ns > step->duration_ns)
		step->duration_ns = since_ns;
	if (session->is_older && step->flags)
		step->flags = TRANSITION_DURATION_AT_LEAST;
}

static void leave(struct sessions *sessions, struct session *session, const struct transition *t)
{
	struct session_step step = {
		.duration_ns = t->duration_ns,
		.state = t->oldstate,
		.flags = t->flags & DURATION_FLAGS,
		.cause = session->cause,
		.follows_gap = session->follows_gap,
	};

	if (session->is_carried)
		count_before(session, t, &step);
	add_step(sessions, session, &step);
	session->follows_gap = false;
	session->is_carried = false;
}

static uint64_t time_before(const struct transition *t)
{
	bool is_known = t->flags & DURATION_FLAGS && t->duration_ns < t->time_ns;

	return is_known ? t->time_ns - t->duration_ns : t->time_ns;
}

static enum session_role role_of(const struct transition *t)
{
	if (t->oldstate == STATE_LISTEN || is_request(t))
		return SESSION_SERVER;
	return t->newstate == STATE_SYN_SENT ? SESSION_CLIENT : SESSION_ROLE_UNKNOWN;
}

static struct session *begin(struct sessions *sessions, const struct transition *t)
{
	struct session *session = session_table_insert(sessions, t);

	if (!session) {
		sessions->untracked++;
		return NULL;
	}
	session->is_begun = begins(t) || is_request(t);
	session->is_partial = session->follows_gap = !session->is_begun;
	session->role = session->is_begun ? role_of(t) : SESSION_ROLE_UNKNOWN;
	session->first_ns = begins(t) ? t->time_ns : time_before(t);
	return session;
}

/* A record of a session in the state that it has: since when, as far as known. */
static void take_since(struct session *session, const struct transition *t)
{
	session->since_ns = time_before(t);
	session->is_older = !(t->flags & TRANSITION_DURATION_KNOWN);
}

/*
 * A later scan found the socket in another state: the change was not seen. The initial scan does
 * not report such a session, and a request socket continues as another socket.
 */
static bool has_moved_unseen(const struct session *session, const struct transition *t)
{
	return t->newstate != session->last.newstate && !session->is_minisock &&
	       (t->known & TRANSITION_KNOWN_HOLDER || transition_is_at_end(t));
}

/*
 * Applies a snapshot: its figures are newer. It is ignored if it is older, or in another state, of
 * which the transition may follow.
 */
static void look(struct sessions *sessions, struct session *session, const struct transition *t,
		 bool is_new)
{
	bool has_moved = has_moved_unseen(session, t);

	if (!is_new && t->time_ns < session->last.time_ns)
		return;
	if (!is_new && !has_moved && t->newstate != session->last.newstate)
		return;
	if (has_moved)
		miss(sessions, session);
	if (is_new || has_moved)
		take_since(session, t);
	session->last = *t;
}

/* The socket has no owner any more: the minisock continues in the same state. */
static bool is_orphaned(const struct transition *t)
{
	return t->flags & TRANSITION_TO_MINISOCK && t->oldstate == t->newstate;
}

/* Stores the cause, and that of the first close: later steps only follow from it. */
static void take_cause(struct session *session, const struct transition *t)
{
	session->cause = cause_of(t);
	if (session->cause == CAUSE_SIGNAL && !session->signal)
		session->signal = t->signal;
	if (t->flags & TRANSITION_HAS_DETAILS && t->reset_reason)
		session->reset_reason = t->reset_reason;
	if (session->has_closed || !is_open(t->oldstate) || is_open(t->newstate))
		return;
	session->has_closed = true;
	session->close_cause = session->cause;
	session->has_idle = t->flags & TRANSITION_HAS_DETAILS && t->facts & FACT_IDLE;
	session->idle_ms = t->idle_ms;
}

static void move(struct sessions *sessions, struct session *session, const struct transition *t,
		 bool is_new)
{
	if (!is_new && t->oldstate != session->last.newstate)
		miss(sessions, session);
	if (!begins(t))
		leave(sessions, session, t);
	take_cause(session, t);
	session->since_ns = t->time_ns;
	session->is_older = false;
	if (!session->is_begun && time_before(t) < session->first_ns)
		session->first_ns = time_before(t);
}

/* The minisock takes over in the socket's state, which may not have been seen. */
static void carry(struct sessions *sessions, struct session *session, const struct transition *t,
		  bool is_new)
{
	bool is_missed = !is_new && t->oldstate != session->last.newstate;

	if (is_missed)
		miss(sessions, session);
	session->is_carried = true;
	if (!is_new && !is_missed)
		return;
	take_since(session, t);
}

static bool was_looked_up(const struct transition *t)
{
	return t->owner_from == OWNER_HOLDER || t->owner_from == OWNER_SHARED;
}

/*
 * The owner itself made the change, and the kernel program has noted it. Another process may have
 * the lock while a packet makes the change: see is_by_call() in bpf/entry_update.h.
 */
static bool is_by_owner(const struct transition *t)
{
	return t->facts & FACT_IN_CALL && !(t->facts & FACT_KERNEL_THREAD) &&
	       t->err != ECONNABORTED && t->pid == t->c_pid;
}

/* An owner that a scan found is newer than what the kernel program has stored before. */
static void keep_owner(struct session *session, const struct transition *before)
{
	struct transition *t = &session->last;

	if (!was_looked_up(before) || is_by_owner(t))
		return;
	t->pid = before->pid;
	t->owner_from = before->owner_from;
	memcpy(t->comm, before->comm, sizeof(t->comm));
}

/* The start of a session that was known from a snapshot of its socket. */
static void take_beginning(struct session *session, const struct transition *t)
{
	session->is_begun = true;
	session->is_partial = session->follows_gap = false;
	session->role = SESSION_SERVER;
	session->first_ns = t->time_ns;
}

static void lose(struct sessions *sessions, struct session *session)
{
	session->is_partial = true;
	if (sessions->lose)
		sessions->lose(sessions->context, session);
	sessions_remove(sessions, session);
}

/* The initial scan has found the minisock before its session was reported to become one. */
static void merge_snapshot(struct sessions *sessions, const struct session *session,
			   const struct transition *t)
{
	struct session *found = t->cookie ? session_table_find_minisock(sessions, t) : NULL;

	/* In a damaged recording it may be the session itself. */
	if (!found || found == session)
		return;
	found->is_match = false;
	lose(sessions, found);
}

/* Applies a transition to its session. */
static void change(struct sessions *sessions, struct session *session, const struct transition *t,
		   bool is_new)
{
	const struct transition before = session->last;

	if (is_orphaned(t))
		carry(sessions, session, t, is_new);
	else if (is_new || !tells_beginning(session, t))
		move(sessions, session, t, is_new);
	else if (is_fast_open(&session->last))
		take_beginning(session, t);
	if (transition_is_to_minisock(t))
		merge_snapshot(sessions, session, t);
	session_table_update(sessions, session, t);
	if (!is_new)
		keep_owner(session, &before);
}

/* The socket no longer belongs to this session, or has left the states in which it is followed. */
static bool has_ended_unseen(const struct sessions *sessions, const struct session *session,
			     const struct transition *t)
{
	return (begins(t) && !tells_beginning(session, t)) || is_of_none(t) ||
	       (is_after_end(sessions, t) && !is_standing(t)) ||
	       (session->last.cookie && t->cookie && session->last.cookie != t->cookie);
}

struct session *sessions_take(struct sessions *sessions, const struct transition *t, bool is_match)
{
	struct session *session;
	bool is_new;

	session = session_table_find(sessions, t);
	if (session && has_ended_unseen(sessions, session, t)) {
		lose(sessions, session);
		session = NULL;
	}
	if (!session)
		session = find_request(sessions, t);
	is_new = !session;
	if (is_new && !is_of_none(t) && !is_after_end(sessions, t) && !transition_is_at_end(t))
		session = begin(sessions, t);
	if (!session)
		return NULL;
	session->is_match |= is_match;
	if (is_standing(t))
		look(sessions, session, t, is_new);
	else
		change(sessions, session, t, is_new);
	return session;
}
