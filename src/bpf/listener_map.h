/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Follows listening sockets: the connections that come into their accept queues, and how long these
 * get. A child is a clone of its listener, so its entry (sock_entry.h) says which one that is.
 */
#ifndef TCPSTATES_BPF_LISTENER_MAP_H
#define TCPSTATES_BPF_LISTENER_MAP_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/sock_entry.h"
#include "trace/listener.h"
#include "trace/state.h"

struct listener_counts {
	__u64 since_ns; /* CLOCK_MONOTONIC: listen(); 0: before the trace */
	__u64 queued;
	__u64 accepted;
	__u64 overflows;
	__u64 cookies;
	__u32 queued_before; /* the length of the queue when counting began */
	__u32 peak;          /* since the last report */
};

/*
 * Key: the address of the listening socket. Inserted when it begins to listen, or when a scan finds
 * it; removed when it stops. User space sets the size of the map: what finds no room is not
 * reported, which is counted as a lost detail.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct listener_counts);
} listeners SEC(".maps");

static __always_inline struct listener_counts *listener_find(__u64 address)
{
	return bpf_map_lookup_elem(&listeners, &address);
}

static __always_inline void listener_note_length(struct listener_counts *counts, __u32 length)
{
	if (length > counts->peak)
		counts->peak = length;
}

#endif
