// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel side: one record in the ring buffer for each TCP state change, with the duration of
 * the previous state. Each socket has an entry that lives as long as the socket. The program
 * updates it before it checks filters and before it reserves the record, so neither a filter nor a
 * lost record falsifies a later duration. docs/kernel.md lists all hooks.
 *
 * Compiled twice: with FALLBACK for kernels before 5.12, see sock_entry.h and task.h.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/creation_time.h"
#include "bpf/details.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/fill.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/late_data.h"
#include "bpf/listener_report.h"
#include "bpf/loss_counters.h"
#include "bpf/mptcp.h"
#include "bpf/probe.h"
#include "bpf/read_ports.h"
#include "bpf/record.h"
#include "bpf/request.h"
#include "bpf/ring.h"
#include "bpf/iterators.h"
#include "bpf/reset_tally.h"
#include "bpf/seen.h"
#include "bpf/send_reset.h"
#include "bpf/shared.h"
#include "bpf/sock_entry.h"
#include "bpf/tally_map.h"
#include "bpf/task.h"
#include "trace/state.h"
#include "trace/transition.h"

/*
 * Without memory, a child is not marked: then sk_socket is still NULL, as it is not accepted yet.
 * The start of a child that the initial scan found in SYN_RECV was before the trace.
 */
static __always_inline bool leaves_syn_recv(const struct change *change, const struct tcp_sock *tp,
					    const struct sock_entry *entry)
{
	if (change->oldstate != STATE_SYN_RECV)
		return false;
	if (entry && (entry->is_child || entry->is_from_scan))
		return entry->is_child;
	return !sock_of(tp)->sk_socket;
}

static __always_inline bool begins_child(const struct change *change)
{
	return change->oldstate == STATE_LISTEN && change->newstate == STATE_SYN_RECV;
}

/* When the child's first SYN-ACK was sent, in ns, if its request socket sent it again; else 0. */
static __always_inline __u64 resent_synack_ns(const struct tcp_sock *tp,
					      const struct sock_entry *entry)
{
	if (!tp->total_retrans || (entry && entry->is_fast_open))
		return 0;
	return request_take(&sock_of(tp)->__sk_common);
}

/*
 * Updates the entry. False if there is nothing to report yet: up to 6.12 a child has no peer
 * address at LISTEN -> SYN_RECV (inet_csk_clone_lock() sets it later), so that transition is
 * reported together with the one that leaves SYN_RECV.
 */
static __always_inline bool entry_update(struct sock_entry *entry, struct change *change,
					 const struct sock *sk, const struct tcp_sock *tp)
{
	bool is_child;

	if (begins_child(change)) {
		if (entry)
			entry_begin_child(entry, change);
		return false;
	}
	is_child = leaves_syn_recv(change, tp, entry);
	if (entry) {
		entry_recall_creation(entry, sk, change);
		entry_change_state(entry, change);
		entry_note_txhash(entry, sk, change);
		if (wants_owners())
			entry_note_owner(entry, sk, tp, change);
	}
	if (is_child) {
		change->flags = 0;
		measure_child(change, tp, entry, resent_synack_ns(tp, entry));
	}
	return true;
}

/* Set before load: state changes are followed; and each is sent or added up. */
const volatile bool wants_transitions;
const volatile bool wants_records;

/* False for the trace's own probe (probe.h). */
static __always_inline bool is_transition(const struct sock *sk, int oldstate, int newstate)
{
	return sk->sk_protocol == IPPROTO_TCP && oldstate != newstate &&
	       !probe_take(sk, oldstate, newstate) && wants_transitions;
}

/*
 * At SYN_SENT the local port may not be chosen yet, or be that of the previous connection. No
 * endpoint counts as known for a listener: its children may pass where it does not.
 */
static __always_inline __u32 known_ends(const struct sock *sk, const struct tcp_sock *tp,
					int oldstate, int newstate)
{
	if (oldstate == STATE_LISTEN)
		return newstate == STATE_SYN_RECV ? known_ends_of_child(sk, tp) : 0;
	if (newstate == STATE_LISTEN)
		return 0;
	return newstate == STATE_SYN_SENT ? KNOWN_ALL & ~KNOWN_LPORT : KNOWN_ALL;
}

/*
 * Whether a filter rejects this transition and all later ones of the connection. Then no state is
 * stored for it.
 */
static __always_inline bool is_filtered_out(const struct sock *sk, const struct tcp_sock *tp,
					    int oldstate, int newstate)
{
	return filter.is_on && !filter_ends_pass(sk, tp, known_ends(sk, tp, oldstate, newstate));
}

/*
 * A socket with an open descriptor may connect again; its time in CLOSE must be known then. An
 * accepted socket rarely does so, and usually has no cookie as a key.
 */
static __always_inline void store_close_time(struct sock *sk, const struct tcp_sock *tp,
					     struct change *change)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter;
	struct sock_entry *entry;

	if (change->newstate != STATE_CLOSE ||
	    sock_of(tp)->__sk_common.skc_flags & 1 << SOCK_DEAD || last_fd_is_gone(tp))
		return;
	entry = entry_find(sk);
	if (!cookie && !entry)
		return;
	change->now_ns = bpf_ktime_get_ns();
	creation_time_store(cookie, change->now_ns);
	if (entry)
		entry_change_state(entry, change);
}

static __always_inline int trace(struct sock *sk, int oldstate, int newstate)
{
	struct change change = {.oldstate = oldstate, .newstate = newstate};
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct record_transition *record;
	struct transition *transition;
	struct sock_entry *entry;
	__u16 lport, rport;
	bool is_complete;
	__u8 ip;

	if (!tp)
		return 0;
	if (is_filtered_out(sk, tp, oldstate, newstate)) {
		store_close_time(sk, tp, &change);
		return 0;
	}
	change.now_ns = bpf_ktime_get_ns();
	entry = begins_child(&change) ? entry_of_child(sk, tp) : entry_of(sk);
	is_complete = entry_update(entry, &change, sk, tp);
	listener_follow(entry, sk, tp, &change);
	if (!is_complete || !wants_records)
		return 0;

	lport = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	rport = bpf_ntohs(sk->__sk_common.skc_dport);
	ip = ip_of(&sk->__sk_common);
	if (lport_follows(&change, lport) ? !filter_may_pass(ip, rport)
					  : !filter_passes(ip, lport, rport))
		return 0;
	if (!filter_states_pass(1u << change.oldstate, 1u << change.newstate,
				change.is_passive_open) ||
	    !filter_owner_passes(entry, sk))
		return 0;

	if (tally.is_on)
		measure_unused(&change.duration_ns, &change.flags, &change, tp);
	if (tally.is_on && tally_take(entry, sk, tp, &change, lport, rport))
		return 0;

	record = ring_reserve(wants_details ? sizeof(*record) : RECORD_TRANSITION_SHORT,
			      change.is_passive_open ? 2 : 1);
	if (!record)
		return 0;
	record->header.kind = change.is_passive_open ? RECORD_PASSIVE_OPEN : RECORD_TRANSITION;
	record->header.size = wants_details ? sizeof(*record) : RECORD_TRANSITION_SHORT;
	record->awaits = 0;
	transition = &record->transition;
	fill_transition(transition, sk, tp, &change);
	if (wants_details) {
		fill_details(transition, &record->awaits, sk, tp, &change, entry);
		measure_unused(&transition->duration_ns, &transition->flags, &change, tp);
	}
	if (tally.is_on && transition->flags & TRANSITION_TO_MINISOCK &&
	    (minisocks_are_watched || !transition->minisock))
		leave_place(sk->__sk_common.skc_hash, change.now_ns);
	bpf_ringbuf_submit(record, wakeup());
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int oldstate, int newstate)
{
	if (wants_details && is_connection(sk))
		return connection_see(sk, oldstate, newstate);
	if (!is_transition(sk, oldstate, newstate))
		return 0;
	seen_set(sk, newstate);
	return trace(sk, oldstate, newstate);
}

/* The kernel skipped the first program for a change that a filter rejects. */
static __always_inline bool is_unseen_and_filtered_out(struct sock *sk, int oldstate, int newstate)
{
	struct change change = {.oldstate = oldstate, .newstate = newstate};
	struct tcp_sock *tp;

	if (!filter.is_on)
		return false;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !is_filtered_out(sk, tp, oldstate, newstate))
		return false;
	count((struct kernel_losses){.rescued = 1});
	store_close_time(sk, tp, &change);
	return true;
}

/*
 * The kernel does not run a program on a CPU that runs it already (__bpf_trace_run(), 6.1). So the
 * program above misses changes to other sockets by a packet that interrupts it, and on 7.2 also by
 * a task that preempts it. This program runs after it on every transition and traces those.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(unseen_set_state, struct sock *sk, int oldstate, int newstate)
{
	struct sock_entry *entry;

	if (!is_transition(sk, oldstate, newstate) || seen_take(sk, newstate) ||
	    is_unseen_and_filtered_out(sk, oldstate, newstate))
		return 0;
	/* The first program saw it: another task has overwritten the mark. */
	entry = entry_find(sk);
	if (entry && entry->state == newstate)
		return 0;
	count((struct kernel_losses){.rescued = 1});
	return trace(sk, oldstate, newstate);
}

/*
 * A process creates a socket. Without this program, the time in CLOSE before the first transition
 * is not known.
 */
SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *sk)
{
	struct sock_entry created = {};

	if (!wants_transitions)
		return 1;
	if (sk->protocol != IPPROTO_TCP || (sk->family != AF_INET && sk->family != AF_INET6))
		return 1;
	created.since_ns = bpf_ktime_get_ns();
	created.state = STATE_CLOSE;
	if (filter.is_on)
		creation_time_store(bpf_get_socket_cookie(sk), created.since_ns);
	else
		entry_create(sk, &created);
	return 1;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroy_sock, struct sock *sk)
{
	entry_remove(sk);
	return 0;
}

/* Set before load: half-open sessions are reported. */
const volatile bool wants_half_open;

/*
 * Set once the programs are attached: half-open sessions are reported while they last, or no fentry
 * program reports their end.
 */
bool requests_follow;

/*
 * With TCP Fast Open, the session has a socket already: the child, which resends the SYN-ACK
 * itself, instead of the listener (tcp_fastopen_synack_timer(), tcp_check_req(), 5.10 to 6.18).
 */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *sk, const struct request_sock *request)
{
	struct sock_entry *entry;
	__u64 sent_ns;

	if (sk->__sk_common.skc_state != STATE_LISTEN) {
		entry = entry_find(sk);
		if (entry)
			entry->is_fast_open = true;
		return 0;
	}
	sent_ns = request_see(request);
	if (wants_half_open && sent_ns && requests_follow)
		request_report(sk, request, sent_ns);
	return 0;
}

/*
 * A reset has arrived; the socket ends after this. The tracepoint also runs when the kernel resets
 * a session that receives data after close(): see tcp_send_reset below.
 */
SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	struct sock_entry *entry = entry_of(sk);

	/* Created here for a session that is older than the trace. */
	if (entry)
		entry->got_reset = true;
	return 0;
}

/* The third argument came with the reasons, in 6.10. */
static __always_inline __u32 reason_of_reset(const __u64 *arguments)
{
	return bpf_core_type_exists(enum sk_rst_reason) ? reset_reason_of(arguments[2]) : 0;
}

/*
 * The socket may be NULL or a minisock (since 6.10), but older verifiers take it for a valid
 * socket. So the programs do not dereference it: they use its address, and copy from it.
 */
SEC("tp_btf/tcp_send_reset")
int tcp_send_reset(__u64 *arguments)
{
	__u64 skaddr = arguments[0];
	struct record_reset_sent *record;

	if (wants_minisocks && is_orphan_minisock(skaddr) && is_data(arguments[1]))
		report_late_data(skaddr, reason_of_reset(arguments));
	if (!reset_is_awaited(skaddr))
		return 0;
	record = ring_reserve(sizeof(*record), 0);
	if (!record)
		return 0;
	record->header.kind = RECORD_RESET_SENT;
	record->header.size = sizeof(*record);
	record->skaddr = skaddr;
	record->reason = reason_of_reset(arguments);
	bpf_ringbuf_submit(record, wakeup());
	return 0;
}

/* The reset may also be one for no session: those are counted. Loaded since 6.10. */
SEC("tp_btf/tcp_send_reset")
int count_reset(__u64 *arguments)
{
	reset_take(arguments, reset_reason_of(arguments[2]));
	return 0;
}

/* Not attached: user space runs it (BPF_PROG_TEST_RUN) to read the state of minisocks. */
SEC("raw_tp")
int peek_minisocks(void *context)
{
	for (__u32 i = 0; i < PEEKS_MAX && i < peek_count; i++)
		peek_at(i);
	peeks_done = true;
	return 0;
}

/* Likewise, to read the local ports of a network namespace. */
SEC("raw_tp")
int read_ports(void *context)
{
	read_ports_of_namespace();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
