/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses in the record's form: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#ifndef TCPSTATES_BPF_ENDPOINTS_H
#define TCPSTATES_BPF_ENDPOINTS_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

static __always_inline void address_fill_mapped(__u8 *address, __be32 ipv4)
{
	__u32 *words = (__u32 *)address;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

/*
 * Tests the bit in which AF_INET (2) and AF_INET6 (10) differ: the verifier would follow both sides
 * of a branch.
 */
static __always_inline __u8 ip_of(const struct sock_common *common)
{
	return 4 | (common->skc_family >> 2 & 2);
}

/* The socket's address, in the form of its family. */
static __always_inline void address_fill(__u8 *address, const struct sock_common *common,
					 __be32 ipv4, const struct in6_addr *ipv6)
{
	if (common->skc_family == AF_INET6)
		*(struct in6_addr *)address = *ipv6;
	else
		address_fill_mapped(address, ipv4);
}

#endif
