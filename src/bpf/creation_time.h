/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When a socket was created, or closed if it may connect again. A filter on the 4-tuple can reject
 * a session only once its endpoints are known. With such a filter, a small table stores this time
 * until then; without one, the socket's entry does (sock_entry.h), which takes memory for each
 * socket.
 */
#ifndef TCPSTATES_BPF_CREATION_TIME_H
#define TCPSTATES_BPF_CREATION_TIME_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/entry_update.h"
#include "bpf/jiffies.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "trace/state.h"
#include "trace/transition.h"

struct creation_time {
	__u64 cookie;
	__u64 time_ns;
};

/* Two sockets whose cookies are the same here. */
struct creation_times {
	struct creation_time one, other;
};

#define CREATION_TIME_SETS (CREATION_TIMES / 2)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CREATION_TIME_SETS);
	__type(key, __u32);
	__type(value, struct creation_times);
} creation_times SEC(".maps");

/*
 * Cookies count up, but each CPU takes 4,096 at a time (gen_cookie_next(), 5.10 to 7.2): two CPUs
 * may be at cookies that share a set at the same moment, which has room for both.
 */
static __always_inline volatile struct creation_times *creation_times_of(__u64 cookie)
{
	__u32 place = cookie % CREATION_TIME_SETS;

	return cookie ? bpf_map_lookup_elem(&creation_times, &place) : NULL;
}

/* Its own place, or that of the older one. */
static __always_inline volatile struct creation_time *creation_time_place(
	volatile struct creation_times *set, __u64 cookie)
{
	if (set->one.cookie == cookie)
		return &set->one;
	if (set->other.cookie == cookie || set->other.time_ns < set->one.time_ns)
		return &set->other;
	return &set->one;
}

static __always_inline void creation_time_store(__u64 cookie, __u64 time_ns)
{
	volatile struct creation_times *set = creation_times_of(cookie);
	volatile struct creation_time *stored;

	if (!set)
		return;
	stored = creation_time_place(set, cookie);
	/* The previous socket of this place must not read this time as its own. */
	stored->cookie = 0;
	stored->time_ns = time_ns;
	stored->cookie = cookie;
}

/* 0: not known. */
static __always_inline __u64 creation_time_find(__u64 cookie)
{
	volatile struct creation_times *set = creation_times_of(cookie);
	volatile struct creation_time *stored;
	__u64 time_ns;

	if (!set)
		return 0;
	stored = creation_time_place(set, cookie);
	time_ns = stored->time_ns;
	return stored->cookie == cookie ? time_ns : 0;
}

/*
 * The age of a socket that was never connected, in whole jiffies. tcp_init_sock() starts the window
 * of the minimum RTT, and the first RTT sample restarts it. write_seq is 0 until the first
 * connection, and tcp_disconnect() never resets it to 0 (5.10 to 7.2).
 */
static __always_inline __u64 age_of_unused(const struct tcp_sock *tp)
{
	__u32 age = (__u32)bpf_jiffies64() - tp->rtt_min.s[0].t;

	return tp->write_seq ? 0 : age * jiffy_ns;
}

/* Before the clock is restarted: sets it if nothing else is known of the socket. */
static __always_inline void entry_recall_creation(struct sock_entry *entry, const struct sock *sk,
						  const struct change *change)
{
	__u64 created_ns;

	if (!filter.is_on || change->oldstate != STATE_CLOSE ||
	    (entry->since_ns && !entry->is_from_scan))
		return;
	created_ns = creation_time_find(sk->__sk_common.skc_cookie.counter);
	if (!created_ns)
		return;
	entry->since_ns = created_ns;
	entry->state = STATE_CLOSE;
	entry->is_from_scan = false;
}

/*
 * Adds a duration that the clock did not know. Called after duration and flags are stored in the
 * record, so that the verifier does not follow the cases separately.
 */
static __always_inline void measure_unused(__u64 *duration_ns, __u8 *flags,
					   const struct change *change, const struct tcp_sock *tp)
{
	__u64 age_ns;

	if (change->oldstate != STATE_CLOSE || *flags & TRANSITION_DURATION_KNOWN)
		return;
	age_ns = age_of_unused(tp);
	if (!age_ns || age_ns < *duration_ns)
		return;
	*duration_ns = age_ns;
	*flags &= ~TRANSITION_DURATION_AT_LEAST;
	*flags |= TRANSITION_DURATION_ABOUT;
}

#endif
