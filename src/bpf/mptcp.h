/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Multipath TCP: processes have the connection's socket, and the kernel has TCP sockets of its own
 * for its subflows. A kernel thread usually opens additional subflows and closes them all, and any
 * process may do so that removes an address. So neither shows whose a subflow is or why it ends:
 * both follow from the connection's socket, which has an entry of its own.
 */
#ifndef TCPSTATES_BPF_MPTCP_H
#define TCPSTATES_BPF_MPTCP_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/details.h"
#include "bpf/entry_update.h"
#include "bpf/kernel.h"
#include "bpf/sock_entry.h"
#include "bpf/task.h"
#include "trace/state.h"
#include "trace/transition.h"

/* As last_fd_is_gone(), of a file that is not read directly: see sock_of(). */
static __always_inline bool file_is_gone(struct file *file)
{
	if (bpf_core_field_exists(struct file___ref, f_ref))
		return BPF_CORE_READ((struct file___ref *)file, f_ref.refcnt.counter) < -1;
	return file && BPF_CORE_READ(file, f_count.counter) <= 0;
}

/* How the process closes it: the first time counts, what follows is the kernel's work. */
static __always_inline void connection_note_close(struct sock_entry *entry, const struct sock *sk,
						  __u8 newstate)
{
	struct task_struct *task = task_current();
	__u32 flags = task_flags(task);
	__u8 facts = FACT_IN_CALL;

	if (entry->closing_facts || !sk->sk_lock.owned || flags & PF_KTHREAD ||
	    sk->sk_err == ECONNABORTED)
		return;
	if (flags & PF_EXITING) {
		facts |= FACT_EXITING;
		entry->closing_signal = task_exit_code(task) & 0x7f;
	}
	if (file_is_gone(BPF_CORE_READ(sk, sk_socket, file)))
		facts |= FACT_LAST_FD;
	if (sk->__sk_common.skc_flags & 1 << SOCK_LINGER && !sk->sk_lingertime)
		facts |= FACT_LINGER_0;
	entry->closing_facts = facts;
	entry->closing_shutdown = sk->sk_shutdown;
	entry->is_aborted = newstate == STATE_CLOSE;
}

static __always_inline void connection_begin(struct sock_entry *entry)
{
	entry->pid = 0;
	entry->owner_from = OWNER_UNKNOWN;
	entry->closing_facts = 0;
	entry->closing_signal = 0;
	entry->closing_shutdown = 0;
	entry->is_aborted = false;
}

/* A change of a connection's socket, which has no record: its owner, and how it is closed. */
static __always_inline int connection_see(struct sock *sk, int oldstate, int newstate)
{
	struct change change = {.oldstate = oldstate, .newstate = newstate};
	struct sock_entry *entry = connection_of((__u64)sk);

	/* MPTCP sets states again (CLOSE in mptcp_disconnect()). */
	if (!entry || oldstate == newstate)
		return 0;
	/* A new one: mptcp_sk_clone(), connect() or listen(). */
	if ((oldstate == STATE_LISTEN && newstate != STATE_CLOSE) || oldstate == STATE_CLOSE)
		connection_begin(entry);
	else if (newstate == STATE_FIN_WAIT1 || newstate == STATE_LAST_ACK ||
		 newstate == STATE_CLOSE)
		connection_note_close(entry, sk, newstate);
	entry_note_task(entry, sk, &change);
	return 0;
}

#endif
