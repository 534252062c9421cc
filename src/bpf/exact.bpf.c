// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What takes fentry programs, which not every kernel loads: facts that tcpstates.bpf.c, or user
 * space, has to infer otherwise. An object of its own, as one program that is refused fails all of
 * its object; it works on the maps of the other one. Functions traced are called across files and
 * have the same first arguments from 5.10 to 7.2.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../state.h"
#include "kernel.h"
#include "session.h"

/* accept(), before it returns: sock_graft() in inet_accept(), with the socket locked. */
SEC("fentry/security_sock_graft")
int BPF_PROG(security_sock_graft, struct sock *sk, struct socket *socket)
{
	struct session *session;

	if (!is_tcp(sk))
		return 0;
	session = session_of(sk);
	if (session)
		session_see_accept(session);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
