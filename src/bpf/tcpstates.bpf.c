// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel side: one record in the ring buffer for each TCP state change, with the time spent in
 * the state that was left. The clock of each socket lives in socket storage, so it dies with its
 * socket and never runs out of room; it is turned before any filter is asked and before room for
 * the record is reserved, so neither a filter nor a lost record falsifies a later duration.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../state.h"
#include "../transition.h"
#include "kernel.h"
#include "shared.h"

#define NSEC_PER_USEC 1000

/* From linux/in.h, which would bring its own struct in6_addr. */
#define IPPROTO_TCP 6

/* Set before load: what is off costs nothing, the verifier removes it. */
const volatile __u8 only_ip; /* 4 or 6; 0: both */
const volatile bool has_lports;
const volatile bool has_rports;
const volatile __u64 lports[PORT_SET_WORDS];
const volatile __u64 rports[PORT_SET_WORDS];

/*
 * Non-zero: the next record wakes the reader. The reader sets it after it has emptied the ring
 * buffer, the first record after that clears it: one wake-up a batch, none while the reader is busy
 * anyway.
 */
__u32 armed = 1;

struct socket_clock {
	__u64 since_ns; /* when the present state began; 0: not known */
	__u8 state;     /* the present state, enum tcp_state */
	bool is_child;  /* came from a listener, and has not left SYN_RECV */
};

/*
 * Added when a socket is created, else at its first transition; a child starts with a copy of its
 * listener's. Removed by the kernel with the socket. Without memory a transition has no duration.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_clock);
} clocks SEC(".maps");

/*
 * Records on their way to user space, which sets the size. When it is full, records are counted
 * lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

/* Written here, read by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kernel_losses);
} losses SEC(".maps");

/* One state change on its way into a record. */
struct change {
	__u64 now_ns;
	__u64 duration_ns;
	__u8 oldstate;
	__u8 newstate;
	__u8 flags; /* enum transition_flags */
};

static __always_inline void count(struct kernel_losses added)
{
	__u32 zero = 0;
	struct kernel_losses *counted = bpf_map_lookup_elem(&losses, &zero);

	if (counted) {
		counted->transitions += added.transitions;
		counted->clocks += added.clocks;
		counted->rescued += added.rescued;
	}
}

/*
 * The kernel creates a child when the handshake's last ACK arrives, microseconds before the child
 * leaves SYN_RECV. The time since the SYN is the child's first round-trip sample, measured by
 * tcp_synack_rtt_meas() from the SYN-ACK to that ACK (5.10 to 6.18). There is none, and so no
 * duration, when the SYN-ACK was sent again, or when the sample came from TCP timestamps (SYN
 * cookies): those count whole milliseconds. A child that was accepted in SYN_RECV (TCP Fast Open)
 * was created by the SYN.
 */
static __always_inline void measure_child(struct change *change, const struct sock *sk,
					  const struct tcp_sock *tp)
{
	__u32 srtt_us = tp->srtt_us >> 3;
	__u64 srtt_ns = (__u64)srtt_us * NSEC_PER_USEC;

	change->flags |= TRANSITION_AFTER_SYN;
	if (srtt_us && srtt_us % 1000 && !tp->total_retrans) {
		change->flags |= TRANSITION_DURATION_KNOWN;
		if (change->duration_ns < srtt_ns)
			change->duration_ns = srtt_ns;
	} else if (sk->sk_socket && change->duration_ns) {
		change->flags |= TRANSITION_DURATION_KNOWN;
	}
}

/*
 * Turns the socket's clock to the new state. False when nothing is to be reported yet: up to 6.12 a
 * child has no peer address at LISTEN -> SYN_RECV (inet_csk_clone_lock() sets it later), so that
 * transition is reported together with the one that leaves SYN_RECV.
 */
static __always_inline bool turn_clock(struct change *change, struct sock *sk,
				       const struct tcp_sock *tp)
{
	struct socket_clock *clock =
		bpf_sk_storage_get(&clocks, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	bool is_child;

	if (!clock)
		count((struct kernel_losses){.clocks = 1});
	if (change->oldstate == STATE_LISTEN && change->newstate == STATE_SYN_RECV) {
		if (clock) {
			clock->since_ns = change->now_ns;
			clock->state = STATE_SYN_RECV;
			clock->is_child = true;
		}
		return false;
	}
	/* A child without its mark (no memory for it) shows by having no user of its own yet. */
	is_child = change->oldstate == STATE_SYN_RECV &&
		   ((clock && clock->is_child) || !sk->sk_socket);
	/* Another state than the one it leaves: a change in between was not seen. */
	if (clock && clock->since_ns && clock->state == change->oldstate)
		change->duration_ns = change->now_ns - clock->since_ns;
	if (is_child)
		measure_child(change, sk, tp);
	else if (change->duration_ns)
		change->flags |= TRANSITION_DURATION_KNOWN;
	if (clock) {
		clock->since_ns = change->now_ns;
		clock->state = change->newstate;
		clock->is_child = false;
	}
	return true;
}

static __always_inline bool set_has(const volatile __u64 *set, __u16 port)
{
	return set[port / 64] >> (port % 64) & 1;
}

static __always_inline bool filter_passes(const struct sock *sk, __u16 lport, __u16 rport)
{
	if (only_ip && only_ip != (sk->__sk_common.skc_family == AF_INET6 ? 6 : 4))
		return false;
	if (has_lports && !set_has(lports, lport))
		return false;
	if (has_rports && !set_has(rports, rport))
		return false;
	return true;
}

static __always_inline void fill_mapped(__u8 *address, __be32 ipv4)
{
	__u32 *words = (__u32 *)address;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

static __always_inline void fill_addresses(struct transition *record, const struct sock *sk,
					   const struct tcp_sock *tp)
{
	if (sk->__sk_common.skc_family == AF_INET6) {
		record->ip = 6;
		*(struct in6_addr *)record->laddr = sk->__sk_common.skc_v6_rcv_saddr;
		*(struct in6_addr *)record->raddr = sk->__sk_common.skc_v6_daddr;
	} else {
		record->ip = 4;
		fill_mapped(record->laddr, tp->inet_conn.icsk_inet.inet_saddr);
		fill_mapped(record->raddr, sk->__sk_common.skc_daddr);
	}
}

static __always_inline void fill_task(struct transition *record)
{
	struct task_struct *task = bpf_get_current_task_btf();

	record->c_pid = task->tgid;
	__builtin_memcpy(record->c_comm, task->comm, sizeof(record->c_comm));
}

static __always_inline __u64 wakeup(void)
{
	if (!armed)
		return BPF_RB_NO_WAKEUP;
	armed = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline bool is_transition(const struct sock *sk, int oldstate, int newstate)
{
	return sk->sk_protocol == IPPROTO_TCP && oldstate != newstate;
}

static __always_inline int trace(struct sock *sk, int oldstate, int newstate)
{
	struct change change = {.oldstate = oldstate, .newstate = newstate};
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct transition *record;
	__u16 lport, rport;

	if (!tp)
		return 0;
	change.now_ns = bpf_ktime_get_ns();
	if (!turn_clock(&change, sk, tp))
		return 0;

	/* Not skc_num: that is 0 again at CLOSE, where inet_put_port() has run. */
	lport = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	rport = bpf_ntohs(sk->__sk_common.skc_dport);
	if (!filter_passes(sk, lport, rport))
		return 0;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count((struct kernel_losses){.transitions =
						     change.flags & TRANSITION_AFTER_SYN ? 2 : 1});
		return 0;
	}
	record->time_ns = change.now_ns;
	record->duration_ns = change.duration_ns;
	record->skaddr = (__u64)sk;
	fill_addresses(record, sk, tp);
	fill_task(record);
	record->lport = lport;
	record->rport = rport;
	record->oldstate = change.oldstate;
	record->newstate = change.newstate;
	record->flags = change.flags;
	record->padding = 0;
	bpf_ringbuf_submit(record, wakeup());
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int oldstate, int newstate)
{
	return is_transition(sk, oldstate, newstate) ? trace(sk, oldstate, newstate) : 0;
}

/*
 * The kernel does not run a program on a CPU where it runs already (__bpf_trace_run(), 6.1): what a
 * packet that interrupts the program above does to other sockets would go unseen, and on 7.2 also
 * what another task does that takes the CPU meanwhile. This one runs after it on every transition
 * and traces those. It tells them by the state in the socket's clock.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(unseen_set_state, struct sock *sk, int oldstate, int newstate)
{
	struct socket_clock *clock;

	if (!is_transition(sk, oldstate, newstate))
		return 0;
	clock = bpf_sk_storage_get(&clocks, sk, NULL, 0);
	if (!clock || clock->state == newstate)
		return 0;
	count((struct kernel_losses){.rescued = 1});
	return trace(sk, oldstate, newstate);
}

/*
 * The birth of a socket, by its creator: without it the time in CLOSE before the first transition
 * is not known.
 */
SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *sk)
{
	struct socket_clock born = {};

	if (sk->protocol != IPPROTO_TCP || (sk->family != AF_INET && sk->family != AF_INET6))
		return 1;
	born.since_ns = bpf_ktime_get_ns();
	born.state = STATE_CLOSE;
	if (!bpf_sk_storage_get(&clocks, sk, &born, BPF_SK_STORAGE_GET_F_CREATE))
		count((struct kernel_losses){.clocks = 1});
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
