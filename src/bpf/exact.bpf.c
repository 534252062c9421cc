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

#include "bpf/accept_queue.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/half_open.h"
#include "bpf/kernel.h"
#include "bpf/minisock_end.h"
#include "bpf/record.h"
#include "bpf/ring.h"

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
		entry_note_accept(entry, socket);
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

char LICENSE[] SEC("license") = "Dual BSD/GPL";
