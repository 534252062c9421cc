/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Half-open sessions whose SYN-ACK was retransmitted. Their child does not know when the first one
 * was sent (tcp_check_req() takes no RTT sample then), so it is stored here.
 */
#ifndef TCPSTATES_BPF_REQUEST_H
#define TCPSTATES_BPF_REQUEST_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/endpoints.h"
#include "bpf/kernel.h"
#include "bpf/kernel_filter.h"
#include "bpf/record.h"
#include "bpf/ring.h"
#include "bpf/sock_entry.h"
#include "trace/state.h"
#include "trace/transition.h"

struct request_key {
	__u8 laddr[16];
	__u8 raddr[16];
	__u32 netns;
	__u16 lport; /* host order */
	__u16 rport; /* network order */
};

/*
 * Inserted when a SYN-ACK is retransmitted, removed when its session begins. Entries of handshakes
 * that are never completed stay until newer ones replace them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct request_key);
	__type(value, __u64); /* CLOCK_MONOTONIC, ns: when the first was sent */
} requests SEC(".maps");

/* Of a request, or of the child created from it. */
static __always_inline void request_key_fill(struct request_key *key,
					     const struct sock_common *common)
{
	address_fill(key->laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	address_fill(key->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	key->netns = common->skc_net.net->ns.inum;
	key->lport = common->skc_num;
	key->rport = common->skc_dport;
}

/* The endpoints for a half-open session's record; the rest is zero. */
static __always_inline void request_fill(struct transition *record,
					 const struct request_sock *request)
{
	const struct sock_common *common = &request->__req_common;

	__builtin_memset(record, 0, sizeof(*record));
	record->skaddr = (__u64)request;
	address_fill(record->laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	address_fill(record->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	record->lport = common->skc_num;
	record->rport = bpf_ntohs(common->skc_dport);
}

/* When the first SYN-ACK of a new child was sent, in ns, if it was retransmitted; else 0. */
static __always_inline __u64 request_take(const struct sock_common *child)
{
	struct request_key key;
	__u64 *sent_ns, answer;

	request_key_fill(&key, child);
	sent_ns = bpf_map_lookup_elem(&requests, &key);
	if (!sent_ns)
		return 0;
	answer = *sent_ns;
	bpf_map_delete_elem(&requests, &key);
	return answer;
}

/*
 * Called before the SYN-ACK is retransmitted, tcp_rtx_synack(); stores the time of the first one,
 * which stays the same (tcp_make_synack(), 5.10 to 6.18). An entry with another time belongs to an
 * older handshake, which was never completed. When the first SYN-ACK was sent, in ns; 0: not known.
 */
static __always_inline __u64 request_see(const struct request_sock *request)
{
	const struct tcp_request_sock *tcp = bpf_skc_to_tcp_request_sock((void *)request);
	struct request_key key;
	__u64 sent_ns;

	if (!tcp || !tcp->snt_synack)
		return 0;
	sent_ns = tcp->snt_synack * NSEC_PER_USEC;
	/* Reads through the helper's result: see sock_of(). */
	request_key_fill(&key, &tcp->req.req.__req_common);
	bpf_map_update_elem(&requests, &key, &sent_ns, BPF_ANY);
	return sent_ns;
}

/* Its network namespace, which is its listener's: inet_reqsk_alloc(), 5.10 to 7.2. */
static __always_inline __u32 request_netns(const struct request_sock *request)
{
	const struct tcp_request_sock *tcp = bpf_skc_to_tcp_request_sock((void *)request);

	/* Reads through the helper's result: see sock_of(). */
	return tcp ? namespace_number(tcp->req.req.__req_common.skc_net.net) : 0;
}

#ifndef FALLBACK

/*
 * The last ACK of the handshake has arrived, but made no socket (tcp_check_req()): the listener's
 * accept queue was full, or with TCP_DEFER_ACCEPT, the client has sent no data yet.
 */
static __always_inline void request_fill_ack(struct transition *snapshot,
					     const struct sock *listener,
					     const struct request_sock *request)
{
	struct inet_request_sock *inet = (struct inet_request_sock *)request;
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)listener;

	if (!bpf_core_field_exists(inet->acked) || !BPF_CORE_READ_BITFIELD_PROBED(inet, acked))
		return;
	snapshot->known |= TRANSITION_KNOWN_ACKED;
	if (listener->sk_ack_backlog > listener->sk_max_ack_backlog ||
	    !BPF_CORE_READ(icsk, icsk_accept_queue.rskq_defer_accept))
		snapshot->facts |= FACT_STALLED;
}

/*
 * A request socket that has not been answered for a second, at each retransmission of its SYN-ACK:
 * a session that stays in SYN_RECV. Identified by its cookie, which its child would inherit; the
 * fallback build cannot request one.
 */
static __always_inline void request_report(struct sock *listener,
					   const struct request_sock *request, __u64 sent_ns)
{
	const struct sock_common *common = &request->__req_common;
	struct sock_entry *entry = entry_find(listener);
	struct record_request *record;
	struct transition *snapshot;
	__u8 ip = ip_of(&listener->__sk_common);

	if (!filter_passes(ip, common->skc_num, bpf_ntohs(common->skc_dport)))
		return;
	/* A request reported before has lost no transition. */
	record = ring_reserve(sizeof(*record), request->num_retrans ? 0 : 2);
	if (!record)
		return;
	record->header.kind = RECORD_REQUEST;
	record->header.size = sizeof(*record);
	record->padding = 0;
	record->request = (__u64)request;
	snapshot = &record->transition;
	request_fill(snapshot, request);
	snapshot->time_ns = bpf_ktime_get_ns();
	snapshot->duration_ns = snapshot->time_ns - sent_ns;
	snapshot->ip = ip;
	snapshot->oldstate = snapshot->newstate = STATE_SYN_RECV;
	snapshot->flags =
		TRANSITION_DURATION_KNOWN | TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	snapshot->facts = FACT_STANDING;
	snapshot->cookie = bpf_get_socket_cookie((void *)request);
	snapshot->netns = request_netns(request);
	snapshot->uid = listener->sk_uid.val;
	snapshot->retrans = request->num_retrans + 1;
	request_fill_ack(snapshot, listener, request);
	if (entry && entry->pid) {
		snapshot->pid = entry->pid;
		snapshot->owner_from = OWNER_INHERITED;
		__builtin_memcpy(snapshot->comm, entry->comm, sizeof(snapshot->comm));
	}
	bpf_ringbuf_submit(record, wakeup());
}

#else

static __always_inline void request_report(struct sock *listener,
					   const struct request_sock *request, __u64 sent_ns)
{
}

#endif

#endif
