/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ring buffer to user space, and when a record wakes the reader. */
#ifndef TCPSTATES_BPF_RING_H
#define TCPSTATES_BPF_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/loss_counters.h"

/*
 * Non-zero: the next record wakes the reader. The reader sets it after it has emptied the ring
 * buffer, and the first record after that clears it: one wake-up per batch, none while the reader
 * is busy. It is alone in its map, which all objects share.
 */
__u32 armed SEC(".data.armed") = 1;

/*
 * Records for user space, which sets the size. If it is full, records are counted as lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

/*
 * Reserves a record that stands for that many transitions; 0: it adds a detail to a transition, or
 * is a snapshot. NULL if the ring buffer is full, which is counted.
 */
static __always_inline void *ring_reserve(__u64 size, __u64 transitions)
{
	void *record = bpf_ringbuf_reserve(&ring, size, 0);

	if (!record)
		count((struct kernel_losses){.transitions = transitions, .details = !transitions});
	return record;
}

static __always_inline __u64 wakeup(void)
{
	if (!armed)
		return BPF_RB_NO_WAKEUP;
	armed = 0;
	return BPF_RB_FORCE_WAKEUP;
}

#endif
