/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types the programs touch, and of each only the members they read. CO-RE finds members
 * by name in the running kernel's BTF when the program is loaded, so order, padding and what is
 * left out do not matter.
 */
#ifndef TCPSTATES_BPF_KERNEL_H
#define TCPSTATES_BPF_KERNEL_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct socket;

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol; /* 16 bits wide since 5.6 */
	struct socket *sk_socket;
};

struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	__be16 inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 srtt_us; /* smoothed round-trip time, in eighths of a microsecond */
	__u32 total_retrans;
};

struct task_struct {
	int tgid;
	char comm[16];
};

#pragma clang attribute pop

/* From linux/socket.h and net/tcp_states.h, both ABI. */
#define AF_INET  2
#define AF_INET6 10

#endif
