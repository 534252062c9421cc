/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fills in what a record has beyond bcc's columns: the owner, metrics, and facts about the cause.
 */
#ifndef TCPSTATES_BPF_DETAILS_H
#define TCPSTATES_BPF_DETAILS_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/failed_connect.h"
#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "bpf/minisock.h"
#include "bpf/record.h"
#include "bpf/send_reset.h"
#include "bpf/task.h"
#include "trace/transition.h"

/* Set before load. False: only what bcc's outputs show is stored and filled in. */
const volatile bool wants_details;

/*
 * During fput() of the last descriptor, the file's reference count has reached its end; shutdown()
 * needs an open descriptor. This distinguishes close() from shutdown(SHUT_RDWR).
 */
static __always_inline bool last_fd_is_gone(const struct tcp_sock *tp)
{
	const struct socket *socket = sock_of(tp)->sk_socket;
	struct file *file;

	if (!socket)
		return false;
	file = socket->file;
	if (!file)
		return false;
	if (bpf_core_field_exists(struct file___ref, f_ref))
		return ((struct file___ref *)file)->f_ref.refcnt.counter < -1;
	return file->f_count.counter <= 0;
}

/*
 * Volatile, so that facts stay in memory: in a register, the verifier would know which facts are
 * set and follow each combination separately.
 */
static __always_inline void add_fact(struct transition *record, __u32 fact)
{
	*(volatile __u32 *)&record->facts |= fact;
}

static __always_inline void fill_facts_of_task(struct transition *record, const struct tcp_sock *tp)
{
	struct task_struct *task = task_current();
	__u32 flags = task_flags(task);

	add_fact(record, FACT_IN_CALL);
	if (flags & PF_KTHREAD) {
		add_fact(record, FACT_KERNEL_THREAD);
	} else if (flags & PF_EXITING) {
		add_fact(record, FACT_EXITING);
		record->signal = task_exit_code(task) & 0x7f;
	}
	if (last_fd_is_gone(tp))
		add_fact(record, FACT_LAST_FD);
}

/* A listener stays the process' own until the connection's socket is closed, which ends it first.
 */
static __always_inline void fill_facts_of_subflow_listener(struct transition *record,
							   const struct sock *sk,
							   const struct tcp_sock *tp)
{
	const struct mptcp_subflow_context *context = tp->inet_conn.icsk_ulp_data;

	if (sk->sk_lock.owned)
		fill_facts_of_task(record, tp);
	if (bpf_core_type_exists(struct mptcp_subflow_context))
		record->shutdown = BPF_CORE_READ(context, conn, sk_shutdown);
}

/*
 * The task that closes a subflow is a kernel thread, or whatever removes an address: so the facts
 * are those of the process that closed the connection, if it did.
 */
static __always_inline void fill_facts_of_subflow(struct transition *record, struct sock *sk,
						  const struct tcp_sock *tp,
						  const struct change *change)
{
	const struct sock_entry *connection;

	add_fact(record, FACT_SUBFLOW);
	if (change->oldstate == STATE_LISTEN) {
		fill_facts_of_subflow_listener(record, sk, tp);
		return;
	}
	if (sk->sk_err == ECONNABORTED && sk->sk_lock.owned)
		add_fact(record, FACT_IN_CALL);
	if (sk->sk_err || (change->newstate != STATE_FIN_WAIT1 &&
			   change->newstate != STATE_LAST_ACK && change->newstate != STATE_CLOSE))
		return;
	connection = connection_of_subflow(tp);
	if (!connection || (change->newstate == STATE_CLOSE && !connection->is_aborted))
		return;
	add_fact(record, connection->closing_facts);
	record->signal = connection->closing_signal;
	record->shutdown = connection->closing_shutdown;
}

static __always_inline void fill_facts_of_socket(struct transition *record, const struct sock *sk,
						 const struct tcp_sock *tp)
{
	unsigned long flags = sk->__sk_common.skc_flags;

	if (flags & 1 << SOCK_DEAD)
		add_fact(record, FACT_ORPHAN);
	if (flags & 1 << SOCK_DONE)
		add_fact(record, FACT_PEER_FIN);
	if (flags & 1 << SOCK_KEEPOPEN)
		add_fact(record, FACT_KEEPALIVE);
	if (flags & 1 << SOCK_LINGER && !sk->sk_lingertime)
		add_fact(record, FACT_LINGER_0);
	if (tp->linger2 < 0)
		add_fact(record, FACT_LINGER2_NONE);
	/* Still true if tcp_done_with_error() has emptied the queue. */
	if (tp->write_seq != tp->snd_nxt)
		add_fact(record, FACT_UNSENT);
	if (tp->inet_conn.icsk_user_timeout)
		add_fact(record, FACT_USER_TIMEOUT);
	if (sock_of(tp)->sk_socket)
		add_fact(record, FACT_ACCEPTED);
}

/*
 * The SYN: tcp_write_timeout() measures from retrans_stamp, and tcp_write_timer_handler() has set
 * the present time in tcp_mstamp (5.10 to 7.2).
 */
static __always_inline __u32 syn_unanswered_ms(const struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->tcp_usec_ts) && BPF_CORE_READ_BITFIELD(tp, tcp_usec_ts))
		return ((__u32)tp->tcp_mstamp - tp->retrans_stamp) / 1000;
	return (__u32)(tp->tcp_mstamp / 1000) - tp->retrans_stamp;
}

/* A closed window: tcp_probe_timer() measures from icsk_probes_tstamp (5.10.11 to 7.2). */
static __always_inline __u64 window_closed_ns(const struct tcp_sock *tp)
{
	if (!bpf_core_field_exists(tp->inet_conn.icsk_probes_tstamp) ||
	    !tp->inet_conn.icsk_probes_tstamp)
		return 0;
	return ((__u32)bpf_jiffies64() - tp->inet_conn.icsk_probes_tstamp) * jiffy_ns;
}

/* In the other states the option alone decides, if it is set (tcp_write_timeout()). */
static __always_inline bool user_timeout_is_over(const struct tcp_sock *tp,
						 const struct change *change)
{
	__u32 timeout_ms = tp->inet_conn.icsk_user_timeout;

	if (!timeout_ms)
		return false;
	if (change->oldstate == STATE_SYN_SENT || change->oldstate == STATE_SYN_RECV)
		return syn_unanswered_ms(tp) >= timeout_ms;
	return window_closed_ns(tp) >= timeout_ms * (1000ull * NSEC_PER_USEC);
}

/* Facts about the end of a socket. */
static __always_inline void fill_facts_of_end(struct transition *record, const struct tcp_sock *tp,
					      const struct change *change)
{
	record->known |= TRANSITION_KNOWN_END;
	if (tp->snd_una == tp->write_seq)
		add_fact(record, FACT_ALL_ACKED);
	if (BPF_CORE_READ_BITFIELD(tp, repair))
		add_fact(record, FACT_REPAIR);
	if (change->newstate == STATE_CLOSE && user_timeout_is_over(tp, change))
		add_fact(record, FACT_USER_TIMEOUT_OVER);
}

/*
 * Both times are set when the connection is established, so for a session without data this is its
 * age (tcp_init_transfer(), tcp_finish_connect(), 5.10 to 7.2).
 */
static __always_inline void fill_idle(struct transition *record, const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 since_sent = now - tp->lsndtime;
	__u32 since_received = now - tp->inet_conn.icsk_ack.lrcvtime;

	if (!jiffy_ns || !tp->lsndtime || !tp->inet_conn.icsk_ack.lrcvtime)
		return;
	if (since_received < since_sent)
		since_sent = since_received;
	record->idle_ms = since_sent * jiffy_ns / (1000 * NSEC_PER_USEC);
	add_fact(record, FACT_IDLE);
}

static __always_inline void fill_figures(struct transition *record, const struct sock *sk,
					 const struct tcp_sock *tp)
{
	__u64 flags = sk->__sk_common.skc_flags;
	__u32 min_rtt_us = tp->rtt_min.s[0].v;

	record->rtt_us = tp->srtt_us >> 3;
	record->min_rtt_us = min_rtt_us == ~0u ? 0 : min_rtt_us;
	record->retrans = tp->total_retrans;
	record->cwnd = tp->snd_cwnd;
	record->mss = tp->mss_cache;
	record->segs_out = tp->segs_out;
	record->known = TRANSITION_KNOWN_SEGS_OUT;
	record->tx_bytes = tp->bytes_sent - tp->bytes_retrans;
	/* The kernel counts the FIN, for which tcp_fin() sets SOCK_DONE. */
	record->rx_bytes = tp->bytes_received;
	if (flags & 1 << SOCK_DONE && record->rx_bytes)
		record->rx_bytes--;
}

/*
 * The initial sequence numbers, from the current ones and the byte counts. The kernel counts the
 * SYN in bytes_acked, except for a child, which starts after it (tcp_snd_una_update(),
 * tcp_create_openreq_child(), 5.10 to 7.2). So data in the SYN or SYN-ACK (TCP Fast Open) makes no
 * difference. Not known with TCP_REPAIR, which has no handshake, nor after a simultaneous open,
 * which looks like a child older than the trace.
 */
static __always_inline void fill_isn(struct transition *record, const struct tcp_sock *tp,
				     const struct change *change)
{
	__u32 acked = (__u32)tp->bytes_acked + change->is_passive_open;

	record->isn_local = 0;
	record->isn_remote = 0;
	if (change->newstate != STATE_ESTABLISHED || !acked ||
	    !(change->is_passive_open || change->oldstate == STATE_SYN_SENT))
		return;
	record->known |= TRANSITION_KNOWN_ISN;
	record->isn_local = tp->snd_una - acked;
	record->isn_remote = tp->rcv_nxt - (__u32)tp->bytes_received - 1;
}

/* The unacknowledged range includes our SYN or FIN, which takes one sequence number. */
static __always_inline bool has_flag_in_flight(__u8 state)
{
	return state == STATE_SYN_SENT || state == STATE_SYN_RECV || state == STATE_FIN_WAIT1 ||
	       state == STATE_CLOSING || state == STATE_LAST_ACK;
}

/*
 * Queued bytes in the state that is left, or still held: as in ss, without SYN and FIN. tcp_close()
 * numbers our FIN only after the transition that it causes. The peer's FIN is numbered before
 * (tcp_fin() sets SOCK_DONE), until the owner has read the end of data.
 */
static __always_inline void fill_queues(struct transition *record, const struct sock *sk,
					const struct tcp_sock *tp, __u8 state)
{
	__u64 flags = sk->__sk_common.skc_flags;
	__u32 tx = tp->write_seq - tp->snd_una;
	__u32 rx = tp->rcv_nxt - tp->copied_seq;

	record->tx_queue = 0;
	record->rx_queue = 0;
	if (state == STATE_LISTEN)
		return;
	add_fact(record, FACT_QUEUES);
	/* Sequence numbers of a previous session, or none yet. */
	if (state == STATE_CLOSE)
		return;
	if (tx && has_flag_in_flight(state))
		tx--;
	if (rx && flags & 1 << SOCK_DONE)
		rx--;
	record->tx_queue = (__s32)tx < 0 ? 0 : tx;
	record->rx_queue = (__s32)rx < 0 ? 0 : rx;
}

static __always_inline __u64 cgroup_of(const struct tcp_sock *tp)
{
	const struct sock *sk = sock_of(tp);
	struct cgroup *cgroup;
	__u64 word;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
		cgroup = sk->sk_cgrp_data.cgroup;
		return cgroup ? cgroup->kn->id : 0;
	}
	word = BPF_CORE_READ((const struct sock___word *)sk, sk_cgrp_data.val);
	return word & 1 ? 0 : BPF_CORE_READ((struct cgroup *)(word & ~3ull), kn, id);
}

/* Not known without an entry: there was no memory for it. */
static __always_inline void fill_owner(struct transition *record, const struct sock_entry *entry)
{
	if (!entry) {
		record->pid = 0;
		record->owner_from = OWNER_UNKNOWN;
		__builtin_memset(record->comm, 0, sizeof(record->comm));
		return;
	}
	record->pid = entry->pid;
	record->owner_from = entry->owner_from;
	__builtin_memcpy(record->comm, entry->comm, sizeof(record->comm));
}

/*
 * A socket that ends in one of these states may live on as a minisock, whatever its error: that may
 * be pending from before.
 */
static __always_inline bool may_have_minisock(const struct change *change)
{
	return change->newstate == STATE_CLOSE &&
	       (change->oldstate == STATE_FIN_WAIT2 || change->oldstate == STATE_CLOSING);
}

static __always_inline void fill_minisock(struct transition *record, const struct tcp_sock *tp,
					  const struct change *change)
{
	struct minisock minisock;

	if (!may_have_minisock(change))
		return;
	minisock = minisock_of(tp, change->now_ns);
	if (minisock.state) {
		record->newstate = minisock.state;
		record->flags |= TRANSITION_TO_MINISOCK;
		record->minisock = minisock.address;
		record->due_ns = minisock.due_ns;
	}
	/* The peer's FIN, on another CPU, may find the minisock before the socket ends here. */
	if (minisock.state == STATE_TIME_WAIT)
		add_fact(record, FACT_PEER_FIN);
	if (!minisock.is_missed)
		add_fact(record, FACT_MINISOCK_SOUGHT);
}

/* Set when the program that reports local ports is attached (tcp_connect() in exact.bpf.c). */
bool lports_follow;

/* connect() chooses a port only after this transition: inet_hash_connect(), 5.10 to 7.2. */
static __always_inline bool lport_follows(const struct change *change, __u16 lport)
{
	return wants_details && lports_follow && change->newstate == STATE_SYN_SENT && !lport;
}

static __always_inline bool expect_reset(const struct sock *sk, const struct transition *record)
{
	if (!reset_may_follow(record))
		return false;
	reset_await((__u64)sk);
	return true;
}

/* The part that does not depend on a state change: transitions and snapshots have it. */
static __always_inline void fill_session(struct transition *record, struct sock *sk,
					 const struct tcp_sock *tp, const struct sock_entry *entry,
					 __u8 state)
{
	fill_owner(record, entry);
	fill_figures(record, sk, tp);
	record->cookie = sock_cookie(sk);
	record->cgroup = cgroup_of(tp);
	record->uid = sk->sk_uid.val;
	record->netns = namespace_number(sock_of(tp)->__sk_common.skc_net.net);
	record->err = sk->sk_err;
	record->err_soft = sk->sk_err_soft;
	record->shutdown = sk->sk_shutdown;
	record->retransmits = tp->inet_conn.icsk_retransmits;
	record->probes = tp->inet_conn.icsk_probes_out;
	fill_facts_of_socket(record, sk, tp);
	fill_idle(record, tp);
	fill_queues(record, sk, tp, state);
}

/* *awaits: enum record_awaits; in memory for the same reason as facts. */
static __always_inline void fill_details(struct transition *record, __u32 *awaits, struct sock *sk,
					 const struct tcp_sock *tp, const struct change *change,
					 struct sock_entry *entry)
{
	record->flags |= TRANSITION_HAS_DETAILS;
	record->facts = 0;
	record->signal = 0;
	record->idle_ms = 0;
	record->minisock = 0;
	record->due_ns = 0;
	record->reset_reason = 0;
	fill_session(record, sk, tp, entry, change->oldstate);
	fill_isn(record, tp, change);
	fill_facts_of_end(record, tp, change);
	fill_failed_connect(record, sk, tp, change, entry);
	record->reserved[0] = 0;
	if (entry && entry->got_reset)
		add_fact(record, FACT_RESET_RECEIVED);
	if (is_subflow(tp))
		fill_facts_of_subflow(record, sk, tp, change);
	else if (sk->sk_lock.owned)
		fill_facts_of_task(record, tp);
	fill_minisock(record, tp, change);
	if (expect_reset(sk, record))
		*(volatile __u32 *)awaits |= AWAITS_RESET;
	if (entry && lport_follows(change, record->lport)) {
		*(volatile __u32 *)awaits |= AWAITS_LPORT;
		entry->lport_awaited = true;
	}
	__builtin_memset(record->padding, 0, sizeof(record->padding));
}

#endif
