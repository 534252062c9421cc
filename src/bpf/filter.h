/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which transitions are worth a record: the part of ../filter.c that can be decided here. */
#ifndef TCPSTATES_BPF_FILTER_H
#define TCPSTATES_BPF_FILTER_H

#include "kernel.h"
#include "shared.h"

/*
 * Set before load: what is off costs nothing, the verifier removes it. In a map of its own, which
 * all objects share.
 */
const volatile struct kernel_filter filter SEC(".rodata.filter");

static __always_inline bool set_has(const volatile __u64 *set, __u16 port)
{
	return set[port / 64] >> (port % 64) & 1;
}

/* Without the local port, which is not chosen yet: of that, user space judges. */
static __always_inline bool filter_may_pass(__u8 ip, __u16 rport)
{
	if (filter.only_ip && filter.only_ip != ip)
		return false;
	return !filter.has_rports || set_has(filter.rports, rport);
}

static __always_inline bool filter_passes(__u8 ip, __u16 lport, __u16 rport)
{
	if (filter.has_lports && !set_has(filter.lports, lport))
		return false;
	return filter_may_pass(ip, rport);
}

#endif
