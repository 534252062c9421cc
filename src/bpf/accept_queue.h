/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens at the accept queues of listeners: which connections accept() returns, how long they
 * have waited, and what the kernel drops because a queue is full.
 */
#ifndef TCPSTATES_BPF_ACCEPT_QUEUE_H
#define TCPSTATES_BPF_ACCEPT_QUEUE_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/kernel.h"
#include "bpf/listener_map.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/sock_entry.h"
#include "trace/listener.h"

#define RECORD_LISTENER_SHORT \
	(sizeof(struct record_listener) - sizeof(struct listener) + LISTENER_SIZE_ACCEPTED)

static __always_inline void accept_report(const struct sock *listener, struct sock *child)
{
	struct record_listener *record = ring_reserve(RECORD_LISTENER_SHORT, 0);
	struct sock_entry *entry;

	if (!record)
		return;
	entry = entry_find(child);
	__builtin_memset(record, 0, RECORD_LISTENER_SHORT);
	record->header.kind = RECORD_LISTENER;
	record->header.size = RECORD_LISTENER_SHORT;
	record->listener.time_ns = bpf_ktime_get_ns();
	record->listener.skaddr = (__u64)listener;
	record->listener.cookie = listener->__sk_common.skc_cookie.counter;
	record->listener.event = LISTENER_ACCEPTED;
	record->listener.known = LISTENER_KNOWN_ACCEPTED;
	/* With TCP Fast Open, accept() may return it before it is established. */
	if (entry && entry->established_ns) {
		record->listener.known |= LISTENER_KNOWN_DELAY;
		record->listener.delay_ns = record->listener.time_ns - entry->established_ns;
	}
	bpf_ringbuf_submit(record, wakeup());
}

/*
 * The socket that inet_csk_accept() returns follows its arguments: four up to 6.9, two since 6.10.
 * The barriers keep the compiler from computing the address, which the verifier rejects.
 */
static __always_inline struct sock *accepted_socket(const __u64 *arguments)
{
	__u64 child;

	if (bpf_core_type_exists(struct proto_accept_arg)) {
		child = arguments[2];
		barrier_var(child);
	} else {
		child = arguments[4];
		barrier_var(child);
	}
	return (struct sock *)child;
}

SEC("fexit/inet_csk_accept")
int inet_csk_accept(__u64 *arguments)
{
	const struct sock *listener = (const struct sock *)arguments[0];
	struct listener_counts *counts = listener_find((__u64)listener);
	struct sock *child = accepted_socket(arguments);

	if (!counts || !child)
		return 0;
	__sync_fetch_and_add(&counts->accepted, 1);
	accept_report(listener, child);
	return 0;
}

/* sk_acceptq_is_full(), 5.10 to 7.2: the queue takes one more than the limit. */
static __always_inline bool queue_is_full(const struct sock *listener)
{
	return listener->sk_ack_backlog > listener->sk_max_ack_backlog;
}

/*
 * The last ACK of a handshake. If the queue is full, the kernel counts ListenOverflows and
 * ListenDrops, and makes no socket.
 */
static __always_inline void note_ack(const struct sock *listener)
{
	struct listener_counts *counts;

	if (!queue_is_full(listener))
		return;
	counts = listener_find((__u64)listener);
	if (counts)
		__sync_fetch_and_add(&counts->overflows, 1);
}

SEC("fentry/tcp_v4_syn_recv_sock")
int BPF_PROG(tcp_v4_syn_recv_sock, const struct sock *listener)
{
	note_ack(listener);
	return 0;
}

/* For an IPv4 packet it calls the function above. */
SEC("fentry/tcp_v6_syn_recv_sock")
int BPF_PROG(tcp_v6_syn_recv_sock, const struct sock *listener, const struct sk_buff *skb)
{
	if (skb->protocol != bpf_htons(ETH_P_IP))
		note_ack(listener);
	return 0;
}

/* The listener whose SYN this CPU deals with, by address: see tcp_conn_request() below. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} syn_listener SEC(".maps");

/* Too many handshakes are under way: then a SYN cookie is sent, if sysctl tcp_syncookies allows. */
static __always_inline bool syn_is_dropped_before(const struct sock *listener)
{
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)listener;
	const struct net *net = BPF_CORE_READ(listener, __sk_common.skc_net.net);

	if (!bpf_core_field_exists(net->ipv4.sysctl_tcp_syncookies) ||
	    BPF_CORE_READ_BITFIELD_PROBED(net, ipv4.sysctl_tcp_syncookies))
		return false;
	return (__u32)BPF_CORE_READ(icsk, icsk_accept_queue.qlen.counter) >
	       listener->sk_max_ack_backlog;
}

/*
 * A SYN. If the queue is full, the kernel counts ListenOverflows and ListenDrops, unless it drops
 * the SYN before that, for another reason.
 */
SEC("fentry/tcp_conn_request")
int BPF_PROG(tcp_conn_request, void *ops, void *family_ops, struct sock *listener)
{
	struct listener_counts *counts = listener_find((__u64)listener);
	__u64 *here;
	__u32 zero = 0;

	here = bpf_map_lookup_elem(&syn_listener, &zero);
	if (here)
		*here = (__u64)listener;
	if (counts && queue_is_full(listener) && !syn_is_dropped_before(listener))
		__sync_fetch_and_add(&counts->overflows, 1);
	return 0;
}

/* tcp_conn_request() calls it on the same CPU, in the same softirq. */
static __always_inline void note_cookie(void)
{
	struct listener_counts *counts = NULL;
	__u32 zero = 0;
	__u64 *here = bpf_map_lookup_elem(&syn_listener, &zero);

	if (here)
		counts = listener_find(*here);
	if (counts)
		__sync_fetch_and_add(&counts->cookies, 1);
}

SEC("fentry/cookie_v4_init_sequence")
int cookie_v4_init_sequence(void *context)
{
	note_cookie();
	return 0;
}

SEC("fentry/cookie_v6_init_sequence")
int cookie_v6_init_sequence(void *context)
{
	note_cookie();
	return 0;
}

#endif
