/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions whose handshake is never completed: they have a request socket only. When the kernel
 * drops it, one record stands for two transitions: LISTEN -> SYN_RECV, earlier, and SYN_RECV ->
 * CLOSE. If the handshake is completed, the child's own transitions report the session.
 */
#ifndef TCPSTATES_BPF_HALF_OPEN_H
#define TCPSTATES_BPF_HALF_OPEN_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/endpoints.h"
#include "bpf/entry_update.h"
#include "bpf/kernel_filter.h"
#include "bpf/record.h"
#include "bpf/request.h"
#include "bpf/ring.h"

struct half_open {
	__u64 since_ns;
	__u64 cookie;
	__u32 netns;
	__u32 uid;
	__u32 pid; /* of the listener's owner, like the next two */
	__u8 owner_from;
	char comm[TRANSITION_COMM_SIZE];
	__u8 ip; /* the listener's, which a child would inherit */
};

/*
 * Key: the request's address. Inserted at the SYN, removed when the handshake is completed or the
 * request is dropped. If a flood fills the map, the least recently used are removed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct half_open);
} half_opens SEC(".maps");

/*
 * At the SYN, tcp_conn_request(), when the request has its addresses. Not called with SYN cookies
 * or TCP Fast Open.
 */
SEC("fentry/inet_csk_reqsk_queue_hash_add")
int BPF_PROG(inet_csk_reqsk_queue_hash_add, struct sock *listener, struct request_sock *request)
{
	struct sock_entry *entry = entry_find(listener);
	struct half_open half_open = {
		.since_ns = bpf_ktime_get_ns(),
		.cookie = bpf_get_socket_cookie(request),
		.netns = namespace_number(listener->__sk_common.skc_net.net),
		.uid = listener->sk_uid.val,
		.ip = ip_of(&listener->__sk_common),
	};
	__u64 key = (__u64)request;

	if (entry && entry->pid) {
		half_open.pid = entry->pid;
		half_open.owner_from = OWNER_INHERITED;
		__builtin_memcpy(half_open.comm, entry->comm, sizeof(half_open.comm));
	}
	bpf_map_update_elem(&half_opens, &key, &half_open, BPF_ANY);
	return 0;
}

/* The handshake is complete: tcp_check_req(). */
SEC("fentry/inet_csk_complete_hashdance")
int BPF_PROG(inet_csk_complete_hashdance, struct sock *listener, struct sock *child,
	     struct request_sock *request)
{
	__u64 key = (__u64)request;

	bpf_map_delete_elem(&half_opens, &key);
	return 0;
}

static __always_inline void half_open_fill(struct transition *record,
					   const struct half_open *half_open,
					   const struct request_sock *request)
{
	request_fill(record, request);
	record->time_ns = bpf_ktime_get_ns();
	record->duration_ns = record->time_ns - half_open->since_ns;
	record->ip = half_open->ip;
	record->oldstate = STATE_SYN_RECV;
	record->newstate = STATE_CLOSE;
	record->flags = TRANSITION_DURATION_KNOWN | TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	record->pid = half_open->pid;
	record->owner_from = half_open->owner_from;
	__builtin_memcpy(record->comm, half_open->comm, sizeof(record->comm));
	record->cookie = half_open->cookie;
	record->netns = half_open->netns;
	record->uid = half_open->uid;
	record->retrans = request->num_retrans;
}

static __always_inline int half_open_end(const struct request_sock *request)
{
	const struct sock_common *common = &request->__req_common;
	__u64 key = (__u64)request;
	struct half_open *half_open = bpf_map_lookup_elem(&half_opens, &key);
	struct record_transition *record;

	if (!half_open)
		return 0;
	/* With a child, the handshake was completed. */
	if (!request->sk &&
	    filter_passes(half_open->ip, common->skc_num, bpf_ntohs(common->skc_dport))) {
		record = ring_reserve(sizeof(*record), 2);
		if (record) {
			record->header.kind = RECORD_PASSIVE_OPEN;
			record->header.size = sizeof(*record);
			record->awaits = 0;
			half_open_fill(&record->transition, half_open, request);
			bpf_ringbuf_submit(record, wakeup());
		}
	}
	bpf_map_delete_elem(&half_opens, &key);
	return 0;
}

/* The end of a request, completed or dropped: reqsk_free(). */
SEC("fentry/tcp_v4_reqsk_destructor")
int BPF_PROG(tcp_v4_reqsk_destructor, struct request_sock *request)
{
	return half_open_end(request);
}

SEC("fentry/tcp_v6_reqsk_destructor")
int BPF_PROG(tcp_v6_reqsk_destructor, struct request_sock *request)
{
	return half_open_end(request);
}

#endif
