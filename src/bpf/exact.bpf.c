// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fentry programs, which not every kernel loads. They report facts that tcpstates.bpf.c or user
 * space otherwise infers. They are an object of their own, because one rejected program fails its
 * whole object; it uses the maps of tcpstates.bpf.c. The traced functions are called across files,
 * and have the same first arguments from 5.10 to 7.2.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/half_open.h"
#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/shared.h"
#include "trace/state.h"

/* accept(), before it returns: inet_accept() calls sock_graft() with the socket locked. */
SEC("fentry/security_sock_graft")
int BPF_PROG(security_sock_graft, struct sock *sk, struct socket *socket)
{
	struct sock_entry *entry;

	if (is_tcp(sk))
		entry = entry_of(sk);
	else if (is_connection(sk))
		entry = connection_of((__u64)sk);
	else
		return 0;
	if (entry)
		entry_note_accept(entry);
	return 0;
}

/* connect(), right after the change to SYN_SENT: the kernel has chosen the local port. */
SEC("fentry/tcp_connect")
int BPF_PROG(tcp_connect, struct sock *sk)
{
	struct sock_entry *entry = entry_find(sk);
	struct record_lport_chosen *record;

	if (!entry || !entry->lport_awaited)
		return 0;
	entry->lport_awaited = false;
	record = ring_reserve(sizeof(*record), 0);
	if (!record)
		return 0;
	*record = (struct record_lport_chosen){
		.header = {.kind = RECORD_LPORT_CHOSEN, .size = sizeof(*record)},
		.cookie = sk->__sk_common.skc_cookie.counter,
		.lport = sk->__sk_common.skc_num,
	};
	bpf_ringbuf_submit(record, wakeup());
	return 0;
}

/* Set before load: sessions are followed into TIME_WAIT. */
const volatile bool minisocks_follow;

/* The cookie of the minisock that this CPU ends before its timer expires; 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cut_short SEC(".maps");

static __always_inline void minisock_report(const struct record_minisock *report,
					    const struct sock_common *common)
{
	struct record_minisock *record;

	/* A minisock without a cookie belongs to a session that was never reported. */
	if (!minisocks_follow || !report->cookie ||
	    !filter_passes(ip_of(common), common->skc_num, bpf_ntohs(common->skc_dport)))
		return;
	record = ring_reserve(sizeof(*record), 0);
	if (!record)
		return;
	*record = *report;
	bpf_ringbuf_submit(record, wakeup());
}

/* Only minisocks that end early: a new session, a reset, or the end of the namespace. */
SEC("fentry/inet_twsk_deschedule_put")
int BPF_PROG(inet_twsk_deschedule_put, struct inet_timewait_sock *minisock)
{
	__u32 zero = 0;
	__u64 *cookie = bpf_map_lookup_elem(&cut_short, &zero);

	if (cookie)
		*cookie = minisock->__tw_common.skc_cookie.counter;
	return 0;
}

/* If the call above was inlined, the timer shows an early end: it has not expired yet. */
static __always_inline bool was_cut_short(const struct inet_timewait_sock *minisock, __u64 cookie)
{
	__u64 expires = BPF_CORE_READ(minisock, tw_timer.expires);
	__u32 zero = 0;
	__u64 *marked = bpf_map_lookup_elem(&cut_short, &zero);

	return (marked && *marked == cookie) || (__s64)(bpf_jiffies64() - expires) < 0;
}

/* The end of a minisock, by its timer or earlier: inet_twsk_free(). */
SEC("fentry/tcp_twsk_destructor")
int BPF_PROG(tcp_twsk_destructor, struct sock *sk)
{
	const struct sock_common *common = &sk->__sk_common;
	const struct inet_timewait_sock *minisock = (void *)sk;
	struct record_minisock report = {
		.header = {.kind = RECORD_MINISOCK_ENDED, .size = sizeof(report)},
		.time_ns = bpf_ktime_get_ns(),
		.cookie = common->skc_cookie.counter,
		.skaddr = (__u64)sk,
		.state = BPF_CORE_READ(minisock, tw_substate),
	};

	report.is_early = was_cut_short(minisock, report.cookie);
	minisock_report(&report, common);
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
		.state = minisock->tw_substate,
	};
	__u64 now = bpf_jiffies64();

	if (!rearm || report.state != STATE_TIME_WAIT)
		return 0;
	report.due_ns = report.time_ns + due_in_jiffies(now + timeo, now) * jiffy_ns;
	minisock_report(&report, &minisock->__tw_common);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
