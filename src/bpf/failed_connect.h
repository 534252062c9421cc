/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ended a connection in SYN_SENT, where the socket's error does not show it. */
#ifndef TCPSTATES_BPF_FAILED_CONNECT_H
#define TCPSTATES_BPF_FAILED_CONNECT_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/entry_update.h"
#include "bpf/kernel.h"
#include "bpf/sock_entry.h"
#include "trace/state.h"
#include "trace/transition.h"

/*
 * The state of struct socket shows the call (5.10 to 7.2): __inet_stream_connect() sets
 * SS_CONNECTING after connect() has succeeded, inet_shutdown() sets SS_DISCONNECTING before it
 * disconnects, and connect(AF_UNSPEC) changes the state afterwards.
 *
 * connect() chooses a new hash for the socket as soon as it has a port (sk_set_txhash() after
 * inet_hash_connect() in tcp_v4_connect(), likewise tcp_v6_connect()). A Fast Open that was
 * deferred connects in sendmsg(), where the state is SS_CONNECTING, and fails before any segment.
 */
static __always_inline __u8 connect_end_of(const struct tcp_sock *tp,
					   const struct sock_entry *entry)
{
	const struct sock *sk = sock_of(tp);
	const struct socket *socket = sk->sk_socket;

	if (!socket)
		return CONNECT_END_UNKNOWN;
	switch (socket->state) {
	case SS_UNCONNECTED:
		if (!entry || !entry->has_txhash)
			return CONNECT_END_UNKNOWN;
		return sk->sk_txhash == entry->txhash ? CONNECT_END_NO_PORT : CONNECT_END_FAILED;
	case SS_CONNECTING:
		return tp->segs_out ? CONNECT_END_DISCONNECT : CONNECT_END_UNKNOWN;
	case SS_DISCONNECTING:
		return CONNECT_END_SHUTDOWN;
	default:
		return CONNECT_END_UNKNOWN;
	}
}

/* What a quoted TCP header has first. */
struct quoted {
	__be16 source;
	__be16 dest;
	__be32 seq;
};

/*
 * The ICMP error in an entry of the error queue: errno, type and code, 8 bits each; 0: it is none
 * about this segment. The entry may be freed meanwhile, or be older than the connection: the
 * segment quoted in it decides. noinline for the verifier.
 */
__noinline __u32 icmp_error_about(__u64 entry, __u32 ports, __u32 seq)
{
	const struct sk_buff *skb = (void *)entry;
	const struct sock_exterr_skb *error =
		(void *)entry + bpf_core_field_offset(struct sk_buff, cb);
	__u8 origin = BPF_CORE_READ(error, ee.ee_origin);
	struct quoted quoted = {};

	if (origin != SO_EE_ORIGIN_ICMP && origin != SO_EE_ORIGIN_ICMP6)
		return 0;
	bpf_probe_read_kernel(&quoted, sizeof(quoted), BPF_CORE_READ(skb, data));
	if (((__u32)quoted.source | (__u32)quoted.dest << 16) != ports || quoted.seq != seq)
		return 0;
	return (BPF_CORE_READ(error, ee.ee_errno) & 0xff) |
	       (__u32)BPF_CORE_READ(error, ee.ee_type) << 8 |
	       (__u32)BPF_CORE_READ(error, ee.ee_code) << 16;
}

/*
 * The kernel queues an ICMP error about the SYN, which wakes poll(), and ends the socket only if no
 * process has it locked, as connect() has. Otherwise the program reads the error and closes the
 * socket (tcp_v4_err(); tcp_v6_err() only with IPV6_RECVERR; 5.8 to 7.2). In SYN_SENT, snd_una is
 * the SYN's sequence number.
 */
static __always_inline void fill_icmp_error(struct transition *record, const struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	const struct sock *sk = sock_of(tp);
	__u32 ports, found;

	if (!sk->sk_error_queue.qlen)
		return;
	ports = (__u32)inet->inet_sport | (__u32)sk->__sk_common.skc_dport << 16;
	found = icmp_error_about((__u64)BPF_CORE_READ(sk, sk_error_queue.prev), ports,
				 bpf_htonl(tp->snd_una));
	record->icmp_err = found;
	record->icmp_type = found >> 8;
	record->icmp_code = found >> 16;
}

static __always_inline void fill_failed_connect(struct transition *record, const struct sock *sk,
						const struct tcp_sock *tp,
						const struct change *change,
						const struct sock_entry *entry)
{
	record->connect_end = CONNECT_END_UNKNOWN;
	record->icmp_err = 0;
	record->icmp_type = 0;
	record->icmp_code = 0;
	if (change->oldstate != STATE_SYN_SENT || change->newstate != STATE_CLOSE)
		return;
	fill_icmp_error(record, tp);
	if (sk->sk_lock.owned && !sk->sk_shutdown && !sk->sk_err)
		record->connect_end = connect_end_of(tp, entry);
}

#endif
