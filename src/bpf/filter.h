/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which transitions are worth a record: the part of ../filter.c that can be decided here. */
#ifndef TCPSTATES_BPF_FILTER_H
#define TCPSTATES_BPF_FILTER_H

#include "kernel.h"
#include "shared.h"

/* Set before load: what is off costs nothing, the verifier removes it. */
const volatile __u8 only_ip; /* 4 or 6; 0: both */
const volatile bool has_lports;
const volatile bool has_rports;
const volatile __u64 lports[PORT_SET_WORDS];
const volatile __u64 rports[PORT_SET_WORDS];

static __always_inline bool set_has(const volatile __u64 *set, __u16 port)
{
	return set[port / 64] >> (port % 64) & 1;
}

static __always_inline bool filter_passes(const struct sock *sk, __u16 lport, __u16 rport)
{
	if (only_ip && only_ip != (sk->__sk_common.skc_family == AF_INET6 ? 6 : 4))
		return false;
	if (has_lports && !set_has(lports, lport))
		return false;
	if (has_rports && !set_has(rports, rport))
		return false;
	return true;
}

#endif
