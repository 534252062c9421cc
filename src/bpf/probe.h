/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The trace's own probe: once the programs are attached, a socket of the tracing process listens
 * and stops, which proves that the programs run and that their records arrive. The programs
 * recognise its cookie before they check any filter. It is never a transition: no output, count or
 * session includes it.
 */
#ifndef TCPSTATES_BPF_PROBE_H
#define TCPSTATES_BPF_PROBE_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "trace/state.h"

/* Set before load; 0: there is none. Cookies are never reused, so no other socket has it. */
const volatile __u64 probe_cookie;

/* Changes of the probe that a program has run for; read by user space. */
__u32 probe_seen;

static __always_inline void probe_report(void)
{
	struct record_probe *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	__sync_fetch_and_add(&probe_seen, 1);
	if (!record)
		return;
	*record = (struct record_probe){
		.header = {RECORD_PROBE, sizeof(*record)},
		.cookie = probe_cookie,
	};
	bpf_ringbuf_submit(record, wakeup());
}

/*
 * Whether this is a change of the probe; if so, reports it. Only changes of listeners are checked:
 * other changes cost two comparisons of registers.
 */
static __always_inline bool probe_take(const struct sock *sk, int oldstate, int newstate)
{
	if (newstate != STATE_LISTEN && (oldstate != STATE_LISTEN || newstate != STATE_CLOSE))
		return false;
	if (!probe_cookie || (__u64)sk->__sk_common.skc_cookie.counter != probe_cookie)
		return false;
	probe_report();
	return true;
}

#endif
