/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel programs and user space share besides the records (record.h). */
#ifndef TCPSTATES_BPF_SHARED_H
#define TCPSTATES_BPF_SHARED_H

#include <linux/types.h>

#include "trace/port.h"
#include "trace/reset_count.h"
#include "trace/state.h"

/* Address prefixes. If there are several, all are in tries. */
struct kernel_nets {
	__u64 address[2]; /* the only one, in network order */
	__u64 mask[2];
	__u8 is_given;
	__u8 is_one;
	__u8 padding[6];
};

/* The unit of times in /proc/PID/stat: USER_HZ is 100 on every architecture that has BPF. */
#define PROCESS_TICK_NS 10000000

/* Which transitions get a record. */
struct kernel_filter {
	__u64 lports[PORT_SET_WORDS];
	__u64 rports[PORT_SET_WORDS];
	struct kernel_nets locals;
	struct kernel_nets remotes;
	__u32 from; /* sets of states (../state.h); 0: any */
	__u32 to;
	__u32 either;
	__u32 netns; /* inode number; 0: any, or several, which user space checks */
	__u8 has_lports;
	__u8 has_rports;
	__u8 only_ip; /* 4 or 6; 0: both */
	__u8 has_pids;
	__u8 has_uids;
	__u8 is_on; /* a filter on the endpoints or the namespace is set */
	/* Selected by these numbers, here or in user space, which the kernel uses again: */
	__u8 names_pids;
	__u8 names_namespaces;
};

/* An address prefix, as a key of the kernel's tries. */
struct net_key {
	__u32 bits; /* of the prefix */
	__u8 address[16];
};

/* How many sockets can wait for their first connection at a time; a power of two. */
#define CREATION_TIMES 65536

/* One per CPU; the counts never decrease. */
struct kernel_losses {
	__u64 transitions; /* not delivered: the ring buffer was full */
	__u64 details;     /* likewise, of a transition that may have been delivered */
	__u64 clocks;      /* without a duration: no memory for the socket's clock */
	__u64 rescued;     /* traced by the second program, as the first was interrupted */
};

/*
 * The group of a transition in a summary: members that the summary does not need are zero. The
 * members that cost least to hash come first; the map's key ends after the last one needed.
 */
struct tally_key {
	__u16 bucket; /* of the duration (../lib/bucket.h), if known */
	__u8 oldstate;
	__u8 newstate;
	__u8 flags;           /* enum transition_flags: what is known of the duration */
	__u8 is_passive_open; /* each stands for two: see RECORD_PASSIVE_OPEN */
	__u8 is_unseen;       /* no change: see struct tally */
	__u8 padding;
	__u16 lport;
	__u16 rport;
	__u32 netns;
	__u32 pid;
	__u32 padding2;
	char comm[16];
	__u8 raddr[16]; /* masked to the prefix length */
	__u8 laddr[16];
};

/* Count, total duration and longest duration. On one CPU. */
struct tally_value {
	__u64 count;
	__u64 sum_ns;
	__u64 max_ns;
};

#define TALLIES_MAX 16384
#define LEFT_PLACES (1u << 20)

/* What the kernel program aggregates instead of sending records. Set before load. */
struct tally_wanted {
	__u8 is_on;
	__u8 by_lport;
	__u8 by_rport;
	__u8 by_netns;
	__u8 by_owner; /* pid and comm */
	__u8 by_raddr;
	__u8 by_laddr;
	__u8 padding;
	__u64 raddr_ipv4[2]; /* masks, in network order */
	__u64 raddr_ipv6[2];
	__u64 laddr_ipv4[2];
	__u64 laddr_ipv6[2];
};

/* Count and times of resets that are alike (../trace/reset_count.h). */
struct reset_value {
	__u64 count;
	__u64 first_ns;
	__u64 last_ns;
};

/* How many different ones the kernel program counts between two readings. */
#define RESETS_MAX 16384

/* Those beyond, by reason, socket and kind of packet. */
#define RESET_RESTS (1u << 8)

static inline __u32 reset_rest_place(const struct reset_key *key)
{
	return ((__u32)key->reason << 3 | key->socket << 1 | (key->flags & RESET_FOR_SYN)) &
	       (RESET_RESTS - 1);
}

/* How many listeners are followed at a time. */
#define LISTENERS_MAX 65536

/* How many minisocks one run of the program reads. */
#define PEEKS_MAX 64

/*
 * A minisock and its present state, which the kernel program fills in. The memory may have been
 * reused: it is the same minisock if it has the cookie, or the 4-tuple and the namespace. A
 * minisock has a cookie only if its socket had one, or something has asked for it since (as ss -e
 * does).
 */
struct minisock_peek {
	__u64 address;  /* kernel's, of the minisock */
	__u64 cookie;   /* 0: not known */
	__u64 laddr[2]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u64 raddr[2];
	__u64 due_ns;  /* CLOCK_MONOTONIC: when its timer will expire */
	__u64 left_ns; /* until its time ends; the timer is a little later */
	__u32 netns;   /* inode number */
	__u32 state;   /* STATE_TIME_WAIT, STATE_FIN_WAIT2, STATE_NEW_SYN_RECV; 0: it is gone */
	__u16 lport;   /* host order */
	__u16 rport;
	__u32 padding;
};

/* A bit for each port. */
#define RESERVED_PORTS_WORDS (65536 / 64)

/* The network namespace of a socket, and its local ports, which the kernel program fills in. */
struct ports_peek {
	__u64 skaddr; /* of a socket in it, or of a minisock */
	__u64 net;    /* its address in the kernel; 0: not known, the program fills it in */
	__u32 netns;  /* inode number */
	__u16 low;    /* net.ipv4.ip_local_port_range; 0: not known */
	__u16 high;
	__u8 tw_reuse;     /* net.ipv4.tcp_tw_reuse */
	__u8 has_tw_reuse; /* it is known */
	__u8 has_reserved; /* reserved_ports is filled in */
	__u8 is_done;      /* 0: the socket is gone, or the program did not run */
	__u32 padding;
};

/*
 * Which sessions the iterator over sockets reports as RECORD_SNAPSHOT. User space sets it before
 * each run.
 */
struct scan_request {
	/*
	 * CLOCK_MONOTONIC. Reports sessions that by now_ns have been in their state for least_ns,
	 * or for least_ns times a power of two, and had not by before_ns. 0: the initial scan,
	 * which reports sessions without a traced change, and minisocks.
	 */
	__u64 now_ns;
	__u64 before_ns;
	__u64 least_ns[STATE_COUNT]; /* by state; 0: never */
	__u64 stalled_ns;            /* the same for sessions that are stalled; 0: never */
	__u32 number;                /* of the scan: marks the sockets whose holders it searches */
	__u8 is_check;               /* report the sockets in the map of doubts, and no other */
	__u8 padding[3];
};

/* A session whose socket may no longer exist: whether the iterator has found it. By skaddr. */
struct kernel_doubt {
	__u64 cookie; /* 0: not known */
	__u64 is_found;
};

#define DOUBTS_MAX 65536

#endif
