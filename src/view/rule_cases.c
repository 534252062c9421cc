// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which sessions are cases of the rules of --diagnose: from what was seen of each alone.
 */
#include <signal.h>
#include <string.h>

#include "trace/clock.h"
#include "trace/state.h"
#include "view/rule_cases.h"

#define MS  ((uint64_t)1000 * NSEC_PER_USEC)
#define SEC ((uint64_t)NSEC_PER_SEC)

/* Of a request on a connection that is kept alive. */
#define REQUEST_MAX   16384
#define KEPT_ALIVE_NS (900 * MS)

/* ---- what rules ask -------------------------------------------------------------------------- */

static bool has_ended(const struct judged_session *s)
{
	return s->row->status == SESSION_ENDED;
}

static bool is_client(const struct judged_session *s)
{
	return s->row->session->role == SESSION_CLIENT;
}

/* NULL: it was not in that state, as far as was seen. */
static const struct session_step *step_in(const struct judged_session *s, unsigned int state)
{
	for (int i = 0; i < s->row->path_count; i++)
		if (s->row->path[i].state == state)
			return &s->row->path[i];
	return NULL;
}

static const struct session_step *last_step(const struct judged_session *s)
{
	return s->row->path_count ? &s->row->path[s->row->path_count - 1] : NULL;
}

/* It ended for this cause. */
static bool ended_by(const struct judged_session *s, enum cause cause)
{
	return has_ended(s) && s->row->session->cause == cause;
}

static bool carried_data(const struct judged_session *s)
{
	return s->row->last.tx_bytes && s->row->last.rx_bytes;
}

static uint64_t idle_ns(const struct judged_session *s)
{
	return s->row->session->has_idle ? s->row->session->idle_ms * MS : 0;
}

/* It is as it was seen by the last scan, and in that state. */
static bool is_found_in(const struct judged_session *s, unsigned int states)
{
	return s->row->status == SESSION_OPEN && transition_is_snapshot(&s->row->last) &&
	       transition_has_details(&s->row->last) && states & STATE_BIT(s->row->last.newstate);
}

/* ---- the peer closes, and the owner goes on -------------------------------------------------- */

/* The peer closed, and then reset this client's session. */
static bool is_reset_after_fin(const struct judged_session *s)
{
	return is_client(s) && s->has_fin;
}

/*
 * The request was under way when the peer's FIN came: no part of it was acknowledged. An upload
 * that the peer refuses has more under way; and a connection younger than that is not kept alive.
 */
static bool is_crossed(const struct judged_session *s)
{
	const struct session_step *used = step_in(s, STATE_ESTABLISHED);

	return is_reset_after_fin(s) && s->unacked && s->unacked <= REQUEST_MAX && used &&
	       used->flags & TRANSITION_DURATION_KNOWN && used->duration_ns >= KEPT_ALIVE_NS &&
	       s->row->last.rx_bytes;
}

/* The FIN had come before the request was sent. */
static bool is_late_request(const struct judged_session *s)
{
	return is_reset_after_fin(s) && s->row->last.tx_bytes > s->sent_before;
}

static uint64_t since_fin_ns(const struct judged_session *s)
{
	return s->row->last.time_ns - s->fin_ns;
}

/* The FIN had just come: the owner could not know. */
static uint64_t race_ns(const struct judged_session *s)
{
	return 2 * (uint64_t)s->row->last.rtt_us * NSEC_PER_USEC + 5 * MS;
}

bool case_is_keepalive_race(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = since_fin_ns(s);
	return is_crossed(s) || (is_late_request(s) && numbers->number <= race_ns(s));
}

bool case_is_stale_reuse(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = since_fin_ns(s);
	return !is_crossed(s) && is_late_request(s) && numbers->number > race_ns(s);
}

/* ---- timeouts of either side ----------------------------------------------------------------- */

static bool is_idle_close(const struct judged_session *s, enum session_closer closer,
			  struct case_numbers *numbers)
{
	if (!has_ended(s) || s->row->closer != closer || !carried_data(s) || idle_ns(s) < SEC)
		return false;
	numbers->number = idle_ns(s);
	numbers->other = s->row->life.ns;
	return true;
}

bool case_is_closed_by_idle_peer(const struct judged_session *s, struct case_numbers *numbers)
{
	return s->row->session->close_cause == CAUSE_PEER_FIN &&
	       is_idle_close(s, CLOSER_PEER, numbers);
}

bool case_is_closed_when_idle(const struct judged_session *s, struct case_numbers *numbers)
{
	return (s->row->session->close_cause == CAUSE_CLOSE ||
		s->row->session->close_cause == CAUSE_SHUTDOWN) &&
	       is_idle_close(s, CLOSER_LOCAL, numbers);
}

/* ---- the peer, or the path to it ------------------------------------------------------------- */

/* A reset after data, which does not answer a request that came too late. */
static bool is_peer_reset(const struct judged_session *s)
{
	return step_in(s, STATE_ESTABLISHED) && (s->row->last.tx_bytes || s->row->last.rx_bytes) &&
	       !is_late_request(s) && !is_crossed(s);
}

/* A client may end a connection by a reset when it has all that it wants (SO_LINGER 0). */
static bool has_been_served(const struct judged_session *s)
{
	return s->row->session->role == SESSION_SERVER && s->row->last.facts & FACT_QUEUES &&
	       !s->row->last.tx_queue && s->row->last.tx_bytes;
}

bool case_is_peer_reset(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = idle_ns(s);
	return is_peer_reset(s) && !has_been_served(s);
}

bool case_is_client_reset(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = idle_ns(s);
	return is_peer_reset(s) && has_been_served(s);
}

/* Time in SYN_SENT, if it is known. */
static uint64_t connecting_ns(const struct judged_session *s)
{
	const struct session_step *first = &s->row->path[0];

	if (!s->row->path_count || first->state != STATE_SYN_SENT ||
	    !(first->flags & TRANSITION_DURATION_KNOWN))
		return 0;
	return first->duration_ns;
}

/* A path with a round trip of a second would look the same. */
bool case_is_syn_loss(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	numbers->number = connecting_ns(s);
	return numbers->number >= 900 * MS && step_in(s, STATE_ESTABLISHED) && t->retrans &&
	       t->min_rtt_us < 500 * 1000;
}

bool case_is_syn_unanswered(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = connecting_ns(s);
	numbers->other = s->row->last.retrans;
	return s->row->path_count == 1 && numbers->number >= 900 * MS && numbers->other &&
	       !s->rival_ns;
}

bool case_is_happy_eyeballs(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = s->rival_ns;
	return s->rival_ns;
}

bool case_is_peer_gone(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = idle_ns(s);
	return step_in(s, STATE_ESTABLISHED);
}

bool case_is_silent_drop(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = idle_ns(s);
	return step_in(s, STATE_ESTABLISHED);
}

bool case_is_unread_by_peer(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	numbers->number = t->tx_queue;
	if (ended_by(s, CAUSE_ZERO_WINDOW))
		return true;
	return is_found_in(s, STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT)) &&
	       t->known & TRANSITION_KNOWN_NO_WINDOW;
}

bool case_is_stalled(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	/* The kernel also counts a timer that expired without sending (a link that is down). */
	numbers->number = t->tx_queue;
	numbers->other = t->retransmits;
	return is_found_in(s, STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT)) &&
	       t->facts & FACT_QUEUES && t->tx_queue && t->retransmits >= 2 &&
	       t->retrans >= t->retransmits;
}

bool case_is_slow_peer_close(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct session_step *waiting = step_in(s, STATE_FIN_WAIT2);
	enum cause cause = s->row->session->close_cause;

	/* After shutdown() the owner may want to go on reading. */
	if (!waiting || waiting->duration_ns < 10 * SEC || !waiting->flags ||
	    (cause != CAUSE_CLOSE && cause != CAUSE_EXIT && cause != CAUSE_SIGNAL))
		return false;
	numbers->number = waiting->duration_ns;
	return true;
}

/* ---- the owner ------------------------------------------------------------------------------- */

bool case_is_close_wait_leak(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct session_step *last = last_step(s);

	if (s->row->status != SESSION_OPEN || !last || last->state != STATE_CLOSE_WAIT ||
	    last->duration_ns < 5 * SEC)
		return false;
	numbers->number = last->duration_ns;
	numbers->other = s->row->last.rx_queue;
	return true;
}

bool case_is_unread(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	numbers->number = t->rx_queue;
	numbers->other = t->idle_ms * MS;
	return is_found_in(s, STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT)) &&
	       t->facts & FACT_QUEUES && t->facts & FACT_ACCEPTED && t->rx_queue &&
	       t->facts & FACT_IDLE && t->idle_ms >= 2000;
}

bool case_is_unaccepted(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	numbers->number = s->row->total.ns;
	return s->row->session->role == SESSION_SERVER &&
	       is_found_in(s, STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT)) &&
	       !(t->facts & (FACT_ACCEPTED | FACT_ORPHAN)) && numbers->number >= SEC;
}

bool case_is_unread_reset(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = s->row->last.rx_queue;
	return true;
}

/* Signals that no program asks for. */
static bool is_crash(unsigned int number)
{
	return number == SIGKILL || number == SIGSEGV || number == SIGABRT || number == SIGBUS ||
	       number == SIGILL || number == SIGFPE || number == SIGSYS;
}

bool case_is_killed(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct session *session = s->row->session;

	numbers->number = session->signal;
	return session->has_closed && session->close_cause == CAUSE_SIGNAL &&
	       is_crash(session->signal);
}

bool case_is_short(const struct judged_session *s, struct case_numbers *numbers)
{
	numbers->number = s->row->life.ns;
	numbers->other = s->row->handshake.ns;
	return is_client(s) && has_ended(s) && s->row->closer == CLOSER_LOCAL && carried_data(s) &&
	       s->row->life.flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT) &&
	       s->row->life.ns < SEC;
}

bool case_is_self_connect(const struct judged_session *s, struct case_numbers *numbers)
{
	const struct transition *t = &s->row->last;

	(void)numbers;
	return t->lport && t->lport == t->rport && !memcmp(t->laddr, t->raddr, sizeof(t->laddr)) &&
	       step_in(s, STATE_ESTABLISHED);
}
