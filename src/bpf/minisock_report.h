/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of minisocks, from both objects. */
#ifndef TCPSTATES_BPF_MINISOCK_REPORT_H
#define TCPSTATES_BPF_MINISOCK_REPORT_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/record.h"
#include "bpf/ring.h"

/* The filters that a minisock can be asked for: it has no owner. */
static __always_inline bool minisock_passes(const struct sock_common *common)
{
	if (!filter_passes(ip_of(common), common->skc_num, bpf_ntohs(common->skc_dport)))
		return false;
	if (filter.netns && filter.netns != BPF_CORE_READ(common, skc_net.net, ns.inum))
		return false;
	if (filter.locals.is_given && !nets_have(&filter.locals, &locals, common,
						 common->skc_rcv_saddr, &common->skc_v6_rcv_saddr))
		return false;
	return !filter.remotes.is_given || nets_have(&filter.remotes, &remotes, common,
						     common->skc_daddr, &common->skc_v6_daddr);
}

static __always_inline void minisock_report(const struct record_minisock *report)
{
	struct record_minisock *record = ring_reserve(sizeof(*record), 0);

	if (!record)
		return;
	*record = *report;
	bpf_ringbuf_submit(record, wakeup());
}

#endif
