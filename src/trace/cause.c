// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Derives causes from the facts of a state change. Each rule was checked against real traffic on
 * kernels 6.1 to 7.2 (tests/live/test_cause.py).
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "trace/cause.h"
#include "trace/final_error.h"
#include "trace/state.h"

#define SHUTDOWN_SEND 2

static const struct cause_row rows[CAUSE_COUNT] = {
	[CAUSE_CLOSE] = {"close", "the owner closed its last descriptor"},
	[CAUSE_SHUTDOWN] = {"shutdown", "the owner called shutdown()"},
	[CAUSE_EXIT] = {"exit", "the owner's process ended"},
	[CAUSE_SIGNAL] = {"signal", "a signal ended the owner's process (see field signal)"},
	[CAUSE_KERNEL] = {"kernel", "the kernel closed its own socket"},
	[CAUSE_PEER_FIN] = {"peer_fin", "the peer closed, or shut down sending"},
	[CAUSE_FIN_ACKED] = {"fin_acked", "the peer acknowledged this end's FIN"},
	[CAUSE_RESET_RECEIVED] = {"reset_received", "the peer sent a reset"},
	[CAUSE_RESET_UNREAD] = {"reset_unread",
				"this end sent a reset: it closed with unread data"},
	[CAUSE_RESET_LINGER] = {"reset_linger",
				"this end sent a reset: SO_LINGER was 0 or TCP_LINGER2 negative"},
	[CAUSE_RESET_LATE_DATA] = {"reset_late_data",
				   "this end sent a reset: data arrived after it had closed"},
	[CAUSE_DISCONNECT] = {"disconnect",
			      "the owner disconnected the socket: connect(AF_UNSPEC)"},
	[CAUSE_REPAIR] = {"repair", "closed in TCP_REPAIR mode: the peer was not told"},
	[CAUSE_NO_PORT] = {"no_port",
			   "connect() found no free local port, or the 4-tuple was taken"},
	[CAUSE_CONNECT_FAILED] = {"connect_failed",
				  "connect() failed in this host: no route, no memory"},
	[CAUSE_REFUSED] = {"refused",
			   "the SYN was answered with a reset, or by ICMP port unreachable"},
	[CAUSE_UNREACHABLE] = {"unreachable", "an ICMP error reported the peer unreachable"},
	[CAUSE_SYN_TIMEOUT] = {"syn_timeout", "the SYN was not answered"},
	[CAUSE_RETRANS_TIMEOUT] = {"retrans_timeout",
				   "retransmitted segments were not acknowledged"},
	[CAUSE_KEEPALIVE] = {"keepalive", "keepalive probes were not answered"},
	[CAUSE_USER_TIMEOUT] = {"user_timeout", "TCP_USER_TIMEOUT expired"},
	[CAUSE_ZERO_WINDOW] = {"zero_window", "zero-window probes were not answered"},
	[CAUSE_DESTROYED] = {"destroyed",
			     "a process destroyed the socket, as ss -K does (see field c_pid)"},
	[CAUSE_LISTENER_CLOSED] = {"listener_closed",
				   "the listener closed before it accepted the connection"},
	[CAUSE_NO_MEMORY] = {"no_memory", "too many orphaned sockets or too little memory for TCP"},
	[CAUSE_TIME_WAIT_FULL] = {"time_wait_full", "no TIME_WAIT: tcp_max_tw_buckets was reached"},
	[CAUSE_TIMER] = {"timer",
			 "the timer of TIME_WAIT, or of FIN_WAIT2 of an orphaned socket, expired"},
	[CAUSE_RECYCLED] = {"recycled",
			    "TIME_WAIT was cut short by a new session with the same 4-tuple"},
	[CAUSE_HALF_OPEN] = {"half_open",
			     "the handshake was never completed: no answer or a reset"},
	[CAUSE_ERROR] = {"error", "another error"},
};

const struct cause_row *cause_row(enum cause cause)
{
	return &rows[cause < CAUSE_COUNT ? cause : CAUSE_UNKNOWN];
}

/* Older recordings lack these facts. */
static bool knows_end(const struct transition *t)
{
	return t->known & TRANSITION_KNOWN_END;
}

static bool has(const struct transition *t, unsigned int facts)
{
	return (t->facts & facts) == facts;
}

/* The kernel closes a subflow of MPTCP, and it is not known why. */
static bool is_hidden(const struct transition *t)
{
	return has(t, FACT_SUBFLOW) && !has(t, FACT_IN_CALL);
}

/*
 * By a kernel thread, or on the kernel's own socket: a process may do that in a call that is not on
 * the socket. A process that acts on another socket becomes its owner.
 */
static bool is_by_kernel(const struct transition *t)
{
	return has(t, FACT_KERNEL_THREAD) ||
	       (has(t, FACT_IN_CALL) && t->owner_from == OWNER_KERNEL);
}

/* An exiting process closes its sockets. */
static enum cause end_of_process(const struct transition *t)
{
	return t->signal ? CAUSE_SIGNAL : CAUSE_EXIT;
}

/* This end sends its FIN. */
static enum cause cause_of_local_close(const struct transition *t)
{
	if (is_hidden(t))
		return CAUSE_UNKNOWN;
	if (is_by_kernel(t))
		return CAUSE_KERNEL;
	if (has(t, FACT_EXITING))
		return end_of_process(t);
	if (t->shutdown == SHUTDOWN_SEND)
		return CAUSE_SHUTDOWN;
	if (has(t, FACT_LAST_FD))
		return CAUSE_CLOSE;
	return has(t, FACT_IN_CALL) ? CAUSE_SHUTDOWN : CAUSE_CLOSE;
}

/*
 * Only close() sets sk_shutdown of a listener: shutdown() disconnects it instead (inet_shutdown(),
 * 5.10 to 7.2). So does tcp_abort(), which sets the error later (6.18): it looks like
 * shutdown(SHUT_RD), but not by the owner.
 */
static enum cause cause_of_listener_end(const struct transition *t)
{
	if (has(t, FACT_KERNEL_THREAD))
		return CAUSE_KERNEL;
	if (is_by_kernel(t))
		return t->shutdown == SHUTDOWN_BOTH ? CAUSE_KERNEL : CAUSE_UNKNOWN;
	if (has(t, FACT_EXITING))
		return end_of_process(t);
	if (t->shutdown == SHUTDOWN_BOTH)
		return CAUSE_CLOSE;
	return has(t, FACT_IN_CALL) && t->pid && t->pid != t->c_pid ? CAUSE_DESTROYED
								    : CAUSE_SHUTDOWN;
}

/* For timers that TCP_USER_TIMEOUT may cut short, or not: otherwise it is this cause. */
static enum cause unless_user_timeout(const struct transition *t, enum cause cause)
{
	if (!has(t, FACT_USER_TIMEOUT))
		return cause;
	if (!knows_end(t))
		return CAUSE_UNKNOWN;
	return has(t, FACT_USER_TIMEOUT_OVER) ? CAUSE_USER_TIMEOUT : cause;
}

/* An ICMP error, or a reset if the program read the error before the state changed. */
static enum cause cause_of_answer(unsigned int err)
{
	return err == ECONNREFUSED ? CAUSE_REFUSED : CAUSE_UNREACHABLE;
}

/* A process ended it, which did not close it. */
static enum cause cause_of_connect_end(const struct transition *t)
{
	switch (t->connect_end) {
	case CONNECT_END_NO_PORT:
		return CAUSE_NO_PORT;
	case CONNECT_END_FAILED:
		return CAUSE_CONNECT_FAILED;
	case CONNECT_END_SHUTDOWN:
		return is_by_kernel(t) ? CAUSE_KERNEL : CAUSE_SHUTDOWN;
	case CONNECT_END_DISCONNECT:
		return is_by_kernel(t) ? CAUSE_KERNEL : CAUSE_DISCONNECT;
	default:
		return CAUSE_UNKNOWN;
	}
}

/* Without an error, an ICMP error in the queue has already been reported to the program. */
static enum cause cause_of_failed_connect(const struct transition *t)
{
	if (t->err == ECONNABORTED && has(t, FACT_IN_CALL))
		return CAUSE_DESTROYED;
	if (t->err == ETIMEDOUT)
		return unless_user_timeout(t, CAUSE_SYN_TIMEOUT);
	if (t->err == ECONNRESET)
		return CAUSE_RESET_RECEIVED;
	if (t->err)
		return cause_of_answer(t->err);
	if (has(t, FACT_RESET_RECEIVED))
		return CAUSE_REFUSED;
	if (t->icmp_err)
		return cause_of_answer(t->icmp_err);
	if (t->connect_end == CONNECT_END_NO_PORT || t->connect_end == CONNECT_END_FAILED)
		return cause_of_connect_end(t);
	if (is_hidden(t))
		return CAUSE_UNKNOWN;
	return t->shutdown == SHUTDOWN_BOTH ? cause_of_local_close(t) : cause_of_connect_end(t);
}

/*
 * If TCP_USER_TIMEOUT is set, it alone limits retransmissions and keepalive probes
 * (retransmits_timed_out(), tcp_keepalive_timer(), 5.10 to 7.2).
 */
static enum cause cause_of_timeout(const struct transition *t)
{
	bool is_probe = t->probes && !t->retransmits;

	if (is_probe && has(t, FACT_UNSENT))
		return unless_user_timeout(t, CAUSE_ZERO_WINDOW);
	if (has(t, FACT_USER_TIMEOUT))
		return CAUSE_USER_TIMEOUT;
	if (is_probe)
		return CAUSE_KEEPALIVE;
	return t->err == ETIMEDOUT ? CAUSE_RETRANS_TIMEOUT : CAUSE_UNREACHABLE;
}

/* tcp_reset() sets EPIPE if the peer has already closed. */
static bool is_reset(const struct transition *t)
{
	return t->err == ECONNRESET || (t->err == EPIPE && t->oldstate == STATE_CLOSE_WAIT);
}

static enum cause cause_of_error(const struct transition *t)
{
	if (t->err == ECONNABORTED && has(t, FACT_IN_CALL))
		return CAUSE_DESTROYED;
	if (is_timeout(t))
		return cause_of_timeout(t);
	if (is_reset(t))
		return has(t, FACT_RESET_SENT) ? CAUSE_RESET_LATE_DATA : CAUSE_RESET_RECEIVED;
	return CAUSE_ERROR;
}

/*
 * An orphan leaves FIN_WAIT2 without a minisock if it is reset (data arrived, or TCP_LINGER2 is
 * below 0), or if there was no room for a minisock.
 */
static enum cause cause_of_orphan(const struct transition *t)
{
	if (t->oldstate != STATE_FIN_WAIT2)
		return has(t, FACT_RESET_SENT) && !has(t, FACT_IN_CALL) ? CAUSE_RESET_LATE_DATA
									: CAUSE_NO_MEMORY;
	if (has(t, FACT_LINGER2_NONE))
		return CAUSE_RESET_LINGER;
	if (has(t, FACT_RESET_SENT))
		return CAUSE_RESET_LATE_DATA;
	return has(t, FACT_MINISOCK_SOUGHT) ? CAUSE_TIME_WAIT_FULL : CAUSE_UNKNOWN;
}

/* A socket that was shut down in both directions may still be disconnected. */
static bool is_disconnect(const struct transition *t)
{
	return t->shutdown != SHUTDOWN_BOTH || (!is_in_close(t) && !has(t, FACT_LAST_FD));
}

/* The session ends at once, without a FIN from this end. */
static enum cause cause_of_abort(const struct transition *t)
{
	if (is_by_kernel(t))
		return CAUSE_KERNEL;
	if (is_disconnect(t))
		return CAUSE_DISCONNECT;
	if (has(t, FACT_REPAIR))
		return CAUSE_REPAIR;
	if (has(t, FACT_LINGER_0))
		return CAUSE_RESET_LINGER;
	/* Older recordings do not show TCP_REPAIR, in which no reset is sent. */
	return knows_end(t) || has(t, FACT_RESET_SENT) ? CAUSE_RESET_UNREAD : CAUSE_UNKNOWN;
}

/* The FIN may be acknowledged, or the socket end before (tcp_out_of_resources(), __tcp_close()). */
static enum cause cause_of_last_state(const struct transition *t)
{
	if (has(t, FACT_ALL_ACKED))
		return CAUSE_FIN_ACKED;
	if (!knows_end(t))
		return CAUSE_UNKNOWN;
	if (has(t, FACT_ORPHAN) && !has(t, FACT_SUBFLOW))
		return CAUSE_NO_MEMORY;
	if (!has(t, FACT_IN_CALL))
		return CAUSE_UNKNOWN;
	/* tcp_disconnect() sends no reset in these states, if there is no unsent data. */
	if (has(t, FACT_LINGER_0) && !has(t, FACT_RESET_SENT) && !has(t, FACT_REPAIR) &&
	    !is_disconnect(t))
		return cause_of_local_close(t);
	return cause_of_abort(t);
}

static enum cause cause_of_end(const struct transition *t)
{
	if (t->oldstate == STATE_LISTEN)
		return cause_of_listener_end(t);
	if (t->oldstate == STATE_SYN_SENT)
		return cause_of_failed_connect(t);
	if (has_final_error(t))
		return cause_of_error(t);
	if (t->oldstate == STATE_LAST_ACK || t->oldstate == STATE_CLOSING)
		return cause_of_last_state(t);
	if (has(t, FACT_ORPHAN) && !has(t, FACT_SUBFLOW))
		return cause_of_orphan(t);
	if (is_hidden(t))
		return t->err ? CAUSE_ERROR : CAUSE_UNKNOWN;
	if (has(t, FACT_IN_CALL))
		return cause_of_abort(t);
	if (t->oldstate == STATE_FIN_WAIT2)
		return has(t, FACT_MINISOCK_SOUGHT) ? CAUSE_TIME_WAIT_FULL : CAUSE_UNKNOWN;
	if (t->err)
		return CAUSE_ERROR;
	return has(t, FACT_ACCEPTED) ? CAUSE_UNKNOWN : CAUSE_LISTENER_CLOSED;
}

/* The same in both lifetimes (lifetime.h). */
static enum cause cause_of_hand_over(const struct transition *t)
{
	if (has(t, FACT_PEER_FIN))
		return t->oldstate == STATE_CLOSING ? CAUSE_FIN_ACKED : CAUSE_PEER_FIN;
	return has(t, FACT_IN_CALL) ? cause_of_local_close(t) : CAUSE_FIN_ACKED;
}

/* At most one of these facts is set. */
static enum cause cause_of_minisock_end(const struct transition *t)
{
	if (has(t, FACT_TIMER))
		return CAUSE_TIMER;
	if (has(t, FACT_RECYCLED))
		return CAUSE_RECYCLED;
	if (has(t, FACT_RESET_SENT))
		return CAUSE_RESET_LATE_DATA;
	if (has(t, FACT_RESET_RECEIVED))
		return CAUSE_RESET_RECEIVED;
	return has(t, FACT_DESTROYED) ? CAUSE_DESTROYED : CAUSE_UNKNOWN;
}

static enum cause cause_of_minisock(const struct transition *t)
{
	if (t->newstate == STATE_TIME_WAIT)
		return CAUSE_PEER_FIN;
	if (t->newstate == STATE_SYN_RECV)
		return CAUSE_UNKNOWN;
	if (t->oldstate == STATE_SYN_RECV)
		return CAUSE_HALF_OPEN;
	return cause_of_minisock_end(t);
}

enum cause cause_of(const struct transition *t)
{
	if (!transition_has_details(t))
		return CAUSE_UNKNOWN;
	if (transition_is_of_minisock(t))
		return cause_of_minisock(t);
	if (transition_is_to_minisock(t))
		return cause_of_hand_over(t);
	switch (t->newstate) {
	case STATE_FIN_WAIT1:
	case STATE_LAST_ACK:
		return cause_of_local_close(t);
	case STATE_CLOSE_WAIT:
	case STATE_CLOSING:
		return CAUSE_PEER_FIN;
	case STATE_FIN_WAIT2:
		return CAUSE_FIN_ACKED;
	case STATE_CLOSE:
		return cause_of_end(t);
	default:
		return CAUSE_UNKNOWN;
	}
}
