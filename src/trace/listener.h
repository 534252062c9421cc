/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports on listening sockets: what their accept queues have been through. The kernel programs
 * fill them, a recording stores them, and views get them. Counts only grow, so that the difference
 * between two reports on a listener is what happened in between.
 */
#ifndef TCPSTATES_TRACE_LISTENER_H
#define TCPSTATES_TRACE_LISTENER_H

#include <linux/types.h>

#include "trace/transition.h"

enum listener_event {
	LISTENER_FOUND,    /* a scan has found it: it may be older than the trace */
	LISTENER_BEGAN,    /* listen() */
	LISTENER_ENDED,    /* its last report */
	LISTENER_ACCEPTED, /* accept() has returned a connection: LISTENER_SIZE_ACCEPTED bytes */
	LISTENER_EVENTS,
};

/* Which members are known. */
enum listener_known {
	LISTENER_KNOWN_ACCEPTED = 1 << 0, /* accepted; each accept() also has a report */
	LISTENER_KNOWN_OVERFLOWS = 1 << 1,
	LISTENER_KNOWN_COOKIES = 1 << 2,
	LISTENER_KNOWN_NETNS = 1 << 3, /* those whose names begin with netns_ */
	LISTENER_KNOWN_DELAY = 1 << 4, /* delay_ns, of LISTENER_ACCEPTED */
};

struct listener {
	__u64 time_ns;   /* CLOCK_MONOTONIC */
	__u64 skaddr;    /* address of struct sock: unique while it exists */
	__u64 cookie;    /* of the socket; 0: not known */
	__u64 delay_ns;  /* ACCEPTED: from ESTABLISHED until accept() */
	__u8 event;      /* enum listener_event */
	__u8 known;      /* enum listener_known */
	__u8 ip;         /* the socket's address family: 4 or 6 */
	__u8 owner_from; /* enum owner_from (transition.h) */
	__u16 lport;     /* host order */
	__u16 padding;
	/* The rest is zero in LISTENER_ACCEPTED. */
	__u64 since_ns;                  /* CLOCK_MONOTONIC: listen(); 0: before the trace */
	__u8 laddr[16];                  /* network order; IPv4 as ::ffff:a.b.c.d */
	char comm[TRANSITION_COMM_SIZE]; /* the owner's process; "": not known */
	__u64 cgroup;                    /* id of the creator's cgroup; 0: not known */
	__u32 pid;                       /* the owner's process id; 0: not known, or the kernel */
	__u32 uid;
	__u32 netns;         /* inode number of the network namespace */
	__u32 queue;         /* connections that wait for accept(): sk_ack_backlog */
	__u32 limit;         /* sk_max_ack_backlog: the queue may be one longer */
	__u32 peak;          /* longest queue since the previous report that is not ACCEPTED */
	__u32 queued_before; /* queue when counting began */
	__u32 drops;         /* sk_drops: packets dropped since the socket was created; wraps */
	/* Counted since the listener began, or was found: */
	__u64 queued;    /* connections that came into the queue */
	__u64 accepted;  /* connections that accept() returned */
	__u64 overflows; /* SYNs and ACKs dropped because the queue was full */
	__u64 cookies;   /* SYNs answered with a SYN cookie */
	/* Counters of its network namespace (/proc/net/netstat), right before the scan, or at the
	 * last scan before it began: */
	__u64 netns_overflows; /* ListenOverflows */
	__u64 netns_drops;     /* ListenDrops */
};

#define LISTENER_SIZE_ACCEPTED 40
#define LISTENER_SIZE          168

_Static_assert(sizeof(struct listener) == LISTENER_SIZE, "struct listener is a file format");
_Static_assert(__builtin_offsetof(struct listener, since_ns) == LISTENER_SIZE_ACCEPTED,
	       "the same for its first part");

#endif
