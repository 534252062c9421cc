/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A minisock answers data with a reset and ends right after (tcp_v4_rcv(), tcp_v6_rcv():
 * TCP_TW_RST, 5.10 to 7.2): data for an orphan in FIN_WAIT2. The tracepoint reports it since 6.10.
 */
#ifndef TCPSTATES_BPF_LATE_DATA_H
#define TCPSTATES_BPF_LATE_DATA_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/minisock_report.h"
#include "bpf/record.h"
#include "trace/state.h"

/* Of a socket of any kind, or NULL; copies, as tcp_send_reset() must. */
static __always_inline bool is_orphan_minisock(__u64 skaddr)
{
	const struct inet_timewait_sock *minisock = (void *)skaddr;

	return skaddr && BPF_CORE_READ(minisock, __tw_common.skc_state) == STATE_TIME_WAIT &&
	       BPF_CORE_READ(minisock, tw_substate) == STATE_FIN_WAIT2;
}

/* It answers a SYN as well, which is not late data. */
static __always_inline bool is_data(__u64 packet)
{
	const struct sk_buff *skb = (void *)packet;
	__u8 flags = TCP_FLAG_SYN;

	if (!packet)
		return false;
	bpf_probe_read_kernel(&flags, sizeof(flags),
			      BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header) +
				      TCP_FLAGS_OFFSET);
	return !(flags & TCP_FLAG_SYN);
}

static __always_inline void report_late_data(__u64 skaddr, __u8 reason)
{
	const struct sock_common *common = (void *)skaddr;
	struct record_minisock report = {
		.header = {.kind = RECORD_MINISOCK_ENDED, .size = sizeof(report)},
		.end = MINISOCK_RESET_SENT,
		.reset_reason = reason,
		.time_ns = bpf_ktime_get_ns(),
		.cookie = BPF_CORE_READ(common, skc_cookie.counter),
		.skaddr = skaddr,
	};

	minisock_report(&report);
}

#endif
