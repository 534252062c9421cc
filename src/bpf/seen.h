/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the second program on inet_sock_set_state knows that the first one ran for the same change: a
 * mark on the CPU. The entry of the socket cannot show it: the first program may lack the memory
 * for one that the second program gets.
 */
#ifndef TCPSTATES_BPF_SEEN_H
#define TCPSTATES_BPF_SEEN_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

/*
 * Both programs run for a change one after the other, and either in the task that has locked the
 * socket or on behalf of a packet or timer (sk_lock.owned, see entry_note_task()). A packet or
 * timer may interrupt only a task's change: so it cannot overwrite that change's mark. On 7.2
 * another task may come in between, and overwrites it.
 */
struct seen {
	__u64 skaddr; /* 0: the second program has read it */
	int newstate;
	int padding;
};

enum seen_place {
	SEEN_PACKET,
	SEEN_TASK,
	SEEN_PLACES,
};

/* Written by the first program, cleared by the second. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen[SEEN_PLACES]);
} seen SEC(".maps");

static __always_inline struct seen *seen_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&seen, &zero);
}

/* Called first, so that a program that interrupts the first one finds its own change unmarked. */
static __always_inline void seen_set(const struct sock *sk, int newstate)
{
	struct seen *seen = seen_here();

	if (!seen)
		return;
	if (sk->sk_lock.owned) {
		/*
		 * Left by a packet during which the second program was already running, and so
		 * skipped.
		 */
		seen[SEEN_PACKET].skaddr = 0;
		seen += SEEN_TASK;
	}
	seen->skaddr = (__u64)sk;
	seen->newstate = newstate;
}

/* Whether the first program has run for this change. True once. */
static __always_inline bool seen_take(const struct sock *sk, int newstate)
{
	struct seen *seen = seen_here();

	if (!seen)
		return false;
	if (sk->sk_lock.owned)
		seen += SEEN_TASK;
	if (seen->skaddr != (__u64)sk || seen->newstate != newstate)
		return false;
	seen->skaddr = 0;
	return true;
}

#endif
