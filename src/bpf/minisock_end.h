/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Minisocks in the fentry object: when they end, and why. What ends one early names it right before
 * on the same CPU (minisock_mark()); all ends pass inet_twsk_free(), which calls the destructor.
 */
#ifndef TCPSTATES_BPF_MINISOCK_END_H
#define TCPSTATES_BPF_MINISOCK_END_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "bpf/minisock_report.h"
#include "bpf/record.h"
#include "trace/state.h"

/* Set before load: sessions are followed into TIME_WAIT. */
const volatile bool minisocks_follow;

struct minisock_mark {
	__u64 address; /* of the minisock */
	__u32 end;     /* enum minisock_end */
	bool is_ended; /* it ends now, before its timer expires */
};

/* The minisock that this CPU may end next, and why. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct minisock_mark);
} minisock_marks SEC(".maps");

static __always_inline struct minisock_mark *mark_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&minisock_marks, &zero);
}

static __always_inline void minisock_mark(const void *minisock, __u32 end)
{
	struct minisock_mark *mark = mark_here();

	if (!mark)
		return;
	mark->address = (__u64)minisock;
	mark->end = end;
	mark->is_ended = false;
}

/*
 * What a segment does if it ends the minisock. An orphan in FIN_WAIT2 answers data with a reset,
 * and a SYN too, for which there is no word. TIME_WAIT makes room for a SYN, and answers data with
 * an ACK (tcp_timewait_state_process(), 5.10 to 7.2).
 */
static __always_inline __u32 end_by_segment(__u8 flags, __u8 state)
{
	if (flags & TCP_FLAG_RST)
		return MINISOCK_RESET_RECEIVED;
	if (flags & TCP_FLAG_SYN)
		return state == STATE_TIME_WAIT ? MINISOCK_RECYCLED : MINISOCK_EARLY;
	return state == STATE_FIN_WAIT2 ? MINISOCK_RESET_SENT : MINISOCK_EARLY;
}

/* A segment for a minisock arrives. */
SEC("fentry/tcp_timewait_state_process")
int BPF_PROG(tcp_timewait_state_process, struct inet_timewait_sock *minisock, struct sk_buff *skb,
	     const struct tcphdr *header)
{
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), (const char *)header + TCP_FLAGS_OFFSET);
	minisock_mark(minisock, end_by_segment(flags, BPF_CORE_READ(minisock, tw_substate)));
	return 0;
}

/* connect() may use the ports of a session in TIME_WAIT: __inet_check_established(). */
SEC("fentry/tcp_twsk_unique")
int BPF_PROG(tcp_twsk_unique, struct sock *sk, struct sock *minisock)
{
	minisock_mark(minisock, MINISOCK_RECYCLED);
	return 0;
}

/* ss -K, of any TCP socket; of minisocks since 6.2. */
SEC("fentry/tcp_abort")
int BPF_PROG(tcp_abort, struct sock *sk)
{
	minisock_mark(sk, MINISOCK_DESTROYED);
	return 0;
}

/* Only minisocks that end early: by all of the above, or with their namespace. */
SEC("fentry/inet_twsk_deschedule_put")
int BPF_PROG(inet_twsk_deschedule_put, struct inet_timewait_sock *minisock)
{
	struct minisock_mark *mark = mark_here();

	if (!mark)
		return 0;
	if (mark->address != (__u64)minisock)
		minisock_mark(minisock, MINISOCK_EARLY);
	mark->is_ended = true;
	return 0;
}

/* inet_twsk_purge() ends the minisocks of a namespace that has no reference any more. */
static __always_inline bool namespace_is_gone(const struct sock_common *common)
{
	const struct net *net = common->skc_net.net;

	if (bpf_core_field_exists(struct net___ref, ns.__ns_ref))
		return !BPF_CORE_READ((const struct net___ref *)net, ns.__ns_ref.refs.counter);
	if (bpf_core_field_exists(struct net___count, ns.count))
		return !BPF_CORE_READ((const struct net___count *)net, ns.count.refs.counter);
	return false;
}

/* If inet_twsk_deschedule_put() was inlined, the timer shows an early end: it has not expired. */
static __always_inline __u32 end_of(const struct inet_timewait_sock *minisock)
{
	struct minisock_mark *mark = mark_here();
	__u64 expires = BPF_CORE_READ(minisock, tw_timer.expires);
	bool is_marked = mark && mark->address == (__u64)minisock && mark->is_ended;

	if (!is_marked && (__s64)(bpf_jiffies64() - expires) >= 0)
		return MINISOCK_TIMER;
	if (namespace_is_gone(&minisock->__tw_common))
		return MINISOCK_DESTROYED;
	return is_marked ? mark->end : MINISOCK_EARLY;
}

/* The end of a minisock, by its timer or earlier: inet_twsk_free(). */
SEC("fentry/tcp_twsk_destructor")
int BPF_PROG(tcp_twsk_destructor, struct sock *sk)
{
	const struct sock_common *common = &sk->__sk_common;
	struct record_minisock report = {
		.header = {.kind = RECORD_MINISOCK_ENDED, .size = sizeof(report)},
		.end = end_of((const struct inet_timewait_sock *)sk),
		.time_ns = bpf_ktime_get_ns(),
		.cookie = common->skc_cookie.counter,
		.skaddr = (__u64)sk,
	};

	if (minisocks_follow && minisock_passes(common))
		minisock_report(&report);
	return 0;
}

/*
 * In TIME_WAIT, each FIN of the peer restarts the timer, including retransmissions:
 * tcp_timewait_state_process().
 */
SEC("fentry/__inet_twsk_schedule")
int BPF_PROG(__inet_twsk_schedule, struct inet_timewait_sock *minisock, int timeo, bool rearm)
{
	struct record_minisock report = {
		.header = {.kind = RECORD_MINISOCK_REARMED, .size = sizeof(report)},
		.time_ns = bpf_ktime_get_ns(),
		.cookie = minisock->__tw_common.skc_cookie.counter,
		.skaddr = (__u64)minisock,
	};
	__u64 now = bpf_jiffies64();

	if (!rearm || minisock->tw_substate != STATE_TIME_WAIT)
		return 0;
	report.due_ns = report.time_ns + due_in_jiffies(now + timeo, now) * jiffy_ns;
	if (minisocks_follow && minisock_passes(&minisock->__tw_common))
		minisock_report(&report);
	return 0;
}

#endif
