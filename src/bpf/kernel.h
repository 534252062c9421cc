/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that the programs use, with only the members that they read. CO-RE finds members
 * by name in the running kernel's BTF when the program is loaded, so order, padding and omitted
 * members do not matter. A suffix after ___ in a name distinguishes variants of a type; CO-RE
 * ignores it.
 */
#ifndef TCPSTATES_BPF_KERNEL_H
#define TCPSTATES_BPF_KERNEL_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

/* The table of established and time-wait sockets. */
struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};

struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
};

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo; /* since 6.1 */
};

struct net {
	struct {
		unsigned int inum;
	} ns;
	__u32 hash_mix;
	struct {
		struct inet_timewait_death_row tcp_death_row;
		struct {
			__u32 range; /* since 6.8: high << 16 | low */
		} ip_local_ports;
		unsigned long *sysctl_local_reserved_ports;
		__u8 sysctl_tcp_tw_reuse;
		__u8 sysctl_tcp_syncookies; /* an int before 5.13 */
	} ipv4;
};

struct net___port_pair {
	struct {
		struct {
			int range[2]; /* up to 6.7 */
		} ip_local_ports;
	} ipv4;
};

struct net_device {
	struct {
		struct net *net;
	} nd_net;
};

struct dst_entry {
	struct net_device *dev;
};

struct sk_buff {
	char cb[48]; /* in an error queue: struct sock_exterr_skb */
	unsigned char *data;
	unsigned char *head;
	__be16 protocol;
	__u16 network_header; /* offsets from head */
	__u16 transport_header;
	unsigned long _skb_refdst; /* struct dst_entry *, and a flag in its lowest bit */
};

/* The number of references to a namespace; 0: it is being destroyed. */
struct net___count {
	struct {
		struct {
			struct {
				int counter;
			} refs;
		} count; /* 5.11 to 6.17 */
	} ns;
};

struct net___ref {
	struct {
		struct {
			struct {
				int counter;
			} refs;
		} __ns_ref; /* since 6.18 */
	} ns;
};

struct proto {
	union {
		struct inet_hashinfo *hashinfo; /* up to 6.0, or a protocol's own table */
	} h;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned int skc_hash;
	unsigned short skc_family;
	unsigned char skc_state;
	struct proto *skc_prot;
	struct {
		struct net *net;
	} skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct {
		struct {
			int counter;
		} refs;
	} skc_refcnt;
	struct {
		__s64 counter;
	} skc_cookie;
	unsigned long skc_flags;
	struct hlist_nulls_node skc_nulls_node;
};

struct timer_list {
	unsigned long expires; /* jiffies */
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	unsigned char tw_substate;
	struct timer_list tw_timer;
};

struct request_sock {
	struct sock_common __req_common;
	__u8 num_retrans;
	struct sock *sk;
};

struct inet_request_sock {
	struct request_sock req;
	__u16 acked : 1; /* the last ACK came, and was not enough: tcp_check_req() */
};

struct tcp_request_sock {
	struct inet_request_sock req;
	__u64 snt_synack; /* CLOCK_MONOTONIC, microseconds: when the first SYN-ACK was sent */
};

/* The number of references to a file. Up to 6.12: 0 or less if none is left. */
struct file {
	struct {
		long counter;
	} f_count;
	void *private_data;
};

/* Since 6.13: far below 0 if none is left (include/linux/file_ref.h). */
struct file___ref {
	struct {
		struct {
			long counter;
		} refcnt;
	} f_ref;
};

struct socket {
	/* enum socket_state in linux/net.h, ABI; without a name in the kernel, too. */
	enum {
		SS_FREE,
		SS_UNCONNECTED,
		SS_CONNECTING,
		SS_CONNECTED,
		SS_DISCONNECTING,
	} state;
	struct file *file;
	struct sock *sk;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

/* An entry of an error queue, in linux/errqueue.h. */
struct sock_exterr_skb {
	struct {
		__u32 ee_errno;
		__u8 ee_origin;
		__u8 ee_type;
		__u8 ee_code;
	} ee;
};

struct sk_buff_head {
	struct sk_buff *prev;
	__u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	struct {
		int owned;
	} sk_lock;
	struct {
		struct cgroup *cgroup; /* since 5.15 */
	} sk_cgrp_data;
	struct {
		__u32 val;
	} sk_uid;
	__u16 sk_protocol; /* 16 bits wide since 5.6 */
	__u8 sk_shutdown;
	int sk_err;
	int sk_err_soft;
	struct sk_buff_head sk_error_queue;
	__u32 sk_txhash;
	unsigned long sk_lingertime;
	struct socket *sk_socket;
	__u32 sk_ack_backlog;     /* of a listener: its accept queue, */
	__u32 sk_max_ack_backlog; /* and how long it may be */
	struct {
		int counter;
	} sk_drops;
};

/* Of accept(), since 6.10. */
struct proto_accept_arg {
	int flags;
};

/* Up to 5.14: a pointer whose lowest two bits are flags, or something else if bit 0 is set. */
struct sock___word {
	struct {
		__u64 val;
	} sk_cgrp_data;
};

struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	__be16 inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	__u32 icsk_user_timeout;
	void *icsk_ulp_data;
	__u8 icsk_retransmits;
	__u8 icsk_probes_out;
	__u32 icsk_probes_tstamp; /* jiffies: when the window was found closed; 0: it is not */
	struct {
		__u32 lrcvtime; /* jiffies: when data was last received */
	} icsk_ack;
	struct {
		__u8 rskq_defer_accept; /* TCP_DEFER_ACCEPT */
		struct {
			int counter;
		} qlen; /* of a listener: handshakes under way */
	} icsk_accept_queue;
};

struct minmax_sample {
	__u32 t; /* jiffies */
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct list_head {
	struct list_head *next;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	struct list_head tsorted_sent_queue;
	__u32 srtt_us; /* smoothed round-trip time, in eighths of a microsecond */
	struct minmax rtt_min;
	__u32 total_retrans;
	__u32 snd_cwnd;
	__u32 mss_cache;
	__u32 lsndtime;       /* jiffies: when data was last sent */
	__u32 rcv_tstamp;     /* jiffies: when an ACK was last received that was not old */
	__u32 snd_wnd;        /* the peer's receive window */
	__u32 chrono_start;   /* jiffies: when chrono_type began */
	__u8 chrono_type : 2; /* what limits sending (enum tcp_chrono); 0: nothing is queued */
	__u32 snd_nxt;
	__u32 snd_una;    /* the first byte not acknowledged by the peer */
	__u32 write_seq;  /* after the last byte written by the owner */
	__u32 rcv_nxt;    /* after the last byte received in order */
	__u32 copied_seq; /* after the last byte read by the owner */
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	__u64 bytes_acked; /* includes the SYN of an active connection, and the FIN */
	__u32 segs_out;
	__u64 tcp_mstamp;     /* microseconds: when the last packet or timer was dealt with */
	__u32 retrans_stamp;  /* when the oldest segment was first sent: ms, or with tcp_usec_ts us
			       */
	__u8 tcp_usec_ts : 1; /* since 6.7 */
	__u8 repair : 1;
	int linger2;
	bool is_mptcp;    /* a subflow of MPTCP; only if the kernel has MPTCP */
	__u8 syn_smc : 1; /* of SMC, which a process has; only if the kernel has SMC */
};

/* The socket of an MPTCP connection. */
struct mptcp_sock {
	struct inet_connection_sock sk;
};

struct mptcp_subflow_context {
	struct sock *conn; /* struct mptcp_sock */
};

struct signal_struct {
	int group_exit_code;
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	unsigned int flags;
	int tgid;
	__u64 start_boottime;
	char comm[16];
	struct task_struct *group_leader;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct tcphdr;

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
};

#pragma clang attribute pop

/* From linux/socket.h and net/tcp_states.h, both ABI. */
#define AF_INET  2
#define AF_INET6 10

/* From linux/in.h, which would define its own struct in6_addr. */
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262

/* From linux/if_ether.h. */
#define ETH_P_IP 0x0800

/* Where an error comes from: linux/errqueue.h, ABI, which needs other headers. */
#define SO_EE_ORIGIN_ICMP  2
#define SO_EE_ORIGIN_ICMP6 3

/* enum sock_flags in net/sock.h, bits of skc_flags (5.10 to 7.2). */
#define SOCK_DEAD     0
#define SOCK_DONE     1
#define SOCK_KEEPOPEN 3
#define SOCK_LINGER   4

/* task_struct.flags in linux/sched.h. */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

/* The flags of a segment, in byte 13 of its header (RFC 9293). */
#define TCP_FLAGS_OFFSET 13
#define TCP_FLAG_SYN     0x02
#define TCP_FLAG_RST     0x04

#define NSEC_PER_USEC 1000

/*
 * The socket, for reading pointers. If the verifier trusts a pointer, such as a tracepoint's
 * argument, each pointer read through it costs four searches by name through all kernel types, on
 * each path: 0.3 s for one program on 6.18 (btf_nested_type_is_trusted(), since 6.2). The verifier
 * does not trust a helper's result, and these programs need no trusted pointer.
 */
static __always_inline const struct sock *sock_of(const struct tcp_sock *tp)
{
	return &tp->inet_conn.icsk_inet.sk;
}

static __always_inline bool is_subflow(const struct tcp_sock *tp)
{
	return bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp;
}

#endif
