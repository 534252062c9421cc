/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a session has been in its state, or has made no progress, at least: from the times that
 * the kernel keeps in the socket. All of them are lower bounds.
 */
#ifndef TCPSTATES_BPF_AGE_H
#define TCPSTATES_BPF_AGE_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "trace/state.h"

/* What limits sending (enum tcp_chrono in linux/tcp.h, 5.10 to 7.2). */
#define CHRONO_UNSPEC       0
#define CHRONO_RWND_LIMITED 2

/* A FIN is not this much older than a later ACK that overtook it on the way. */
#define REORDERED_NS 1000000000ull

/* Part of a jiffy has passed already when a time is stored: one less is a lower bound. */
static __always_inline __u64 jiffies_ns(__u32 jiffies)
{
	return jiffies ? (jiffies - 1) * jiffy_ns : 0;
}

static __always_inline __u32 least(__u32 one, __u32 other)
{
	return one < other ? one : other;
}

/*
 * Both times are set when the connection is established (tcp_init_transfer(),
 * tcp_finish_connect()), so the longer time since one of them is a bound.
 */
static __always_inline __u64 age_of_established(const struct tcp_sock *tp, __u32 now)
{
	__u32 sent = BPF_CORE_READ(tp, lsndtime);
	__u32 received = BPF_CORE_READ(tp, inet_conn.icsk_ack.lrcvtime);
	__u32 since_sent = now - sent, since_received = now - received;

	if (!sent || !received)
		return 0;
	return jiffies_ns(since_sent > since_received ? since_sent : since_received);
}

/* The ACK of our FIN set rcv_tstamp, as later ones did (tcp_ack()). */
static __always_inline __u64 age_of_fin_wait2(const struct tcp_sock *tp, __u32 now)
{
	__u32 acked = BPF_CORE_READ(tp, rcv_tstamp);

	return acked ? jiffies_ns(now - acked) : 0;
}

/*
 * The segment with the peer's FIN set rcv_tstamp (tcp_ack(); a FIN never takes the fast path of
 * tcp_rcv_established()), or lrcvtime if it filled a gap (tcp_event_data_recv()). Only if a later
 * ACK overtook it, it set neither.
 */
static __always_inline __u64 age_of_close_wait(const struct tcp_sock *tp, __u32 now)
{
	__u32 acked = BPF_CORE_READ(tp, rcv_tstamp);
	__u32 received = BPF_CORE_READ(tp, inet_conn.icsk_ack.lrcvtime);
	__u64 age_ns;

	if (!acked || !received)
		return 0;
	age_ns = jiffies_ns(least(now - acked, now - received));
	return age_ns > REORDERED_NS ? age_ns - REORDERED_NS : 0;
}

/* The time in the present state; 0: not known. FIN_WAIT1 and LAST_ACK leave no time behind. */
static __always_inline __u64 least_age_ns(const struct tcp_sock *tp, __u8 state)
{
	__u32 now = (__u32)bpf_jiffies64();

	switch (state) {
	case STATE_ESTABLISHED:
		return age_of_established(tp, now);
	case STATE_FIN_WAIT2:
		return age_of_fin_wait2(tp, now);
	case STATE_CLOSE_WAIT:
		return age_of_close_wait(tp, now);
	default:
		return 0;
	}
}

/* Data waits for the peer's receive window. */
static __always_inline bool has_no_window(const struct tcp_sock *tp, __u8 state)
{
	return state != STATE_SYN_SENT && state != STATE_SYN_RECV && !tp->snd_wnd &&
	       tp->write_seq != tp->snd_una;
}

/*
 * Since when there is no progress: data has been queued since chrono_start without a break
 * (tcp_chrono_start(), tcp_chrono_stop()), and no ACK has come since rcv_tstamp. Answers to
 * zero-window probes are ACKs, too: with a closed window, nothing could be sent since lsndtime, as
 * probes contain no data (tcp_xmit_probe_skb()). CLOCK_MONOTONIC; 0: nothing is queued.
 */
static __always_inline __u64 stalled_since_ns(const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64(), queued = now - tp->chrono_start, waits;
	__u8 type;

	if (tp->write_seq == tp->snd_una || !bpf_core_field_exists(tp->chrono_type))
		return 0;
	type = BPF_CORE_READ_BITFIELD_PROBED(tp, chrono_type);
	if (type == CHRONO_UNSPEC)
		return 0;
	waits = least(queued, now - tp->rcv_tstamp);
	if (type == CHRONO_RWND_LIMITED && !tp->snd_wnd &&
	    least(queued, now - tp->lsndtime) > waits)
		waits = least(queued, now - tp->lsndtime);
	return bpf_ktime_get_ns() - jiffies_ns(waits);
}

#endif
