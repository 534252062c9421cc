/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts every failure of the kernel programs. */
#ifndef TCPSTATES_BPF_LOSS_COUNTERS_H
#define TCPSTATES_BPF_LOSS_COUNTERS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/shared.h"

/* Written here, read by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kernel_losses);
} losses SEC(".maps");

static __always_inline struct kernel_losses *losses_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&losses, &zero);
}

static __always_inline void count(struct kernel_losses added)
{
	struct kernel_losses *counted = losses_here();

	if (counted) {
		counted->transitions += added.transitions;
		counted->details += added.details;
		counted->clocks += added.clocks;
		counted->rescued += added.rescued;
	}
}

#endif
