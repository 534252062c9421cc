/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the entry of a socket up to date: its clock and its owner. Skipped only for transitions
 * that a filter on the 4-tuple or the namespace rejects; the other filters are checked later.
 */
#ifndef TCPSTATES_BPF_ENTRY_UPDATE_H
#define TCPSTATES_BPF_ENTRY_UPDATE_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/sock_entry.h"
#include "bpf/task.h"
#include "trace/state.h"
#include "trace/transition.h"

static __always_inline bool is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP &&
	       (sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6);
}

/* The socket of an MPTCP connection. */
static __always_inline bool is_connection(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_MPTCP;
}

/* A state change, before it is in a record. */
struct change {
	__u64 now_ns;
	__u64 duration_ns;
	__u8 oldstate;
	__u8 newstate;
	__u8 flags;           /* enum transition_flags */
	bool is_passive_open; /* see RECORD_PASSIVE_OPEN */
};

/* A process that merely has the id of a selected one is no owner: its sessions do not match. */
static __always_inline void entry_set_owner(struct sock_entry *entry,
					    const struct task_struct *task, __u8 from)
{
	entry->pid = task_tgid(task);
	entry->owner_from = from;
	task_read_process_comm(entry->comm, task);
	if (filter_is_other_process(entry->pid, BPF_CORE_READ(task, group_leader))) {
		entry->pid = 0;
		entry->owner_from = OWNER_UNKNOWN;
		__builtin_memset(entry->comm, 0, sizeof(entry->comm));
	}
}

/*
 * tcp_abort(): "ss -K" and bpf_sock_destroy() end sockets of other processes. A listener has no
 * error set at this point (6.18), and shutdown(SHUT_RD) leaves no trace either: so it is an abort
 * unless the owner does it. What is no listener has an error: see is_by_call().
 */
static __always_inline bool is_abort(const struct sock_entry *entry, const struct sock *sk,
				     const struct change *change, const struct task_struct *task)
{
	return change->oldstate == STATE_LISTEN && change->newstate == STATE_CLOSE &&
	       !sk->sk_shutdown && entry->pid && entry->pid != task_tgid(task);
}

/* A subflow's owner is its connection's, if that is known. */
static __always_inline void entry_copy_owner(struct sock_entry *entry,
					     const struct sock_entry *connection)
{
	if (!connection || !connection->pid)
		return;
	entry->pid = connection->pid;
	entry->owner_from = connection->owner_from;
	__builtin_memcpy(entry->comm, connection->comm, sizeof(entry->comm));
}

static __always_inline void entry_set_kernel(struct sock_entry *entry)
{
	entry->pid = 0;
	entry->owner_from = OWNER_KERNEL;
	__builtin_memset(entry->comm, 0, sizeof(entry->comm));
}

/* Kernel threads act on behalf of others (deferred fput, MPTCP), or for the kernel's own sockets.
 */
static __always_inline bool entry_note_kernel_thread(struct sock_entry *entry,
						     const struct task_struct *task)
{
	if (!(task_flags(task) & PF_KTHREAD))
		return false;
	if (!entry->pid)
		entry->owner_from = OWNER_KERNEL;
	return true;
}

/* States that only a call of a process makes a socket enter; and those that one may end at once. */
#define STATES_BY_CALL \
	(1u << STATE_SYN_SENT | 1u << STATE_LISTEN | 1u << STATE_FIN_WAIT1 | 1u << STATE_LAST_ACK)
#define STATES_ENDED_BY_CALL                                                \
	(1u << STATE_SYN_SENT | 1u << STATE_LISTEN | 1u << STATE_SYN_RECV | \
	 1u << STATE_ESTABLISHED | 1u << STATE_CLOSE_WAIT)

/*
 * A task that changes a socket's state has locked it with lock_sock(). Packets and timers never do;
 * if a task has, they wait (5.10 to 7.2, any preemption model). So sk_lock.owned shows whether the
 * task on the CPU has the lock or was merely interrupted. But what has waited is processed by the
 * task, when it releases the lock (release_sock()), and that may be anybody: ss(8) and iterators
 * over sockets lock each one. So packets and timers must be told from calls: all that end a session
 * set an error before, or end it in the last states.
 */
static __always_inline bool is_by_call(const struct sock *sk, const struct change *change)
{
	if (!sk->sk_lock.owned)
		return false;
	if (change->newstate == STATE_CLOSE)
		return !sk->sk_err && STATES_ENDED_BY_CALL >> change->oldstate & 1;
	return STATES_BY_CALL >> change->newstate & 1;
}

static __always_inline void entry_note_task(struct sock_entry *entry, const struct sock *sk,
					    const struct change *change)
{
	struct task_struct *task;
	__u8 from = OWNER_USE;

	if (!is_by_call(sk, change))
		return;
	task = task_current();
	if (is_abort(entry, sk, change, task) || entry_note_kernel_thread(entry, task))
		return;
	if (change->newstate == STATE_SYN_SENT)
		from = OWNER_CONNECT;
	else if (change->newstate == STATE_LISTEN)
		from = OWNER_LISTEN;
	else if (entry->pid == task_tgid(task) && entry->owner_from != OWNER_INHERITED)
		return;
	entry_set_owner(entry, task, from);
}

/* The process has an SMC socket, which the kernel connects by this one. */
static __always_inline bool is_of_smc(const struct tcp_sock *tp)
{
	return bpf_core_field_exists(tp->syn_smc) && BPF_CORE_READ_BITFIELD(tp, syn_smc);
}

/*
 * Of the kernel's own, as of nvmet-tcp, NFS and DLM: such a socket has no file. A process' has one
 * before it can change its state: socket() and accept() make the file first (5.10 to 7.2), and
 * socket->file is set until TCP has closed (__sock_release()). sk_kern_sock does not tell:
 * nvmet-tcp and iSCSI targets use sock_create(), which leaves it 0. What a process has keeps its
 * owner: the sockets below MPTCP and SMC have no file either, for as long as the peer does not
 * refuse these. What is the kernel's stays so: before accept(), and once closed, there is no struct
 * socket, and sunrpc and nvmet-tcp (6.7 and later) give the connections of their listeners a file,
 * for the TLS handshake.
 */
static __always_inline bool is_of_kernel(const struct tcp_sock *tp, const struct sock_entry *entry)
{
	const struct socket *socket = sock_of(tp)->sk_socket;

	if (is_subflow(tp) || entry->pid)
		return false;
	return entry->owner_from == OWNER_KERNEL || (socket && !socket->file && !is_of_smc(tp));
}

/*
 * Of a subflow, connect() and listen() are the process' own calls; all else is done for it. A
 * process in whose call the kernel uses a socket of its own (mount(), a write to configfs) is no
 * owner.
 */
static __always_inline void entry_note_owner(struct sock_entry *entry, const struct sock *sk,
					     const struct tcp_sock *tp, const struct change *change)
{
	bool is_own_call = change->newstate == STATE_SYN_SENT || change->newstate == STATE_LISTEN;

	if (is_of_kernel(tp, entry))
		entry_set_kernel(entry);
	else if (!is_subflow(tp) || (is_own_call && !(task_flags(task_current()) & PF_KTHREAD)))
		entry_note_task(entry, sk, change);
	if (is_subflow(tp))
		entry_copy_owner(entry, connection_of_subflow(tp));
}

/* For an iterator: an owner that follows from the socket alone. */
static __always_inline void entry_note_found(struct sock_entry *entry, const struct tcp_sock *tp)
{
	if (is_subflow(tp))
		entry_copy_owner(entry, connection_of_subflow(tp));
	else if (is_of_kernel(tp, entry))
		entry_set_kernel(entry);
}

/*
 * In accept(): the calling task is the owner. What the kernel accepts for itself stays the
 * listener's: the kernel's own, or the process' whose SMC socket that is.
 */
static __always_inline void entry_note_accept(struct sock_entry *entry, const struct socket *socket)
{
	struct task_struct *task = task_current();

	if (BPF_CORE_READ(socket, file) && !entry_note_kernel_thread(entry, task))
		entry_set_owner(entry, task, OWNER_ACCEPT);
}

/*
 * The child's first round-trip sample is the time from the SYN-ACK to the ACK, measured by
 * tcp_synack_rtt_meas() with a resolution of a microsecond (5.10 to 6.18). If the kernel does not
 * know when it sent the SYN-ACK, the sample comes from the TCP timestamps: in whole milliseconds,
 * and with a SYN cookie, whose timestamp has TCP options in its low bits, up to 64 ms too long
 * (cookie_init_timestamp()). So does that of a joined subflow of MPTCP, whose request socket
 * tcp_check_req() drops before it takes the sample. Such a sample is not used; nor is the one in a
 * thousand of the others that happens to be a whole number of milliseconds.
 */
static __always_inline __u64 synack_rtt_ns(const struct tcp_sock *tp)
{
	__u32 srtt_us = tp->srtt_us >> 3;

	return srtt_us % 1000 && !tp->total_retrans ? (__u64)srtt_us * NSEC_PER_USEC : 0;
}

/*
 * Whether the SYN created the child (TCP Fast Open): it was accepted, or sent its SYN-ACK again,
 * before the handshake was complete. Joined subflows of MPTCP have their connection's socket from
 * the start.
 */
static __always_inline bool is_fast_open(const struct sock_entry *entry, const struct tcp_sock *tp)
{
	return (entry && entry->is_fast_open) || (sock_of(tp)->sk_socket && !is_subflow(tp));
}

/*
 * The kernel creates a child when the handshake's last ACK arrives, microseconds before the child
 * leaves SYN_RECV; a fast open earlier, so that its own clock is right. syn_ns: when the first
 * SYN-ACK was sent, if it was sent again (request.h); else 0. If the duration is not known, both
 * transitions have the time of the ACK.
 */
static __always_inline void measure_child(struct change *change, const struct tcp_sock *tp,
					  const struct sock_entry *entry, __u64 syn_ns)
{
	__u64 rtt_ns = synack_rtt_ns(tp);

	change->is_passive_open = true;
	if (syn_ns && syn_ns < change->now_ns) {
		change->flags |= TRANSITION_DURATION_KNOWN;
		change->duration_ns = change->now_ns - syn_ns;
	} else if (rtt_ns) {
		change->flags |= TRANSITION_DURATION_KNOWN;
		if (change->duration_ns < rtt_ns)
			change->duration_ns = rtt_ns;
	} else if (change->duration_ns && is_fast_open(entry, tp)) {
		change->flags |= TRANSITION_DURATION_KNOWN;
	}
}

/* A new child has its listener's clock, which is wrong, and its owner, which is a good guess. */
static __always_inline void entry_begin_child(struct sock_entry *entry, const struct change *change)
{
	entry->since_ns = change->now_ns;
	entry->state = STATE_SYN_RECV;
	entry->is_child = true;
	entry->is_fast_open = false;
	entry->is_from_scan = false;
	entry->got_reset = false;
	entry->reported = 0;
	if (entry->pid)
		entry->owner_from = OWNER_INHERITED;
}

/* Measures the duration of the previous state, if it is known, and restarts the clock. */
static __always_inline void entry_change_state(struct sock_entry *entry, struct change *change)
{
	/* If the entry has another state than oldstate, a change in between was missed. */
	if (entry->since_ns && (entry->state == change->oldstate || entry->is_from_scan)) {
		change->duration_ns = change->now_ns - entry->since_ns;
		change->flags |= entry->is_from_scan ? TRANSITION_DURATION_AT_LEAST
						     : TRANSITION_DURATION_KNOWN;
	}
	entry->since_ns = change->now_ns;
	entry->state = change->newstate;
	entry->is_child = false;
	entry->is_from_scan = false;
	if (change->oldstate == STATE_CLOSE)
		entry->got_reset = false;
}

/* When connect() begins. */
static __always_inline void entry_note_txhash(struct sock_entry *entry, const struct sock *sk,
					      const struct change *change)
{
	if (change->newstate != STATE_SYN_SENT)
		return;
	entry->txhash = sk->sk_txhash;
	entry->has_txhash = true;
}

#endif
