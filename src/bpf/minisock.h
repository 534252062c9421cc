/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TIME_WAIT: the kernel replaces the socket by a minisock, tcp_time_wait(), and then ends the
 * socket, so that FIN_WAIT2 and CLOSING seem to go to CLOSE. At that moment the minisock is in the
 * table of established sockets already, in the socket's own chain (5.10 to 7.2).
 */
#ifndef TCPSTATES_BPF_MINISOCK_H
#define TCPSTATES_BPF_MINISOCK_H

#include "../state.h"
#include "jiffies.h"
#include "kernel.h"
#include "shared.h"

#define CHAIN_MAX 16

struct minisock {
	__u8 state; /* TIME_WAIT or FIN_WAIT2; 0: there is none */
	__u64 address;
	__u64 cookie;
	__u64 due_ns;
};

/* TCP has one table, or since 6.1 one for each network namespace that wants its own. */
static __always_inline struct inet_hashinfo *hashinfo_of(const struct sock *sk)
{
	struct inet_hashinfo *hashinfo = sk->__sk_common.skc_prot->h.hashinfo;

	if (!hashinfo && bpf_core_field_exists(struct inet_timewait_death_row, hashinfo))
		hashinfo = sk->__sk_common.skc_net.net->ipv4.tcp_death_row.hashinfo;
	return hashinfo;
}

/* The first node of the chain that the socket is, or would be, in. */
static __always_inline void *chain_of(const struct sock *sk)
{
	struct inet_hashinfo *hashinfo = hashinfo_of(sk);
	void *bucket, *first = NULL;

	if (!hashinfo)
		return NULL;
	bucket = (void *)BPF_CORE_READ(hashinfo, ehash);
	bucket += (__u64)(sk->__sk_common.skc_hash & hashinfo->ehash_mask) *
		  bpf_core_type_size(struct inet_ehash_bucket);
	BPF_CORE_READ_INTO(&first, (struct inet_ehash_bucket *)bucket, chain.first);
	return first;
}

static __always_inline bool is_minisock(const struct sock_common *common, __u32 hash, __be16 dport,
					__be32 daddr)
{
	return BPF_CORE_READ(common, skc_hash) == hash &&
	       BPF_CORE_READ(common, skc_state) == STATE_TIME_WAIT &&
	       BPF_CORE_READ(common, skc_dport) == dport &&
	       BPF_CORE_READ(common, skc_daddr) == daddr;
}

/*
 * The address of the minisock with that remote end in the chain that begins with node, 0 when there
 * is none. Not by the local port: the socket it is sought for has none any more. A function of its
 * own, for the verifier goes through its loop once, and not once for each way that leads to it.
 */
__noinline __u64 find_minisock(__u64 node, __u32 hash, __u32 dport, __u32 daddr)
{
	for (int i = 0; i < CHAIN_MAX && node && !(node & 1); i++) {
		const struct sock_common *common =
			(void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);

		if (is_minisock(common, hash, dport, daddr))
			return (__u64)common;
		node = (__u64)BPF_CORE_READ((struct hlist_nulls_node *)node, next);
	}
	return 0;
}

static __always_inline struct minisock minisock_of(const struct sock *sk, __u64 now_ns)
{
	const struct sock_common *common = &sk->__sk_common;
	const struct inet_timewait_sock *minisock = (void *)find_minisock(
		(__u64)chain_of(sk), common->skc_hash, common->skc_dport, common->skc_daddr);
	__u64 expires;

	if (!minisock)
		return (struct minisock){0};
	expires = BPF_CORE_READ(minisock, tw_timer.expires);
	return (struct minisock){
		.state = BPF_CORE_READ(minisock, tw_substate),
		.address = (__u64)minisock,
		.cookie = BPF_CORE_READ(minisock, __tw_common.skc_cookie.counter),
		.due_ns = now_ns + due_in_jiffies(expires, bpf_jiffies64()) * jiffy_ns,
	};
}

/* Which minisocks to look at, and the answers; user space shares this memory. */
struct minisock_peek peeks[PEEKS_MAX];
__u32 peek_count;

/* One of them; a function of its own for the verifier's sake. */
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
	/* Its memory stays that of some minisock, or is zeroed: SLAB_TYPESAFE_BY_RCU. */
	if (!BPF_CORE_READ(minisock, __tw_common.skc_refcnt.refs.counter) ||
	    (__u64)BPF_CORE_READ(minisock, __tw_common.skc_cookie.counter) != peek->cookie)
		return 0;
	expires = BPF_CORE_READ(minisock, tw_timer.expires);
	peek->state = BPF_CORE_READ(minisock, tw_substate);
	peek->due_ns = now_ns + due_in_jiffies(expires, now_jiffies) * jiffy_ns;
	peek->left_ns = (__s64)(expires - now_jiffies) > 0 ? (expires - now_jiffies) * jiffy_ns : 0;
	return 0;
}

#endif
