/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions that were there before: user space runs these iterators once, after the programs that
 * trace are attached. What those have seen meanwhile is newer, and is left alone.
 */
#ifndef TCPSTATES_BPF_SEED_H
#define TCPSTATES_BPF_SEED_H

#include "address.h"
#include "file.h"
#include "minisock.h"
#include "session.h"

/* For how long, at least, a session has been established: since data went either way first. */
static __always_inline __u64 least_age_ns(const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 sent = BPF_CORE_READ(tp, lsndtime);
	__u32 received = BPF_CORE_READ(tp, inet_conn.icsk_ack.lrcvtime);
	__u32 since_sent = now - sent, since_received = now - received;

	if (!sent || !received)
		return 0;
	return (since_sent > since_received ? since_sent : since_received) * jiffy_ns;
}

/*
 * Sets the clock, unless a transition has. One that comes just now finds the mark, or takes it
 * away: then its duration counts as a lower bound, which it is.
 */
static __always_inline void seed_clock(struct session *session, const struct sock *sk)
{
	__u64 since_ns = bpf_ktime_get_ns();

	if (BPF_CORE_READ(sk, __sk_common.skc_state) == STATE_ESTABLISHED)
		since_ns -= least_age_ns((const struct tcp_sock *)sk);
	if (session_begin(session, since_ns))
		session->is_seeded = true;
}

static __always_inline bool is_tcp_copied(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP &&
	       (family == AF_INET || family == AF_INET6);
}

/* Of all network namespaces. Of the processes that share a socket the first one counts as owner. */
SEC("iter/task_file")
int seed_files(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct session *session;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sk = file_socket(file);
	if (!sk || !is_tcp_copied(sk))
		return 0;
	session = session_of(sk);
	if (!session)
		return 0;
	if (!session->pid)
		session_set_owner(session, task, OWNER_SCAN);
	seed_clock(session, sk);
	return 0;
}

/* What is written to user space of a minisock. */
static __always_inline int seed_minisock(struct seq_file *seq, struct sock_common *common)
{
	struct tcp_timewait_sock *tcp = bpf_skc_to_tcp_timewait_sock(common);
	const struct inet_timewait_sock *minisock;
	struct seeded_minisock seeded = {0};
	__u64 now_ns, now_jiffies, expires;

	if (!tcp)
		return 0;
	minisock = &tcp->tw_sk;
	now_ns = bpf_ktime_get_ns();
	now_jiffies = bpf_jiffies64();
	expires = minisock->tw_timer.expires;
	address_fill(seeded.laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	address_fill(seeded.raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	seeded.lport = common->skc_num;
	seeded.rport = bpf_ntohs(common->skc_dport);
	seeded.netns = common->skc_net.net->ns.inum;
	seeded.cookie = common->skc_cookie.counter;
	seeded.address = (__u64)minisock;
	seeded.ip = common->skc_family == AF_INET6 ? 6 : 4;
	seeded.state = minisock->tw_substate;
	seeded.now_ns = now_ns;
	seeded.due_ns = now_ns + due_in_jiffies(expires, now_jiffies) * jiffy_ns;
	if ((__s64)(expires - now_jiffies) > 0)
		seeded.left_ns = (expires - now_jiffies) * jiffy_ns;
	bpf_seq_write(seq, &seeded, sizeof(seeded));
	return 0;
}

/*
 * Of the network namespace of who reads it: also what no process has open, as what waits to be
 * accepted, orphans and minisocks.
 */
SEC("iter/tcp")
int seed_sockets(struct bpf_iter__tcp *context)
{
	struct sock_common *common = context->sk_common;
	struct session *session;
	struct tcp_sock *tp;
	struct sock *sk;

	if (!common)
		return 0;
	if (common->skc_state == STATE_TIME_WAIT)
		return seed_minisock(context->meta->seq, common);
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	sk = &tp->inet_conn.icsk_inet.sk;
	session = session_of(sk);
	if (session)
		seed_clock(session, sk);
	return 0;
}

#endif
