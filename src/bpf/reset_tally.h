/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts the resets that the kernel sends for packets of no session: without a socket (a closed
 * port, a connection that this end does not know), by a listener, by a minisock. A session's own
 * resets are causes of its transitions (send_reset.h).
 *
 * The tracepoint runs without a socket, and with the reason, since 6.10: tcp_v4_send_reset() and
 * tcp_v6_send_reset() call it right before they send the reset, with the packet that they answer.
 */
#ifndef TCPSTATES_BPF_RESET_TALLY_H
#define TCPSTATES_BPF_RESET_TALLY_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/send_reset.h"
#include "bpf/shared.h"
#include "trace/reset_count.h"
#include "trace/state.h"

/*
 * The program adds to one map while user space reads and empties the other. An entry is allocated
 * with its first reset, RESETS_MAX at most. User space sets the size of the maps.
 */
struct reset_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct reset_key);
	__type(value, struct reset_value);
};

struct reset_map resets_even SEC(".maps");
struct reset_map resets_odd SEC(".maps");

/* Even or odd: the map that the program adds to. User space changes it. */
__u32 resets_turn;

/* Likewise two: what found no room, by reset_rest_place(). */
struct reset_value resets_rest[2][RESET_RESTS];

/*
 * Set when user space has been told that resets are counted. It clears it before it reads the maps,
 * so that there is one record for each reading.
 */
bool resets_are_told;

#define TCP_SYN 0x02 /* of the 14th byte of a TCP header */
#define TCP_ACK 0x10

static __always_inline void reset_fill_ipv4(struct reset_key *key, const unsigned char *ip)
{
	__be32 source = 0, destination = 0;

	bpf_probe_read_kernel(&source, sizeof(source), ip + 12);
	bpf_probe_read_kernel(&destination, sizeof(destination), ip + 16);
	address_fill_mapped(key->raddr, source);
	address_fill_mapped(key->laddr, destination);
	key->ip = 4;
}

static __always_inline void reset_fill_ipv6(struct reset_key *key, const unsigned char *ip)
{
	bpf_probe_read_kernel(key->raddr, sizeof(key->raddr), ip + 8);
	bpf_probe_read_kernel(key->laddr, sizeof(key->laddr), ip + 24);
	key->ip = 6;
}

/*
 * The endpoints of the packet, of which this end is the destination. Both header offsets are set,
 * and the headers are in the linear part: ip_local_deliver_finish(), ip6_input_finish(),
 * tcp_v4_rcv() and tcp_v6_rcv() (6.10 to 7.2).
 */
static __always_inline void reset_fill_ends(struct reset_key *key, const struct sk_buff *skb)
{
	const unsigned char *head = BPF_CORE_READ(skb, head);
	const unsigned char *ip = head + BPF_CORE_READ(skb, network_header);
	const unsigned char *tcp = head + BPF_CORE_READ(skb, transport_header);
	__be16 ports[2] = {};
	__u8 version = 0, flags = 0;

	bpf_probe_read_kernel(&version, sizeof(version), ip);
	if (version >> 4 == 6)
		reset_fill_ipv6(key, ip);
	else
		reset_fill_ipv4(key, ip);
	bpf_probe_read_kernel(ports, sizeof(ports), tcp);
	key->rport = bpf_ntohs(ports[0]);
	key->lport = bpf_ntohs(ports[1]);
	bpf_probe_read_kernel(&flags, sizeof(flags), tcp + 13);
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		key->flags = RESET_FOR_SYN;
}

/* Without a socket, that of the device of the packet's route, as in tcp_v4_send_reset(). */
static __always_inline __u32 reset_netns(const struct sock *sk, const struct sk_buff *skb)
{
	const struct dst_entry *dst;

	if (sk)
		return namespace_number_copied(BPF_CORE_READ(sk, __sk_common.skc_net.net));
	/* SKB_DST_PTRMASK: the lowest bit says that no reference is held. */
	dst = (const struct dst_entry *)(BPF_CORE_READ(skb, _skb_refdst) & ~1ul);
	return namespace_number_copied(BPF_CORE_READ(dst, dev, nd_net.net));
}

/* False: it is a session's own reset. A minisock has TIME_WAIT in skc_state in both its states. */
static __always_inline bool reset_fill_socket(struct reset_key *key, const struct sock *sk)
{
	__u8 state = sk ? BPF_CORE_READ(sk, __sk_common.skc_state) : 0;

	if (sk && state != STATE_LISTEN && state != STATE_TIME_WAIT)
		return false;
	key->socket = !sk                     ? RESET_SOCKET_NONE
		      : state == STATE_LISTEN ? RESET_SOCKET_LISTENER
					      : RESET_SOCKET_TIME_WAIT;
	return true;
}

static __always_inline bool reset_passes(const struct reset_key *key)
{
	__u64 address[2];

	if (!filter_passes(key->ip, key->lport, key->rport) ||
	    (filter.netns && filter.netns != key->netns))
		return false;
	__builtin_memcpy(address, key->laddr, sizeof(address));
	if (filter.locals.is_given && !nets_have_address(&filter.locals, &locals, address))
		return false;
	__builtin_memcpy(address, key->raddr, sizeof(address));
	return !filter.remotes.is_given || nets_have_address(&filter.remotes, &remotes, address);
}

/* The packet may be counted on several CPUs at once. */
static __always_inline void reset_value_add(struct reset_value *value, __u64 now_ns)
{
	if (!value->first_ns)
		value->first_ns = now_ns;
	value->last_ns = now_ns;
	__sync_fetch_and_add(&value->count, 1);
}

static __always_inline struct reset_value *reset_find_or_add(void *map, const struct reset_key *key,
							     __u64 now_ns)
{
	struct reset_value *value = bpf_map_lookup_elem(map, key);
	struct reset_value none = {.first_ns = now_ns};

	if (value)
		return value;
	/* It fails if another CPU has added it, or if there is no room. */
	bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void reset_count(const struct reset_key *key)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 turn = resets_turn & 1;
	struct reset_value *value;

	if (turn)
		value = reset_find_or_add(&resets_odd, key, now_ns);
	else
		value = reset_find_or_add(&resets_even, key, now_ns);
	if (!value)
		value = &resets_rest[turn][reset_rest_place(key)];
	reset_value_add(value, now_ns);
}

/* If the ring buffer is full, the next reset tries again; the counts are read at the end anyway. */
static __always_inline void reset_tell(void)
{
	struct record_resets_counted *record;

	if (resets_are_told)
		return;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return;
	resets_are_told = true;
	record->header.kind = RECORD_RESETS_COUNTED;
	record->header.size = sizeof(*record);
	record->padding = 0;
	bpf_ringbuf_submit(record, wakeup());
}

/*
 * arguments: the tracepoint's. They are read as numbers: verifiers up to 6.12 take the socket,
 * which may be NULL, for a valid one, and remove a comparison with NULL.
 */
static __always_inline void reset_take(const __u64 *arguments, __u32 reason)
{
	const struct sock *sk = NULL;
	const struct sk_buff *skb = NULL;
	struct reset_key key = {.reason = reason};

	bpf_probe_read_kernel(&sk, sizeof(sk), &arguments[0]);
	bpf_probe_read_kernel(&skb, sizeof(skb), &arguments[1]);
	/* tcp_send_active_reset() answers no packet: its socket is a session's. */
	if (!skb || !reset_fill_socket(&key, sk))
		return;
	reset_fill_ends(&key, skb);
	key.netns = reset_netns(sk, skb);
	if (!reset_passes(&key))
		return;
	reset_count(&key);
	reset_tell();
}

#endif
