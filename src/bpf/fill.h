/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fills in the members that every record of a transition has: bcc's columns. details.h has the
 * rest.
 */
#ifndef TCPSTATES_BPF_FILL_H
#define TCPSTATES_BPF_FILL_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/kernel.h"
#include "bpf/task.h"
#include "trace/transition.h"

/* The socket and its 4-tuple. */
static __always_inline void fill_ends(struct transition *record, const struct sock *sk,
				      const struct tcp_sock *tp)
{
	const struct sock_common *common = &sk->__sk_common;

	record->skaddr = (__u64)sk;
	record->ip = ip_of(common);
	/* Not skc_rcv_saddr, which is the address that the socket is bound to. */
	address_fill(record->laddr, common, tp->inet_conn.icsk_inet.inet_saddr,
		     &common->skc_v6_rcv_saddr);
	address_fill(record->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	record->lport = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	record->rport = bpf_ntohs(common->skc_dport);
}

static __always_inline void fill_task(struct transition *record)
{
	struct task_struct *task = task_current();

	record->c_pid = task_tgid(task);
	task_read_comm(record->c_comm, task);
}

static __always_inline void fill_transition(struct transition *record, struct sock *sk,
					    const struct tcp_sock *tp, const struct change *change)
{
	record->time_ns = change->now_ns;
	record->duration_ns = change->duration_ns;
	fill_ends(record, sk, tp);
	fill_task(record);
	record->oldstate = change->oldstate;
	record->newstate = change->newstate;
	record->flags = change->flags;
	record->pid = 0;
}

#endif
