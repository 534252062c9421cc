/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a socket's error ended it. An error may also be pending from before: with IP_RECVERR, an
 * ICMP error only sets sk_err (tcp_v4_err(), 5.10 to 7.2), and so does TLS in the kernel.
 */
#ifndef TCPSTATES_TRACE_FINAL_ERROR_H
#define TCPSTATES_TRACE_FINAL_ERROR_H

#include <linux/errno.h>
#include <stdbool.h>

#include "trace/state.h"
#include "trace/transition.h"

#define SHUTDOWN_BOTH 3

/* Only __tcp_close() shuts both directions down before the socket leaves one of these states. */
static inline bool is_in_close(const struct transition *t)
{
	return t->shutdown == SHUTDOWN_BOTH &&
	       (t->oldstate == STATE_ESTABLISHED || t->oldstate == STATE_CLOSE_WAIT);
}

/* tcp_write_err(): the error that ICMP reported before counts when the timer expires. */
static inline bool is_timeout(const struct transition *t)
{
	return t->err == ETIMEDOUT ||
	       (t->err && t->err == t->err_soft && (t->retransmits || t->probes));
}

/*
 * The first four are set only to end a socket: by tcp_reset(), tcp_abort() and tcp_write_err()
 * (5.10 to 7.2). In SYN_SENT and SYN_RECV any error is.
 */
static inline bool has_final_error(const struct transition *t)
{
	if (!t->err || is_in_close(t))
		return false;
	return t->err == ECONNRESET || t->err == EPIPE || t->err == ECONNABORTED || is_timeout(t) ||
	       t->oldstate == STATE_SYN_SENT || t->oldstate == STATE_SYN_RECV;
}

#endif
