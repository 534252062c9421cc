/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Aggregates the transitions of a summary instead of sending each. User space still gets the
 * records that it needs: sessions that continue as minisocks, and the sessions that replace those.
 */
#ifndef TCPSTATES_BPF_TALLY_MAP_H
#define TCPSTATES_BPF_TALLY_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/details.h"
#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/shared.h"
#include "lib/bucket.h"
#include "trace/state.h"
#include "trace/transition.h"

const volatile struct tally_wanted tally;

/*
 * The programs add to one map while user space reads and empties the other. If the map is full, or
 * without memory, a transition is sent as a record. User space sets the size of keys and maps.
 */
struct tally_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct tally_key));
	__uint(value_size, sizeof(struct tally_value));
};

struct tally_map tallies_even SEC(".maps");
struct tally_map tallies_odd SEC(".maps");

/* Owners are followed only if an output shows them. */
static __always_inline bool wants_owners(void)
{
	return wants_details && (!tally.is_on || tally.by_owner);
}

/* Even or odd: the map that the programs add to. User space changes it. */
__u32 tally_turn;

/* Set if no program reports the end of a minisock that a new session replaces. */
bool minisocks_are_watched;

/* LEFT_PLACES elements. */
struct left_times {
	__u8 at[LEFT_PLACES];
};

/*
 * When a session with that hash last became a minisock (in seconds, roughly; 0: never), so that the
 * session that replaces it is sent. Other sessions with the same hash are sent, too. The hash is
 * the kernel's own, of the 4-tuple and the network namespace (inet_ehashfn()), truncated. One byte
 * long unless user space sets the size.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 1);
} left_times SEC(".maps");

/* Set once any session has become a minisock. */
bool has_left;

/* The longest life of a minisock: a minute in FIN_WAIT2 and one in TIME_WAIT, plus a margin. */
#define MINISOCK_SECONDS 126

/* Never 0. */
static __always_inline __u8 about_seconds(__u64 now_ns)
{
	return now_ns >> 30 | 1;
}

/* hash: the kernel's, of a socket or a minisock. */
static __always_inline __u8 *left_place(__u32 hash)
{
	__u32 zero = 0;
	struct left_times *times = bpf_map_lookup_elem(&left_times, &zero);

	return times ? &times->at[hash & (LEFT_PLACES - 1)] : NULL;
}

/* Whether user space needs it because it may replace a minisock. */
static __always_inline bool takes_place(const struct sock *sk, const struct change *change)
{
	__u8 *left;

	if (!has_left || !(change->is_passive_open || change->oldstate == STATE_SYN_SENT))
		return false;
	left = left_place(sk->__sk_common.skc_hash);
	return left && *left && (__u8)(about_seconds(change->now_ns) - *left) <= MINISOCK_SECONDS;
}

/* A minisock remains, or was found. */
static __always_inline void leave_place(__u32 hash, __u64 now_ns)
{
	__u8 *left = left_place(hash);

	if (left)
		*left = about_seconds(now_ns);
	has_left |= left != NULL;
}

/*
 * The kernel copies the cookie of a socket to its minisock (inet_twsk_alloc(), 5.10 to 7.2), which
 * is recognised by it later. In these states the socket still has time to get one.
 */
static __always_inline void ensure_cookie(struct sock *sk, const struct change *change)
{
	if (change->newstate == STATE_FIN_WAIT1 || change->newstate == STATE_FIN_WAIT2 ||
	    change->newstate == STATE_CLOSING)
		sock_cookie(sk);
}

static __always_inline bool tally_add(void *map, struct tally_key *key, __u64 duration_ns)
{
	struct tally_value *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		struct tally_value none = {};

		bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
		if (!value)
			return false;
	}
	value->count++;
	/* User space decides which durations count, by the flags of the key. */
	value->sum_ns += duration_ns;
	if (duration_ns > value->max_ns)
		value->max_ns = duration_ns;
	return true;
}

/* noinline: the verifier checks its comparisons once. */
__noinline __u32 tally_bucket(__u64 duration_ns)
{
	return bucket_for(duration_ns);
}

static __always_inline void mask_address(__u8 *address, const volatile __u64 *ipv4,
					 const volatile __u64 *ipv6)
{
	__u64 *words = (__u64 *)address;
	bool is_ipv4 = !words[0] && *(__u32 *)(address + 8) == bpf_htonl(0xffff);

	words[0] &= is_ipv4 ? ipv4[0] : ipv6[0];
	words[1] &= is_ipv4 ? ipv4[1] : ipv6[1];
}

static __always_inline void tally_fill_ends(struct tally_key *key, const struct sock *sk,
					    const struct tcp_sock *tp, __u16 lport, __u16 rport)
{
	const struct sock_common *common = &sk->__sk_common;

	if (tally.by_lport)
		key->lport = lport;
	if (tally.by_rport)
		key->rport = rport;
	if (tally.by_netns)
		key->netns = namespace_number(common->skc_net.net);
	if (tally.by_raddr) {
		address_fill(key->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
		mask_address(key->raddr, tally.raddr_ipv4, tally.raddr_ipv6);
	}
	if (tally.by_laddr) {
		address_fill(key->laddr, common, tp->inet_conn.icsk_inet.inet_saddr,
			     &common->skc_v6_rcv_saddr);
		mask_address(key->laddr, tally.laddr_ipv4, tally.laddr_ipv6);
	}
}

static __always_inline void tally_fill_time(struct tally_key *key, const struct change *change)
{
	key->flags = change->flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT |
				      TRANSITION_DURATION_AT_LEAST);
	key->is_passive_open = change->is_passive_open;
	if (key->flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT))
		key->bucket = tally_bucket(change->duration_ns);
}

/* The local port is chosen after SYN_SENT is entered, so the next state is in another group. */
static __always_inline bool is_alone_in_syn_sent(const struct change *change)
{
	return (tally.by_lport || filter.has_lports) &&
	       (change->oldstate == STATE_SYN_SENT || change->newstate == STATE_SYN_SENT);
}

static __always_inline bool is_for_user_space(const struct sock *sk, const struct change *change)
{
	return may_have_minisock(change) || is_alone_in_syn_sent(change) || takes_place(sk, change);
}

/* Separate calls: the kernel inlines the lookup if the map is a constant (6.10). */
static __always_inline bool tally_put(struct tally_key *key, __u64 duration_ns)
{
	if (tally_turn & 1)
		return tally_add(&tallies_odd, key, duration_ns);
	barrier();
	return tally_add(&tallies_even, key, duration_ns);
}

/*
 * User space has the session in another state than the one that it leaves: in none if the session
 * is older than the trace and the scan has not found it, or in an earlier one if the programs could
 * not run for a change.
 */
static __always_inline bool was_unseen(const struct sock_entry *entry, const struct change *change)
{
	return change->oldstate != STATE_CLOSE && !change->is_passive_open &&
	       !is_alone_in_syn_sent(change) && entry->reported != change->oldstate;
}

/* A tally that only moves the session to that state. key: of the change that leaves it. */
static __always_inline void tally_unseen(struct tally_key *key, const struct sock_entry *entry,
					 const struct change *change)
{
	key->bucket = 0;
	key->flags = 0;
	key->is_unseen = true;
	key->oldstate = entry->reported ?: STATE_CLOSE;
	key->newstate = change->oldstate;
	if (!tally_put(key, 0))
		count((struct kernel_losses){.transitions = 1});
}

/* False: send it as a record. True: it is added, or filtered out. */
static __always_inline bool tally_take(struct sock_entry *entry, struct sock *sk,
				       const struct tcp_sock *tp, const struct change *change,
				       __u16 lport, __u16 rport)
{
	struct tally_key key = {.oldstate = change->oldstate, .newstate = change->newstate};
	bool is_added = false;

	if (!entry)
		return false;
	ensure_cookie(sk, change);
	/* Listeners have not been filtered yet: their children may pass where they do not. */
	if (filter.is_on && !filter_ends_pass(sk, tp, KNOWN_ALL))
		return !is_for_user_space(sk, change);
	tally_fill_ends(&key, sk, tp, lport, rport);
	if (tally.by_owner) {
		key.pid = entry->pid;
		__builtin_memcpy(key.comm, entry->comm, sizeof(key.comm));
	}
	if (!is_for_user_space(sk, change)) {
		tally_fill_time(&key, change);
		is_added = tally_put(&key, change->duration_ns);
	}
	if (was_unseen(entry, change))
		tally_unseen(&key, entry, change);
	entry->reported = change->newstate == STATE_CLOSE ? 0 : change->newstate;
	return is_added;
}

#endif
