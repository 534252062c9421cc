/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports on listening sockets (trace/listener.h): when one begins to listen, when it stops, and
 * when the iterator over sockets visits it.
 */
#ifndef TCPSTATES_BPF_LISTENER_REPORT_H
#define TCPSTATES_BPF_LISTENER_REPORT_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/details.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/listener_map.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/sock_entry.h"
#include "trace/listener.h"
#include "trace/state.h"

/* Set before load. */
const volatile bool wants_listeners;

/* enum listener_known: what the attached programs count. Set by user space. */
__u8 listener_known;

static __always_inline void listener_fill_socket(struct listener *report, struct sock *sk,
						 const struct tcp_sock *tp)
{
	const struct sock_common *common = &sk->__sk_common;

	report->time_ns = bpf_ktime_get_ns();
	report->skaddr = (__u64)sk;
	report->cookie = sock_cookie(sk);
	report->delay_ns = 0;
	report->known = listener_known;
	report->ip = ip_of(common);
	report->lport = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	report->padding = 0;
	address_fill(report->laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	report->cgroup = cgroup_of(tp);
	report->uid = sk->sk_uid.val;
	report->netns = namespace_number(sock_of(tp)->__sk_common.skc_net.net);
	report->queue = sk->sk_ack_backlog;
	report->limit = sk->sk_max_ack_backlog;
	report->drops = sk->sk_drops.counter;
	report->netns_overflows = 0;
	report->netns_drops = 0;
}

static __always_inline void listener_fill_owner(struct listener *report,
						const struct sock_entry *entry)
{
	report->pid = entry->pid;
	report->owner_from = entry->owner_from;
	__builtin_memcpy(report->comm, entry->comm, sizeof(report->comm));
}

/* The peak starts anew with each report. */
static __always_inline void listener_fill_counts(struct listener *report,
						 struct listener_counts *counts)
{
	report->since_ns = counts->since_ns;
	report->queued = counts->queued;
	report->queued_before = counts->queued_before;
	report->accepted = counts->accepted;
	report->overflows = counts->overflows;
	report->cookies = counts->cookies;
	report->peak = counts->peak > report->queue ? counts->peak : report->queue;
	counts->peak = report->queue;
}

static __always_inline void listener_fill(struct record_listener *record, struct sock *sk,
					  const struct tcp_sock *tp, const struct sock_entry *entry,
					  struct listener_counts *counts, __u8 event)
{
	record->header.kind = RECORD_LISTENER;
	record->header.size = sizeof(*record);
	record->padding = 0;
	record->listener.event = event;
	listener_fill_socket(&record->listener, sk, tp);
	listener_fill_owner(&record->listener, entry);
	listener_fill_counts(&record->listener, counts);
}

/* A listener has neither a remote port nor a remote address, by which its children may differ. */
static __always_inline bool listener_is_selected(const struct sock *sk, const struct tcp_sock *tp)
{
	return !filter.is_on || filter_ends_pass(sk, tp, KNOWN_LPORT | KNOWN_ADDRESSES);
}

/* Begins to count. NULL: the filter rejects it, or there is no room, which is counted. */
static __always_inline struct listener_counts *listener_add(struct sock *sk,
							    const struct tcp_sock *tp,
							    struct sock_entry *entry,
							    __u64 since_ns)
{
	struct listener_counts begun = {.since_ns = since_ns};
	__u64 key = (__u64)sk;
	struct listener_counts *counts;

	if (!listener_is_selected(sk, tp))
		return NULL;
	begun.queued_before = begun.peak = sk->sk_ack_backlog;
	bpf_map_update_elem(&listeners, &key, &begun, BPF_ANY);
	counts = listener_find(key);
	if (counts)
		entry->listener = key;
	else
		count((struct kernel_losses){.details = 1});
	return counts;
}

static __always_inline void listener_send(struct sock *sk, const struct tcp_sock *tp,
					  const struct sock_entry *entry,
					  struct listener_counts *counts, __u8 event)
{
	struct record_listener *record = ring_reserve(sizeof(*record), 0);

	if (!record)
		return;
	listener_fill(record, sk, tp, entry, counts, event);
	bpf_ringbuf_submit(record, wakeup());
}

/*
 * Called at LISTEN -> SYN_RECV, in inet_csk_clone_lock(): the child comes into the queue right
 * after that, in inet_csk_reqsk_queue_add(). Exceptions, which are counted too: a joined subflow of
 * MPTCP, and a child that another one with the same 4-tuple preceded by microseconds.
 */
static __always_inline void listener_note_child(const struct sock_entry *entry)
{
	const struct sock *listener = (const struct sock *)entry->listener;
	struct listener_counts *counts = listener_find((__u64)listener);

	if (!counts)
		return;
	__sync_fetch_and_add(&counts->queued, 1);
	listener_note_length(counts, BPF_CORE_READ(listener, sk_ack_backlog) + 1);
}

static __always_inline void listener_begin(struct sock *sk, const struct tcp_sock *tp,
					   struct sock_entry *entry, __u64 now_ns)
{
	struct listener_counts *counts = listener_add(sk, tp, entry, now_ns);

	if (counts)
		listener_send(sk, tp, entry, counts, LISTENER_BEGAN);
}

/* tcp_close() changes the state before it empties the queue (inet_csk_listen_stop()). */
static __always_inline void listener_end(struct sock *sk, const struct tcp_sock *tp,
					 struct sock_entry *entry)
{
	__u64 key = (__u64)sk;
	struct listener_counts *counts = listener_find(key);

	if (!counts)
		return;
	listener_send(sk, tp, entry, counts, LISTENER_ENDED);
	entry->listener = 0;
	bpf_map_delete_elem(&listeners, &key);
}

/* After the entry is up to date. */
static __always_inline void listener_follow(struct sock_entry *entry, struct sock *sk,
					    const struct tcp_sock *tp, const struct change *change)
{
	if (!wants_listeners || !entry)
		return;
	if (change->newstate == STATE_LISTEN)
		listener_begin(sk, tp, entry, change->now_ns);
	else if (!entry->listener)
		return;
	else if (change->oldstate == STATE_LISTEN && change->newstate == STATE_CLOSE)
		listener_end(sk, tp, entry);
	else if (change->newstate == STATE_SYN_RECV)
		listener_note_child(entry);
	else if (change->newstate == STATE_ESTABLISHED)
		entry->established_ns = change->now_ns;
}

/* For the iterator over sockets. now_ns: the time of the scan; 0: the present time. */
static __always_inline void listener_report(struct seq_file *seq, struct record_listener *record,
					    struct sock *sk, const struct tcp_sock *tp,
					    struct sock_entry *entry, __u64 now_ns)
{
	struct listener_counts *counts = listener_find((__u64)sk);

	if (!counts)
		counts = listener_add(sk, tp, entry, 0);
	if (!counts)
		return;
	listener_fill(record, sk, tp, entry, counts, LISTENER_FOUND);
	if (now_ns)
		record->listener.time_ns = now_ns;
	bpf_seq_write(seq, record, sizeof(*record));
}

#endif
