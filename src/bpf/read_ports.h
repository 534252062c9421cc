/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads which local ports connect() chooses from, in the network namespace of a socket. */
#ifndef TCPSTATES_BPF_READ_PORTS_H
#define TCPSTATES_BPF_READ_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/shared.h"

/* The namespace to read, and the result; user space shares this memory. */
struct ports_peek ports_peek;

/* net.ipv4.ip_local_reserved_ports: a bit for each port. */
__u64 reserved_ports[RESERVED_PORTS_WORDS];

/* Two numbers up to 6.7; since 6.8 one, high << 16 | low. */
static __always_inline void read_port_range(const struct net *net)
{
	const struct net___port_pair *pair = (const void *)net;
	__u32 range;

	if (bpf_core_field_exists(struct net___port_pair, ipv4.ip_local_ports.range)) {
		ports_peek.low = BPF_CORE_READ(pair, ipv4.ip_local_ports.range[0]);
		ports_peek.high = BPF_CORE_READ(pair, ipv4.ip_local_ports.range[1]);
	} else if (bpf_core_field_exists(struct net, ipv4.ip_local_ports.range)) {
		range = BPF_CORE_READ(net, ipv4.ip_local_ports.range);
		ports_peek.low = range;
		ports_peek.high = range >> 16;
	}
}

/* The kernel frees the bitmap only with the namespace (ipv4_sysctl_exit_net(), 5.10 to 7.2). */
static __always_inline void read_reserved_ports(const struct net *net)
{
	const unsigned long *bits;

	if (!bpf_core_field_exists(struct net, ipv4.sysctl_local_reserved_ports))
		return;
	bits = BPF_CORE_READ(net, ipv4.sysctl_local_reserved_ports);
	ports_peek.has_reserved =
		bits && !bpf_probe_read_kernel(reserved_ports, sizeof(reserved_ports), bits);
}

static __always_inline bool is_sought(const struct net *net)
{
	return net && BPF_CORE_READ(net, ns.inum) == ports_peek.netns;
}

/*
 * The socket may have ended, or the namespace: their memory may be zeroed or be used otherwise. The
 * number of the namespace decides, and reading fails softly.
 */
static __always_inline const struct net *find_namespace(void)
{
	const struct sock_common *common = (const void *)ports_peek.skaddr;
	const struct net *net = (const void *)ports_peek.net;

	if (is_sought(net))
		return net;
	net = BPF_CORE_READ(common, skc_net.net);
	return is_sought(net) ? net : NULL;
}

static __always_inline void read_ports_of_namespace(void)
{
	const struct net *net = find_namespace();

	if (!net)
		return;
	read_port_range(net);
	read_reserved_ports(net);
	/* int up to 5.14, one byte since. */
	if (bpf_core_field_exists(struct net, ipv4.sysctl_tcp_tw_reuse)) {
		ports_peek.tw_reuse = BPF_CORE_READ_BITFIELD_PROBED(net, ipv4.sysctl_tcp_tw_reuse);
		ports_peek.has_tw_reuse = 1;
	}
	ports_peek.net = (__u64)net;
	ports_peek.is_done = 1;
}

#endif
