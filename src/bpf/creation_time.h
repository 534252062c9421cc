/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When a socket was created, or closed if it may connect again. A filter on the 4-tuple can reject
 * a session only once it has endpoints. So with such a filter, this time is in a small table until
 * then; without one, it is in the socket's entry (sock_entry.h), which takes memory for each.
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CREATION_TIMES);
	__type(key, __u32);
	__type(value, struct creation_time);
} creation_times SEC(".maps");

/* Cookies count up, so a slot belongs to a socket until CREATION_TIMES more have got a cookie. */
static __always_inline volatile struct creation_time *creation_time_place(__u64 cookie)
{
	__u32 place = cookie % CREATION_TIMES;

	return cookie ? bpf_map_lookup_elem(&creation_times, &place) : NULL;
}

static __always_inline void creation_time_store(__u64 cookie, __u64 time_ns)
{
	volatile struct creation_time *stored = creation_time_place(cookie);

	if (!stored)
		return;
	/* The previous socket of this slot must not read this time as its own. */
	stored->cookie = 0;
	stored->time_ns = time_ns;
	stored->cookie = cookie;
}

/* 0: not known. */
static __always_inline __u64 creation_time_find(__u64 cookie)
{
	volatile struct creation_time *stored = creation_time_place(cookie);
	__u64 time_ns = stored ? stored->time_ns : 0;

	return stored && stored->cookie == cookie ? time_ns : 0;
}

/*
 * How long ago a socket was created that has never been connected: to a jiffy, and 0 within one.
 * tcp_init_sock() begins the window of round-trip times, which the first one of them moves; as soon
 * as a socket has been connected its bytes have numbers, and tcp_disconnect() keeps them from 0
 * (5.10 to 7.2).
 */
static __always_inline __u64 age_of_unused(const struct tcp_sock *tp)
{
	__u32 age = (__u32)bpf_jiffies64() - tp->rtt_min.s[0].t;

	return tp->write_seq ? 0 : age * jiffy_ns;
}

/* Before the clock is turned: sets it, where nothing else is known of the socket. */
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
 * What the clock did not know, where a duration and its flags have been put already: in a record,
 * after which all is the same for the verifier.
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
