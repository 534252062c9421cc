/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clock of the kernel's timers. */
#ifndef TCPSTATES_BPF_JIFFIES_H
#define TCPSTATES_BPF_JIFFIES_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

/* Set before load: CLOCK_MONOTONIC nanoseconds of a jiffy; 0: not known. */
const volatile __u64 jiffy_ns;

/*
 * The number of jiffies until a timer expires. The timer wheel is coarser for later timers, and
 * rounds up (calc_index() in kernel/time/timer.c, 5.10 to 7.2).
 */
static __always_inline __u64 due_in_jiffies(__u64 expires, __u64 now)
{
	__u64 delta = expires - now, shift;

	if ((__s64)delta < 0)
		return 0;
	shift = delta < 63        ? 0
		: delta < 63 << 3 ? 3
		: delta < 63 << 6 ? 6
		: delta < 63 << 9 ? 9
				  : 12;
	return (((expires >> shift) + 1) << shift) - now;
}

#endif
