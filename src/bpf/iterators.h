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

#include "bpf/age.h"
#include "bpf/details.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/file.h"
#include "bpf/fill.h"
#include "bpf/kernel_filter.h"
#include "bpf/listener_report.h"
#include "bpf/minisock.h"
#include "bpf/record.h"
#include "bpf/tally_map.h"

/*
 * Sets the clock unless a transition has. is_from_scan is set first: whoever sees the clock of the
 * scan sees that it is one. If a concurrent transition has set the clock, it may see is_from_scan:
 * then its duration is reported as a lower bound, which is correct.
 */
static __always_inline void start_clock_from_scan(struct sock_entry *entry, const struct sock *sk)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	__u64 since_ns = bpf_ktime_get_ns() - least_age_ns((const struct tcp_sock *)sk, state);

	if (entry->since_ns)
		return;
	entry->scan_state = state;
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
	struct record_listener listener;
	struct record_mark mark;
	struct record_holder holder;
};

static __always_inline void walk(struct seq_file *seq, union iterator_record *record)
{
	if (++walked % MARK_EVERY)
		return;
	record->mark.header.kind = RECORD_MARK;
	record->mark.header.size = sizeof(record->mark);
	bpf_seq_write(seq, &record->mark, sizeof(record->mark));
}

/* Set before load: what the iterator over sockets reports, in addition to setting clocks. */
const volatile bool wants_snapshots; /* sessions that stay in a state */
const volatile bool wants_minisocks; /* minisocks older than the trace */

/* Set before it runs. */
struct scan_request scan;

/* A process that has a socket open which this scan reports. */
static __always_inline void report_holder(struct seq_file *seq, struct record_holder *holder,
					  const struct task_struct *task, struct sock *sk)
{
	struct sock_entry *entry = entry_find(sk);

	if (!entry || entry->sought != scan.number)
		return;
	holder->header.kind = RECORD_HOLDER;
	holder->header.size = sizeof(*holder);
	holder->skaddr = (__u64)sk;
	holder->pid = task_tgid(task);
	holder->is_owner = holder->pid == entry->pid;
	task_read_process_comm(holder->comm, task);
	bpf_seq_write(seq, holder, sizeof(*holder));
}

/*
 * In all network namespaces. At the start, the first process that has a socket open is its owner.
 * Later, reports who has the sockets open that the scan has marked.
 */
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
	if (scan.now_ns) {
		if (protocol == IPPROTO_TCP)
			report_holder(context->meta->seq, &record.holder, task, sk);
		return 0;
	}
	entry = protocol == IPPROTO_TCP ? entry_of_found(sk) : connection_of((__u64)sk);
	if (!entry)
		return 0;
	if (!entry->pid)
		entry_set_owner(entry, task, OWNER_SCAN);
	if (protocol == IPPROTO_TCP)
		start_clock_from_scan(entry, sk);
	return 0;
}

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
 * Whether a condition that began at since_ns has reached the limit, or the limit times a power of
 * two, since the previous scan: the highest bit of the quotient has changed.
 */
static __always_inline bool is_reached(__u64 since_ns, __u64 least_ns)
{
	__u64 now_times, before_times = 0;

	if (!least_ns || !since_ns || since_ns + least_ns > scan.now_ns)
		return false;
	now_times = (scan.now_ns - since_ns) / least_ns;
	if (scan.before_ns > since_ns)
		before_times = (scan.before_ns - since_ns) / least_ns;
	return (now_times ^ before_times) > before_times;
}

/* As long as snd_una does not move, the first time that a scan found is the best bound. */
static __always_inline void note_stall(struct sock_entry *entry, const struct tcp_sock *tp)
{
	__u64 since_ns = stalled_since_ns(tp);

	if (since_ns && entry->stalled_ns && entry->snd_una == tp->snd_una &&
	    entry->stalled_ns < since_ns)
		return;
	entry->stalled_ns = since_ns;
	entry->snd_una = tp->snd_una;
}

/*
 * The time in the state, or the time without progress. A change after now_ns is reported by its
 * transition, and missed once tracing has stopped.
 */
static __always_inline bool is_due(struct sock_entry *entry, const struct tcp_sock *tp, __u8 state)
{
	if (noted_state(entry) != state || entry->since_ns > scan.now_ns)
		return false;
	if (state == STATE_ESTABLISHED)
		note_stall(entry, tp);
	return is_reached(entry->since_ns, scan.least_ns[state % STATE_COUNT]) ||
	       (state == STATE_ESTABLISHED && is_reached(entry->stalled_ns, scan.stalled_ns));
}

/*
 * Before 6.17, the iterator may show a socket twice if a read ends within its chain of the hash
 * table (bpf_iter_tcp_resume()): the initial scan reports it once.
 */
static __always_inline bool is_wanted(struct sock_entry *entry, const struct tcp_sock *tp,
				      __u8 state)
{
	return scan.now_ns ? is_due(entry, tp, state) : entry->is_from_scan && !entry->reported;
}

/* Whether the session can go on, in scans. */
static __always_inline void fill_progress(struct transition *record, const struct tcp_sock *tp,
					  const struct sock_entry *entry, __u8 state)
{
	if (state == STATE_ESTABLISHED && entry->stalled_ns &&
	    entry->stalled_ns < record->time_ns) {
		record->due_ns = entry->stalled_ns;
		add_fact(record, FACT_STALLED);
	}
	if (has_no_window(tp, state))
		record->known |= TRANSITION_KNOWN_NO_WINDOW;
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
	if (is_subflow(tp))
		add_fact(record, FACT_SUBFLOW);
	fill_progress(record, tp, entry, state);
}

static __always_inline void report_session(struct seq_file *seq, struct record_snapshot *snapshot,
					   struct sock *sk, const struct tcp_sock *tp,
					   struct sock_entry *entry, __u8 state)
{
	entry->sought = scan.number;
	if (state == STATE_ESTABLISHED)
		note_stall(entry, tp);
	fill_snapshot(snapshot, sk, tp, entry, state);
	/* Without room, the kernel shows the socket again in the next read. */
	if (!bpf_seq_write(seq, snapshot, sizeof(*snapshot)) && !scan.now_ns)
		entry->reported = state;
}

/*
 * Sessions that are due in user space, but that the scan has not reported. User space inserts them
 * before the iterator runs, and removes them after it. By address of the socket.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DOUBTS_MAX);
	__type(key, __u64);
	__type(value, struct kernel_doubt);
} doubts SEC(".maps");

/* Whether the socket is one of them, and still of the same session. */
static __always_inline bool clear_doubt(const struct sock *sk, const struct tcp_sock *tp)
{
	__u64 key = (__u64)sk, cookie = sock_of(tp)->__sk_common.skc_cookie.counter;
	struct kernel_doubt *doubt = bpf_map_lookup_elem(&doubts, &key);

	if (!doubt || (doubt->cookie && cookie && doubt->cookie != cookie))
		return false;
	doubt->is_found = 1;
	return true;
}

/*
 * The change that led to this state was not seen. The kernel holds the lock of the socket while an
 * iterator visits it (bpf_iter_tcp_seq_show(), since 5.15), so no change is under way; before
 * 5.15, the time of the entry shows a change that is.
 */
static __always_inline void correct_entry(struct sock_entry *entry, const struct tcp_sock *tp,
					  __u8 state)
{
	__u64 since_ns = bpf_ktime_get_ns() - least_age_ns(tp, state);

	entry->since_ns = since_ns < scan.now_ns ? since_ns : scan.now_ns;
	entry->state = entry->scan_state = state;
	entry->is_from_scan = true;
}

/* Reports a doubted session as it is, unless a transition reports its change after now_ns. */
static __always_inline void check(struct seq_file *seq, struct record_snapshot *snapshot,
				  struct sock *sk, const struct tcp_sock *tp, __u8 state)
{
	struct sock_entry *entry;

	if (!clear_doubt(sk, tp))
		return;
	entry = entry_of(sk);
	if (!entry || entry->since_ns > scan.now_ns)
		return;
	if (noted_state(entry) != state)
		correct_entry(entry, tp, state);
	report_session(seq, snapshot, sk, tp, entry, state);
}

/* Of a listener no endpoint counts as known, as in its transitions (known_ends()). */
static __always_inline __u32 known_ends_in(__u8 state)
{
	return state == STATE_LISTEN ? 0 : KNOWN_ALL;
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
	if (scan.is_check) {
		check(seq, &record.snapshot, sk, tp, state);
		return 0;
	}
	entry = entry_of_found(sk);
	if (!entry)
		return 0;
	if (!scan.now_ns)
		start_clock_from_scan(entry, sk);
	entry_note_found(entry, tp);
	if (wants_snapshots && is_wanted(entry, tp, state) &&
	    (!filter.is_on || filter_ends_pass(sk, tp, known_ends_in(state))))
		report_session(seq, &record.snapshot, sk, tp, entry, state);
	/* Last: it overwrites the buffer. */
	if (wants_listeners && state == STATE_LISTEN)
		listener_report(seq, &record.listener, sk, tp, entry, scan.now_ns);
	return 0;
}

#endif
