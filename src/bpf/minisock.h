/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TIME_WAIT: tcp_time_wait() replaces the socket by a minisock and then ends the socket, so the
 * tracepoint reports FIN_WAIT2 or CLOSING to CLOSE. At that moment the minisock is already in the
 * table of established sockets, in the socket's own chain (5.10 to 7.2).
 */
#ifndef TCPSTATES_BPF_MINISOCK_H
#define TCPSTATES_BPF_MINISOCK_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "bpf/shared.h"
#include "trace/state.h"

#define CHAIN_MAX 16

struct minisock {
	__u8 state;     /* TIME_WAIT or FIN_WAIT2; 0: there is none */
	bool is_missed; /* the search failed: there may be one */
	__u64 address;
	__u64 due_ns;
};

/* TCP has one table, and since 6.1 optionally one per network namespace. */
static __always_inline struct inet_hashinfo *hashinfo_of(const struct tcp_sock *tp)
{
	const struct sock *sk = sock_of(tp);
	struct inet_hashinfo *hashinfo = sk->__sk_common.skc_prot->h.hashinfo;

	if (!hashinfo && bpf_core_field_exists(struct inet_timewait_death_row, hashinfo))
		hashinfo = sk->__sk_common.skc_net.net->ipv4.tcp_death_row.hashinfo;
	return hashinfo;
}

/* The head of a hash chain of the table. */
static __always_inline __u64 bucket_of(const struct inet_hashinfo *hashinfo, __u32 chain)
{
	return (__u64)BPF_CORE_READ(hashinfo, ehash) +
	       (__u64)chain * bpf_core_type_size(struct inet_ehash_bucket);
}

/*
 * A single comparison: the verifier follows both sides of each branch, at each position of the
 * chain.
 */
static __always_inline bool is_minisock(const struct sock_common *common, __u32 hash, __be16 dport,
					__be32 daddr)
{
	return !((BPF_CORE_READ(common, skc_hash) ^ hash) |
		 (BPF_CORE_READ(common, skc_state) ^ STATE_TIME_WAIT) |
		 (BPF_CORE_READ(common, skc_dport) ^ dport) |
		 (BPF_CORE_READ(common, skc_daddr) ^ daddr));
}

#define NO_MINISOCK     0
#define MINISOCK_MISSED 1 /* the chain is too long, or was changed meanwhile */

/*
 * The address of the minisock with that remote endpoint in a chain. The local port is not compared,
 * because the ended socket has none any more. The end marker shows which chain it is, as a node
 * that is moved leads into another one (include/linux/list_nulls.h). noinline: the verifier checks
 * the loop once, and not once for each path to it.
 */
__noinline __u64 find_in_chain(__u64 bucket, __u32 chain, __u32 hash, __u32 dport, __u32 daddr)
{
	__u64 node = (__u64)BPF_CORE_READ((struct inet_ehash_bucket *)bucket, chain.first);

	for (int i = 0; i < CHAIN_MAX && node && !(node & 1); i++) {
		const struct sock_common *common =
			(void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);

		if (is_minisock(common, hash, dport, daddr))
			return (__u64)common;
		node = (__u64)BPF_CORE_READ((struct hlist_nulls_node *)node, next);
	}
	return node & 1 && node >> 1 == chain ? NO_MINISOCK : MINISOCK_MISSED;
}

static __always_inline __u64 find_minisock(const struct tcp_sock *tp)
{
	const struct sock_common *common = &sock_of(tp)->__sk_common;
	struct inet_hashinfo *hashinfo = hashinfo_of(tp);
	__u64 bucket, found;
	__u32 chain;

	if (!hashinfo)
		return MINISOCK_MISSED;
	chain = common->skc_hash & hashinfo->ehash_mask;
	bucket = bucket_of(hashinfo, chain);
	found = find_in_chain(bucket, chain, common->skc_hash, common->skc_dport,
			      common->skc_daddr);
	if (found == MINISOCK_MISSED)
		found = find_in_chain(bucket, chain, common->skc_hash, common->skc_dport,
				      common->skc_daddr);
	return found;
}

static __always_inline struct minisock minisock_of(const struct tcp_sock *tp, __u64 now_ns)
{
	__u64 address = find_minisock(tp), expires;
	const struct inet_timewait_sock *minisock = (void *)address;

	if (address == NO_MINISOCK || address == MINISOCK_MISSED)
		return (struct minisock){.is_missed = address == MINISOCK_MISSED};
	expires = BPF_CORE_READ(minisock, tw_timer.expires);
	return (struct minisock){
		.state = BPF_CORE_READ(minisock, tw_substate),
		.address = address,
		.due_ns = now_ns + due_in_jiffies(expires, bpf_jiffies64()) * jiffy_ns,
	};
}

/* The minisocks to read, and the results; user space shares this memory. */
struct minisock_peek peeks[PEEKS_MAX];
__u32 peek_count;
bool peeks_done; /* set by the program: a kernel may skip it and report success */

/* As address_fill(), for an address that is read from any memory. */
static __always_inline void address_read(__u64 *address, bool is_ipv6, __be32 ipv4,
					 const struct in6_addr *ipv6)
{
	if (is_ipv6)
		bpf_core_read(address, sizeof(struct in6_addr), ipv6);
	else
		address_fill_mapped((__u8 *)address, ipv4);
}

static __always_inline bool has_ends(const struct sock_common *common,
				     const struct minisock_peek *peek)
{
	bool is_ipv6 = BPF_CORE_READ(common, skc_family) == AF_INET6;
	__u64 laddr[2] = {}, raddr[2] = {};

	address_read(laddr, is_ipv6, BPF_CORE_READ(common, skc_rcv_saddr),
		     &common->skc_v6_rcv_saddr);
	address_read(raddr, is_ipv6, BPF_CORE_READ(common, skc_daddr), &common->skc_v6_daddr);
	/* A single comparison: see is_minisock(). */
	return !((laddr[0] ^ peek->laddr[0]) | (laddr[1] ^ peek->laddr[1]) |
		 (raddr[0] ^ peek->raddr[0]) | (raddr[1] ^ peek->raddr[1]) |
		 (BPF_CORE_READ(common, skc_num) ^ peek->lport) |
		 (bpf_ntohs(BPF_CORE_READ(common, skc_dport)) ^ peek->rport) |
		 (BPF_CORE_READ(common, skc_net.net, ns.inum) ^ peek->netns));
}

/* See struct minisock_peek; noinline for the verifier. */
__noinline int peek_is_same(__u32 place)
{
	const struct sock_common *common;
	const struct minisock_peek *peek;
	__u64 cookie;

	if (place >= PEEKS_MAX)
		return 0;
	peek = &peeks[place];
	common = (void *)peek->address;
	cookie = BPF_CORE_READ(common, skc_cookie.counter);
	return (cookie && cookie == peek->cookie) || has_ends(common, peek);
}

/* Reads one of them; noinline for the verifier. */
__noinline int peek_at(__u32 place)
{
	__u64 now_ns = bpf_ktime_get_ns(), now_jiffies = bpf_jiffies64();
	const struct inet_timewait_sock *minisock;
	struct minisock_peek *peek;
	__u64 expires;

	if (place >= PEEKS_MAX)
		return 0;
	peek = &peeks[place];
	minisock = (void *)peek->address;
	peek->state = 0;
	/* The memory remains that of a minisock, or is zeroed: SLAB_TYPESAFE_BY_RCU. */
	if (!BPF_CORE_READ(minisock, __tw_common.skc_refcnt.refs.counter) || !peek_is_same(place))
		return 0;
	/* A request socket has no timer or state of a minisock. */
	if (BPF_CORE_READ(minisock, __tw_common.skc_state) == STATE_NEW_SYN_RECV) {
		peek->state = STATE_NEW_SYN_RECV;
		return 0;
	}
	expires = BPF_CORE_READ(minisock, tw_timer.expires);
	peek->state = BPF_CORE_READ(minisock, tw_substate);
	peek->due_ns = now_ns + due_in_jiffies(expires, now_jiffies) * jiffy_ns;
	peek->left_ns = (__s64)(expires - now_jiffies) > 0 ? (expires - now_jiffies) * jiffy_ns : 0;
	return 0;
}

#endif
