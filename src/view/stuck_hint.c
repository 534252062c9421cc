// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hints: the first row that applies. */
#include <stddef.h>

#include "trace/owner.h"
#include "trace/state.h"
#include "view/stuck_hint.h"

/* Data that went this lately: the session is in use. */
#define IN_USE_MS 1000

static bool always(const struct transition *t)
{
	(void)t;
	return true;
}

/* Of a socket, as it is now. */
static bool is_current(const struct transition *t)
{
	return transition_has_details(t) && transition_is_snapshot(t) &&
	       !transition_is_of_minisock(t);
}

static bool is_not_accepted(const struct transition *t)
{
	return is_current(t) && accepted_of(t) == ACCEPTED_NO;
}

static bool has_no_window(const struct transition *t)
{
	return is_current(t) && t->known & TRANSITION_KNOWN_NO_WINDOW;
}

/* The retransmission timer has expired since the last ACK of data. */
static bool is_unanswered(const struct transition *t)
{
	return is_current(t) && t->retransmits;
}

/*
 * The kernel sends nothing again while the packet waits in this host, as for ARP
 * (__tcp_retransmit_skb(), 5.10 to 7.2), but counts the expiry.
 */
static bool is_sent_again(const struct transition *t)
{
	return is_unanswered(t) && t->retrans;
}

static bool is_stalled(const struct transition *t)
{
	return is_current(t) && t->facts & FACT_STALLED && t->time_ns - t->due_ns >= 1000000000;
}

static bool has_queued(const struct transition *t, uint32_t bytes)
{
	return is_current(t) && t->facts & FACT_QUEUES && bytes;
}

/* The first probe may still be on its way. */
static bool is_probed(const struct transition *t)
{
	return is_current(t) && t->probes > 1 && t->facts & FACT_KEEPALIVE &&
	       t->facts & FACT_QUEUES && !t->tx_queue;
}

static bool is_in_use(const struct transition *t)
{
	return is_current(t) && t->facts & FACT_IDLE && t->idle_ms < IN_USE_MS;
}

/* Nothing has come since, so it has waited at least that long. */
static bool is_unread(const struct transition *t)
{
	return has_queued(t, t->rx_queue) && !is_in_use(t);
}

static bool has_rest(const struct transition *t)
{
	return has_queued(t, t->rx_queue);
}

static bool is_sending(const struct transition *t)
{
	return has_queued(t, t->tx_queue);
}

static bool is_idle(const struct transition *t)
{
	return is_current(t) && t->facts & FACT_IDLE && t->facts & FACT_QUEUES;
}

static bool is_refused(const struct transition *t)
{
	return transition_is_half_open(t) && t->facts & FACT_STALLED;
}

static bool is_deferred(const struct transition *t)
{
	return transition_is_half_open(t) && t->known & TRANSITION_KNOWN_ACKED;
}

/* Its owner has closed it: an orphan, with or without a socket. */
static bool is_orphan(const struct transition *t)
{
	return transition_has_details(t) &&
	       (t->facts & FACT_ORPHAN || transition_is_of_minisock(t) ||
		transition_is_to_minisock(t));
}

static bool is_held(const struct transition *t)
{
	return transition_has_details(t) && t->facts & FACT_ACCEPTED && !is_orphan(t);
}

/* Hints contain no commas or quotes, so that no format has to escape them. */
static const struct {
	uint8_t state;
	bool (*applies)(const struct transition *t);
	const char *hint;
} rows[] = {
	{STATE_ESTABLISHED, is_not_accepted,
	 "in the accept queue: the listener's owner has not accepted it"},
	{STATE_ESTABLISHED, has_no_window,
	 "the peer's receive window is closed: the peer does not read"},
	{STATE_ESTABLISHED, is_sent_again,
	 "data sent again and not acknowledged: peer gone or packets dropped"},
	{STATE_ESTABLISHED, is_stalled, "data not acknowledged: nothing comes from the peer"},
	{STATE_ESTABLISHED, is_probed,
	 "keepalive probes not answered: peer gone or packets dropped"},
	{STATE_ESTABLISHED, is_unread, "received data waits: the owner does not read it"},
	{STATE_ESTABLISHED, is_in_use, "in use: data was sent or received in the last second"},
	{STATE_ESTABLISHED, is_sending, "data not acknowledged yet"},
	{STATE_ESTABLISHED, is_idle, "idle: nothing to send and nothing to read"},
	{STATE_ESTABLISHED, always, "long-lived connection: idle or a long transfer"},
	{STATE_SYN_SENT, always,
	 "no answer to the SYN: peer down or packets dropped or its accept queue full"},
	{STATE_SYN_RECV, is_refused,
	 "the listener's accept queue was full: its owner accepts too slowly"},
	{STATE_SYN_RECV, is_deferred, "the client has sent no data: TCP_DEFER_ACCEPT waits for it"},
	{STATE_SYN_RECV, always,
	 "the last ACK of the handshake is missing: client gone or SYN flood"},
	{STATE_FIN_WAIT1, has_no_window,
	 "the rest cannot be sent: the peer's receive window is closed"},
	{STATE_FIN_WAIT1, is_sent_again,
	 "data or FIN sent again and not acknowledged: peer gone or packets dropped"},
	{STATE_FIN_WAIT1, always, "data or FIN not acknowledged: peer gone or its window closed"},
	{STATE_FIN_WAIT2, is_orphan,
	 "the owner closed but the peer has not: the kernel ends it (tcp_fin_timeout)"},
	{STATE_FIN_WAIT2, is_held,
	 "the owner shut down sending and keeps it open: the peer has not closed"},
	{STATE_FIN_WAIT2, always, "this end closed but the peer has not"},
	{STATE_TIME_WAIT, always, "waiting for late packets: 60 s is normal"},
	{STATE_CLOSE_WAIT, is_not_accepted,
	 "the peer closed before the listener's owner accepted it"},
	{STATE_CLOSE_WAIT, has_rest,
	 "the peer closed and the owner has neither read the rest nor closed"},
	{STATE_CLOSE_WAIT, has_no_window,
	 "the peer closed and does not read what the owner still sends"},
	{STATE_CLOSE_WAIT, is_unanswered,
	 "the peer closed and does not acknowledge what the owner still sends"},
	{STATE_CLOSE_WAIT, always, "the peer closed but the owner has not"},
	{STATE_LAST_ACK, has_no_window,
	 "the rest cannot be sent: the peer's receive window is closed"},
	{STATE_LAST_ACK, is_sent_again,
	 "data or FIN sent again and not acknowledged: peer gone after it closed"},
	{STATE_LAST_ACK, always, "data or FIN not acknowledged: peer gone after it closed"},
	{STATE_CLOSING, always, "both ends closed at once and the peer does not acknowledge"},
};

STATES_ARE(12);

const char *stuck_hint(const struct transition *last)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].state == last->newstate && rows[i].applies(last))
			return rows[i].hint;
	return NULL;
}
