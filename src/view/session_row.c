// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Computes what is printed about a session. */
#include <string.h>

#include "trace/state.h"
#include "view/session_row.h"

/* The current state, or the last one that was seen. At the start of TIME_WAIT it has no time. */
static struct session_step present_step(const struct session *session, uint64_t now_ns)
{
	struct session_step step = {
		.duration_ns = now_ns > session->since_ns ? now_ns - session->since_ns : 0,
		.state = session->last.newstate,
		.cause = session->cause,
		.follows_gap = session->follows_gap,
	};

	if (step.duration_ns)
		step.flags = TRANSITION_DURATION_AT_LEAST;
	return step;
}

static void fill_path(struct session_row *row, uint64_t now_ns)
{
	const struct session *session = row->session;

	memcpy(row->path, session->steps, session->step_count * sizeof(row->path[0]));
	row->path_count = session->step_count;
	if (session->last.newstate != STATE_CLOSE)
		row->path[row->path_count++] = present_step(session, now_ns);
}

/*
 * How exactly a time since the start is known, as far as it depends on the start. For a passive
 * open, the time of the SYN is known as exactly as the time in SYN_RECV.
 */
static unsigned int known_of_begin(const struct session_row *row)
{
	const struct session_step *first = &row->path[0];

	if (!row->session->is_begun)
		return TRANSITION_DURATION_AT_LEAST;
	if (row->session->role != SESSION_SERVER || !row->path_count)
		return TRANSITION_DURATION_KNOWN;
	return first->flags ? first->flags : TRANSITION_DURATION_AT_LEAST;
}

/* NULL if the path is empty. */
static const struct session_step *last_step(const struct session_row *row)
{
	return row->path_count ? &row->path[row->path_count - 1] : NULL;
}

/* The row is printed where TIME_WAIT begins. */
static bool ends_in_time_wait(const struct session_row *row)
{
	return row->status == SESSION_ENDED && row->last.newstate == STATE_TIME_WAIT;
}

/* The start of TIME_WAIT is known as exactly as the end of the state before. */
static unsigned int known_of_time_wait(const struct session_row *row,
				       const struct session_step *last)
{
	unsigned int before = row->path_count > 1 ? last[-1].flags : 0;

	if (last->follows_gap)
		return TRANSITION_DURATION_AT_LEAST;
	if (before & TRANSITION_DURATION_ABOUT)
		return TRANSITION_DURATION_ABOUT;
	/* A minisock entered it, which was looked at from time to time. */
	if (before & TRANSITION_DURATION_AT_LEAST && row->last.newstate == STATE_TIME_WAIT &&
	    transition_is_of_minisock(&row->last))
		return TRANSITION_DURATION_AT_LEAST;
	return TRANSITION_DURATION_KNOWN;
}

/* The same for the end: it is approximate if the time in the last state is. */
static unsigned int known_of_end(const struct session_row *row)
{
	const struct session_step *last = last_step(row);

	if (row->status != SESSION_ENDED)
		return TRANSITION_DURATION_AT_LEAST;
	if (ends_in_time_wait(row))
		return known_of_time_wait(row, last);
	if (last && last->flags & TRANSITION_DURATION_ABOUT)
		return TRANSITION_DURATION_ABOUT;
	/* The end of a minisock: when it was last seen. */
	if (last && last->flags & TRANSITION_DURATION_AT_LEAST &&
	    transition_is_of_minisock(&row->last))
		return TRANSITION_DURATION_AT_LEAST;
	return TRANSITION_DURATION_KNOWN;
}

static struct session_time since_begin(const struct session_row *row, uint64_t until_ns,
				       unsigned int known_of_until)
{
	uint64_t first_ns = row->session->first_ns;
	struct session_time time = {
		.ns = until_ns > first_ns ? until_ns - first_ns : 0,
		.flags = session_known_of_sum(known_of_begin(row), known_of_until),
	};

	/* A lower bound of 0 says nothing. */
	if (!time.ns && time.flags & TRANSITION_DURATION_AT_LEAST)
		time.flags = 0;
	return time;
}

/* No process is involved in TIME_WAIT: the life ends where it begins, even while it lasts. */
static void fill_times(struct session_row *row, uint64_t until_ns)
{
	const struct session_step *last = last_step(row);

	row->total = row->life = since_begin(row, until_ns, known_of_end(row));
	if (!last || last->state != STATE_TIME_WAIT || ends_in_time_wait(row))
		return;
	row->time_wait = (struct session_time){.ns = last->duration_ns, .flags = last->flags};
	until_ns -= last->duration_ns < until_ns ? last->duration_ns : until_ns;
	row->life = since_begin(row, until_ns, known_of_time_wait(row, last));
}

static bool is_of_handshake(const struct session_step *step)
{
	return step->state == STATE_SYN_SENT || step->state == STATE_SYN_RECV;
}

/* A handshake that was not completed has no duration. */
static void fill_handshake(struct session_row *row)
{
	struct session_time sum = {0};
	int i = 0;

	for (; i < row->path_count && is_of_handshake(&row->path[i]); i++) {
		sum.ns += row->path[i].duration_ns;
		sum.flags = i ? session_known_of_sum(sum.flags, row->path[i].flags)
			      : row->path[i].flags;
	}
	if (i && i < row->path_count)
		row->handshake = sum;
}

/* It was aborted, or never established: this is the cause, whichever end closed first. */
static bool is_cut_off(enum cause cause)
{
	switch (cause) {
	case CAUSE_UNKNOWN:
	case CAUSE_CLOSE:
	case CAUSE_SHUTDOWN:
	case CAUSE_EXIT:
	case CAUSE_SIGNAL:
	case CAUSE_KERNEL:
	case CAUSE_PEER_FIN:
	case CAUSE_FIN_ACKED:
	case CAUSE_TIME_WAIT_FULL:
	case CAUSE_TIMER:
	case CAUSE_RECYCLED:
		return false;
	default:
		return true;
	}
}

/* Both ends had closed before. */
static bool has_time_wait(const struct session_row *row)
{
	const struct session_step *last = last_step(row);

	return last && last->state == STATE_TIME_WAIT;
}

static enum cause cause_of_close(const struct session_row *row)
{
	const struct session *session = row->session;

	if (row->status == SESSION_ENDED && is_cut_off(session->cause) && !has_time_wait(row))
		return session->cause;
	return session->has_closed ? session->close_cause : CAUSE_UNKNOWN;
}

/* The state that follows the first FIN shows which end sent it. */
static enum session_closer closer_by_state(unsigned int state)
{
	switch (state) {
	case STATE_FIN_WAIT1:
	case STATE_FIN_WAIT2:
	case STATE_CLOSING:
	case STATE_TIME_WAIT:
		return CLOSER_LOCAL;
	case STATE_CLOSE_WAIT:
	case STATE_LAST_ACK:
		return CLOSER_PEER;
	default:
		return CLOSER_UNKNOWN;
	}
}

/* For a session that ended without a FIN. */
static enum session_closer closer_by_cause(enum cause cause)
{
	switch (cause) {
	case CAUSE_RESET_RECEIVED:
	case CAUSE_REFUSED:
		return CLOSER_PEER;
	case CAUSE_CLOSE:
	case CAUSE_SHUTDOWN:
	case CAUSE_EXIT:
	case CAUSE_SIGNAL:
	case CAUSE_KERNEL:
	case CAUSE_RESET_UNREAD:
	case CAUSE_RESET_LINGER:
	case CAUSE_RESET_LATE_DATA:
	case CAUSE_DISCONNECT:
	case CAUSE_REPAIR:
	case CAUSE_NO_PORT:
	case CAUSE_CONNECT_FAILED:
	case CAUSE_DESTROYED:
	case CAUSE_LISTENER_CLOSED:
	case CAUSE_NO_MEMORY:
		return CLOSER_LOCAL;
	case CAUSE_UNREACHABLE:
	case CAUSE_SYN_TIMEOUT:
	case CAUSE_RETRANS_TIMEOUT:
	case CAUSE_KEEPALIVE:
	case CAUSE_USER_TIMEOUT:
	case CAUSE_ZERO_WINDOW:
		return CLOSER_NONE;
	default:
		return CLOSER_UNKNOWN;
	}
}

static enum session_closer closer_of(const struct session_row *row)
{
	enum session_closer closer = CLOSER_UNKNOWN;

	for (int i = 0; i < row->path_count && !closer; i++)
		closer = closer_by_state(row->path[i].state);
	if (closer || row->status != SESSION_ENDED)
		return closer;
	return closer_by_cause(row->session->cause);
}

/*
 * An open socket has moved data since its last change: only the scan at the end has its figures. A
 * minisock has those with which its socket ended.
 */
static bool has_figures(const struct session_row *row)
{
	return row->status == SESSION_ENDED || row->session->is_minisock ||
	       transition_is_at_end(&row->last);
}

/* Not known of one that may have been accepted since it was last seen. */
static enum accepted session_accepted(const struct session_row *row)
{
	enum accepted accepted = accepted_of(&row->last);

	if (row->session->role == SESSION_CLIENT)
		return ACCEPTED_UNKNOWN;
	return accepted == ACCEPTED_YES || row->status == SESSION_ENDED ||
			       transition_is_at_end(&row->last)
		       ? accepted
		       : ACCEPTED_UNKNOWN;
}

void session_row_fill(struct session_row *row, const struct session *session,
		      enum session_status status, uint64_t now_ns)
{
	uint64_t until_ns = status == SESSION_OPEN ? now_ns : session->last.time_ns;

	*row = (struct session_row){.last = session->last, .session = session, .status = status};
	fill_path(row, until_ns);
	fill_times(row, until_ns);
	fill_handshake(row);
	row->cause = cause_of_close(row);
	row->accepted = session_accepted(row);
	row->closer = closer_of(row);
	row->has_figures = has_figures(row);
}

/* Its path is known from the start, and has only the states of the handshake. */
static bool is_unestablished(const struct session_row *row)
{
	int i = 0;

	while (i < row->path_count && is_of_handshake(&row->path[i]))
		i++;
	return i && i == row->path_count && !row->session->is_partial;
}

bool session_row_has_failed(const struct session_row *row)
{
	return row->status == SESSION_ENDED && (is_cut_off(row->cause) || is_unestablished(row));
}

const char *session_role_name(unsigned int role)
{
	static const char *const names[] = {
		[SESSION_CLIENT] = "client", [SESSION_SERVER] = "server"};

	return role < sizeof(names) / sizeof(names[0]) ? names[role] : NULL;
}

const char *session_closer_name(unsigned int closer)
{
	static const char *const names[] = {
		[CLOSER_LOCAL] = "local", [CLOSER_PEER] = "peer", [CLOSER_NONE] = "none"};

	return closer < sizeof(names) / sizeof(names[0]) ? names[closer] : NULL;
}

uint16_t session_row_service_port(const struct session_row *row)
{
	switch ((enum session_role)row->session->role) {
	case SESSION_CLIENT:
		return row->last.rport;
	case SESSION_SERVER:
		return row->last.lport;
	case SESSION_ROLE_UNKNOWN:
		break;
	}
	return 0;
}
