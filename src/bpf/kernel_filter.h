/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which transitions get a record: the part of trace/filter.c that the kernel can check. */
#ifndef TCPSTATES_BPF_KERNEL_FILTER_H
#define TCPSTATES_BPF_KERNEL_FILTER_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/kernel.h"
#include "bpf/shared.h"
#include "bpf/sock_entry.h"
#include "trace/state.h"

/*
 * Set before load, so that the verifier removes disabled parts. It is alone in its map, which all
 * objects share.
 */
const volatile struct kernel_filter filter SEC(".rodata.filter");

/*
 * The network namespaces that are selected. Key: inode number; inserted by user space before it
 * attaches the programs. Value: which of those that have this number one after the other is meant
 * (namespace_mark()); 0: the first one that is seen.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} namespaces SEC(".maps");

/*
 * The kernel gives the number of a namespace that is gone to one of the next ones, but each has 32
 * random bits of its own (net_hash_mix(), setup_net(), 5.10 to 7.2).
 */
static __always_inline __u64 namespace_mark(__u32 hash_mix)
{
	return 1ull << 32 | hash_mix;
}

static __always_inline bool namespace_is_meant(__u32 number, __u32 hash_mix)
{
	__u64 mark = namespace_mark(hash_mix), *meant = bpf_map_lookup_elem(&namespaces, &number);

	if (!meant)
		return true;
	if (!*meant)
		*meant = mark;
	return *meant == mark;
}

/* The number of a namespace; 0, not known, of one that merely has the number of a selected one. */
static __always_inline __u32 namespace_number(const struct net *net)
{
	__u32 number = net->ns.inum;

	return !filter.names_namespaces || namespace_is_meant(number, net->hash_mix) ? number : 0;
}

/* The same, if net can only be copied from. */
static __always_inline __u32 namespace_number_copied(const struct net *net)
{
	__u32 number = BPF_CORE_READ(net, ns.inum);

	return !filter.names_namespaces || namespace_is_meant(number, BPF_CORE_READ(net, hash_mix))
		       ? number
		       : 0;
}

/* Before its first socket is seen: the namespace of a task. */
static __always_inline void namespace_note(const struct task_struct *task)
{
	const struct net *net = filter.names_namespaces ? BPF_CORE_READ(task, nsproxy, net_ns) : 0;

	if (net)
		namespace_number_copied(net);
}

static __always_inline bool set_has(const volatile __u64 *set, __u16 port)
{
	return set[port / 64] >> (port % 64) & 1;
}

/*
 * Address prefixes, which user space inserts before it attaches the programs. The key is a whole
 * address: any prefix that contains it matches.
 */
struct net_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct net_key);
	__type(value, __u8);
};

struct net_trie locals SEC(".maps");
struct net_trie remotes SEC(".maps");

static __always_inline bool trie_has(void *trie, const __u64 *address)
{
	struct net_key key = {.bits = 128};

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(trie, &key);
}

/* A single prefix is the usual case, and a comparison takes a tenth of the time of a lookup. */
static __always_inline bool nets_have_address(const volatile struct kernel_nets *nets, void *trie,
					      const __u64 *address)
{
	if (!nets->is_one)
		return trie_has(trie, address);
	return (address[0] & nets->mask[0]) == nets->address[0] &&
	       (address[1] & nets->mask[1]) == nets->address[1];
}

static __always_inline bool nets_have(const volatile struct kernel_nets *nets, void *trie,
				      const struct sock_common *common, __be32 ipv4,
				      const struct in6_addr *ipv6)
{
	__u64 address[2];

	address_fill((__u8 *)address, common, ipv4, ipv6);
	return nets_have_address(nets, trie, address);
}

/* Without the local port, which is not chosen yet: user space checks it. */
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

/* Which endpoints of a socket are final for its session. */
enum known_ends {
	KNOWN_LPORT = 1 << 0,
	KNOWN_RPORT = 1 << 1,
	KNOWN_ADDRESSES = 1 << 2,
	KNOWN_ALL = KNOWN_LPORT | KNOWN_RPORT | KNOWN_ADDRESSES,
};

/*
 * At LISTEN -> SYN_RECV a child has its listener's local port, and up to 6.12 no other endpoint
 * (inet_csk_clone_lock()). IPv6 addresses count as unknown: a dual-stack listener may not have them
 * there.
 */
static __always_inline __u32 known_ends_of_child(const struct sock *child,
						 const struct tcp_sock *tp)
{
	const struct sock_common *common = &child->__sk_common;

	if (!common->skc_dport)
		return KNOWN_LPORT;
	return common->skc_family == AF_INET && common->skc_daddr &&
			       tp->inet_conn.icsk_inet.inet_saddr
		       ? KNOWN_ALL
		       : KNOWN_LPORT | KNOWN_RPORT;
}

/* Checks the endpoints that are known. */
static __always_inline bool filter_ends_pass(const struct sock *sk, const struct tcp_sock *tp,
					     __u32 known)
{
	const struct sock_common *common = &sk->__sk_common;
	/* Not skc_num: that is 0 again at CLOSE, where inet_put_port() has run. */
	__u16 lport = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);

	if (filter.only_ip && filter.only_ip != ip_of(common))
		return false;
	if (filter.has_rports && known & KNOWN_RPORT &&
	    !set_has(filter.rports, bpf_ntohs(common->skc_dport)))
		return false;
	if (filter.has_lports && known & KNOWN_LPORT && !set_has(filter.lports, lport))
		return false;
	if (filter.netns && filter.netns != namespace_number(sock_of(tp)->__sk_common.skc_net.net))
		return false;
	if (!(known & KNOWN_ADDRESSES))
		return true;
	if (filter.locals.is_given &&
	    !nets_have(&filter.locals, &locals, common, tp->inet_conn.icsk_inet.inet_saddr,
		       &common->skc_v6_rcv_saddr))
		return false;
	return !filter.remotes.is_given || nets_have(&filter.remotes, &remotes, common,
						     common->skc_daddr, &common->skc_v6_daddr);
}

/* User ids, which user space inserts before it attaches the programs. */
struct id_set {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
};

/* Likewise process ids; the value is when that process began, 0: any. */
struct pid_set {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

struct pid_set pids SEC(".maps");
struct id_set uids SEC(".maps");

/*
 * Whether the process has the id of a selected one that has ended: the kernel uses ids again.
 * leader: of its thread group. /proc/PID/stat cuts the start time off to PROCESS_TICK_NS
 * (nsec_to_clock_t() in do_task_stat(), 5.10 to 7.2).
 */
static __always_inline bool filter_is_other_process(__u32 pid, const struct task_struct *leader)
{
	const __u64 *start;

	if (!filter.names_pids)
		return false;
	start = bpf_map_lookup_elem(&pids, &pid);
	return start && *start && *start != BPF_CORE_READ(leader, start_boottime) / PROCESS_TICK_NS;
}

/* Checked at each change, because the owner may differ. */
static __always_inline bool filter_owner_passes(const struct sock_entry *entry,
						const struct sock *sk)
{
	__u32 uid = sk->sk_uid.val;

	if (filter.has_pids && (!entry || !bpf_map_lookup_elem(&pids, &entry->pid)))
		return false;
	return !filter.has_uids || bpf_map_lookup_elem(&uids, &uid);
}

/* A record that stands for two transitions passes if either may. */
static __always_inline bool filter_states_pass(__u32 from, __u32 to, bool is_after_syn)
{
	if (is_after_syn) {
		from |= 1u << STATE_LISTEN;
		to |= 1u << STATE_SYN_RECV;
	}
	return (!filter.from || filter.from & from) && (!filter.to || filter.to & to) &&
	       (!filter.either || filter.either & (from | to));
}

#endif
