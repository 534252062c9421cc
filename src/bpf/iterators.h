/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Iterators for the initial scan: user space runs them after the tracing programs are attached. An
 * entry that a transition has set meanwhile is newer, and stays as it is. Later, the iterator over
 * sockets reports sessions that stay in a state.
 */
#ifndef TCPSTATES_BPF_ITERATORS_H
#define TCPSTATES_BPF_ITERATORS_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/details.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/file.h"
#include "bpf/fill.h"
#include "bpf/kernel_filter.h"
#include "bpf/minisock.h"
#include "bpf/record.h"
#include "bpf/tally_map.h"

/*
 * A lower bound for the time in ESTABLISHED: the time since data was last sent or received,
 * whichever is longer.
 */
static __always_inline __u64 least_age_ns(const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 sent = BPF_CORE_READ(tp, lsndtime);
	__u32 received = BPF_CORE_READ(tp, inet_conn.icsk_ack.lrcvtime);
	__u32 since_sent = now - sent, since_received = now - received;

	if (!sent || !received)
		return 0;
	return (since_sent > since_received ? since_sent : since_received) * jiffy_ns;
}

/*
 * Sets the clock unless a transition has. is_from_scan is set first: whoever sees the clock of the
 * scan sees that it is one. If a concurrent transition has set the clock, it may see is_from_scan:
 * then its duration is reported as a lower bound, which is correct.
 */
static __always_inline void start_clock_from_scan(struct sock_entry *entry, const struct sock *sk)
{
	__u64 since_ns = bpf_ktime_get_ns();

	if (entry->since_ns)
		return;
	if (BPF_CORE_READ(sk, __sk_common.skc_state) == STATE_ESTABLISHED)
		since_ns -= least_age_ns((const struct tcp_sock *)sk);
	entry->is_from_scan = true;
	barrier();
	if (!entry_start_clock(entry, since_ns))
		entry->is_from_scan = false;
}

/* The protocol of a TCP socket or an MPTCP connection; else 0. */
static __always_inline __u32 protocol_of(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u32 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (family != AF_INET && family != AF_INET6)
		return 0;
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ? protocol : 0;
}

/*
 * A read of an iterator ends when the program's output has filled its buffer, or after a million
 * objects, then with EAGAIN if there was no output (bpf_seq_read(), 5.10 to 7.2). So the program
 * writes a mark now and then, as long as the other records: a read then takes a few milliseconds.
 */
#define MARK_EVERY 32

__u32 walked;

/* One buffer for all kinds: a program's stack is small. Zeroed at first. */
union iterator_record {
	struct record_minisock_found found; /* first, because it is the longest: {} zeroes it */
	struct record_snapshot snapshot;
	struct record_mark mark;
};

static __always_inline void walk(struct seq_file *seq, union iterator_record *record)
{
	if (++walked % MARK_EVERY)
		return;
	record->mark.header.kind = RECORD_MARK;
	record->mark.header.size = sizeof(record->mark);
	bpf_seq_write(seq, &record->mark, sizeof(record->mark));
}

/* In all network namespaces. If processes share a socket, the first one is the owner. */
SEC("iter/task_file")
int seed_files(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	union iterator_record record = {};
	struct sock_entry *entry;
	struct sock *sk;
	__u32 protocol;

	if (!task || !file)
		return 0;
	namespace_note(task);
	walk(context->meta->seq, &record);
	sk = file_socket(file);
	protocol = sk ? protocol_of(sk) : 0;
	if (!protocol)
		return 0;
	entry = protocol == IPPROTO_TCP ? entry_of_found(sk) : connection_of((__u64)sk);
	if (!entry)
		return 0;
	if (!entry->pid)
		entry_set_owner(entry, task, OWNER_SCAN);
	if (protocol == IPPROTO_TCP)
		start_clock_from_scan(entry, sk);
	return 0;
}

/* Set before load: what the iterator over sockets reports, in addition to setting clocks. */
const volatile bool wants_snapshots; /* sessions that stay in a state */
const volatile bool wants_minisocks; /* minisocks older than the trace */

/* Set before it runs. */
struct scan_request scan;

/*
 * The iterator holds references to all sockets of a chain while it shows them: a minisock may have
 * ended meanwhile (inet_twsk_kill(), 5.10 to 7.2).
 */
static __always_inline bool has_left_table(const struct sock_common *common)
{
	barrier();
	return !BPF_CORE_READ(common, skc_nulls_node.pprev);
}

/* A minisock: when it was found, where its memory is, and when its timer expires. */
static __always_inline void fill_found_minisock(struct record_minisock_found *found,
						const struct sock_common *common,
						const struct inet_timewait_sock *minisock)
{
	struct transition *record = &found->transition;
	__u64 now_ns = bpf_ktime_get_ns(), now_jiffies = bpf_jiffies64();
	__u64 expires = minisock->tw_timer.expires;

	address_fill(record->laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	address_fill(record->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	record->lport = common->skc_num;
	record->rport = bpf_ntohs(common->skc_dport);
	/* Reads through the helper's result: see sock_of(). */
	record->netns = namespace_number(minisock->__tw_common.skc_net.net);
	record->cookie = common->skc_cookie.counter;
	record->minisock = (__u64)minisock;
	record->ip = ip_of(common);
	record->oldstate = record->newstate = minisock->tw_substate;
	record->flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	record->facts = FACT_FOUND | FACT_STANDING;
	record->time_ns = now_ns;
	record->due_ns = now_ns + due_in_jiffies(expires, now_jiffies) * jiffy_ns;
	if ((__s64)(expires - now_jiffies) > 0)
		found->left_ns = (expires - now_jiffies) * jiffy_ns;
	found->header.kind = RECORD_MINISOCK_FOUND;
	found->header.size = sizeof(*found);
}

/*
 * Whether the time in the state has reached the limit, or the limit times a power of two, since the
 * previous scan: the highest bit of the quotient has changed.
 */
static __always_inline bool is_due(const struct sock_entry *entry, __u8 state)
{
	__u64 since_ns = entry->since_ns, least_ns = scan.least_ns[state % STATE_COUNT];
	__u64 now_times, before_times = 0;

	/*
	 * A change after now_ns is reported by its transition, and missed once tracing has stopped.
	 */
	if (!least_ns || !since_ns || since_ns + least_ns > scan.now_ns ||
	    (entry->state != state && !entry->is_from_scan))
		return false;
	now_times = (scan.now_ns - since_ns) / least_ns;
	if (scan.before_ns > since_ns)
		before_times = (scan.before_ns - since_ns) / least_ns;
	return (now_times ^ before_times) > before_times;
}

/*
 * Before 6.17, the iterator may show a socket twice if a read ends within its chain of the hash
 * table (bpf_iter_tcp_resume()): the initial scan reports it once.
 */
static __always_inline bool is_wanted(const struct sock_entry *entry, __u8 state)
{
	return scan.now_ns ? is_due(entry, state) : entry->is_from_scan && !entry->reported;
}

/* A session that remains in its state. */
static __always_inline void fill_snapshot(struct record_snapshot *snapshot, struct sock *sk,
					  const struct tcp_sock *tp, const struct sock_entry *entry,
					  __u8 state)
{
	struct transition *record = &snapshot->transition;

	snapshot->header.kind = RECORD_SNAPSHOT;
	snapshot->header.size = sizeof(*snapshot);
	fill_ends(record, sk, tp);
	record->time_ns = scan.now_ns ?: bpf_ktime_get_ns();
	record->duration_ns = record->time_ns - entry->since_ns;
	record->oldstate = record->newstate = state;
	record->flags = TRANSITION_HAS_DETAILS | (entry->is_from_scan ? TRANSITION_DURATION_AT_LEAST
								      : TRANSITION_DURATION_KNOWN);
	record->facts = FACT_STANDING;
	fill_session(record, sk, tp, entry, state);
}

/*
 * All sockets of the reader's network namespace, including those without a descriptor: not yet
 * accepted, orphans and minisocks. Writes the records of bpf/record.h.
 */
SEC("iter/tcp")
int seed_sockets(struct bpf_iter__tcp *context)
{
	struct sock_common *common = context->sk_common;
	struct seq_file *seq = context->meta->seq;
	union iterator_record record = {};
	struct tcp_timewait_sock *minisock;
	struct sock_entry *entry;
	struct tcp_sock *tp;
	struct sock *sk;
	__u8 state;

	if (!common)
		return 0;
	walk(seq, &record);
	/* Read before the entry: a transition updates the entry first. */
	state = *(volatile __u8 *)&common->skc_state;
	if (state == STATE_TIME_WAIT) {
		minisock = wants_minisocks && !scan.now_ns ? bpf_skc_to_tcp_timewait_sock(common)
							   : NULL;
		if (!minisock)
			return 0;
		/* Before the check: a session that takes its place after that sees the mark. */
		if (tally.is_on)
			leave_place(common->skc_hash, bpf_ktime_get_ns());
		if (has_left_table(common))
			return 0;
		fill_found_minisock(&record.found, common, &minisock->tw_sk);
		bpf_seq_write(seq, &record.found, sizeof(record.found));
		return 0;
	}
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	sk = &tp->inet_conn.icsk_inet.sk;
	entry = entry_of_found(sk);
	if (!entry)
		return 0;
	if (!scan.now_ns)
		start_clock_from_scan(entry, sk);
	if (is_subflow(tp))
		entry_copy_owner(entry, connection_of_subflow(tp));
	if (!wants_snapshots || !is_wanted(entry, state) ||
	    (filter.is_on && !filter_ends_pass(sk, tp, KNOWN_ALL)))
		return 0;
	fill_snapshot(&record.snapshot, sk, tp, entry, state);
	/* Without room, the kernel shows the socket again in the next read. */
	if (!bpf_seq_write(seq, &record.snapshot, sizeof(record.snapshot)) && !scan.now_ns)
		entry->reported = state;
	return 0;
}

#endif
