/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shared record: one TCP socket changing state once, raw facts only. The kernel program fills
 * it, the ring buffer carries it, a recording holds it and every sink gets it.
 *
 * New members go to the end and raise TRANSITION_VERSION, so that older recordings stay readable: a
 * shorter record is completed with zeroes, and a zero means "not known".
 */
#ifndef TCPSTATES_TRANSITION_H
#define TCPSTATES_TRANSITION_H

#include <linux/types.h>

#define TRANSITION_VERSION   1
#define TRANSITION_COMM_SIZE 16 /* TASK_COMM_LEN, the final NUL included */

enum transition_flags {
	/* duration_ns is the time spent in oldstate; without it, that time is not known */
	TRANSITION_DURATION_KNOWN = 1 << 0,
	/*
	 * Ring buffer only, never in a recording nor in a sink: a passive connection left SYN_RECV,
	 * and stands for two transitions: LISTEN -> SYN_RECV, duration_ns earlier, and this one.
	 */
	TRANSITION_AFTER_SYN = 1 << 1,
};

struct transition {
	__u64 time_ns;     /* CLOCK_MONOTONIC, when the state changed */
	__u64 duration_ns; /* in oldstate; see TRANSITION_DURATION_KNOWN */
	__u64 skaddr;      /* the kernel's struct sock: tells sockets apart while they live */
	__u8 laddr[16];    /* network order; IPv4 as ::ffff:a.b.c.d */
	__u8 raddr[16];
	char c_comm[TRANSITION_COMM_SIZE]; /* thread on the CPU; NUL-terminated */
	__u32 c_pid;                       /* its process id (the kernel's tgid) */
	__u16 lport;                       /* host order; 0 when not bound yet */
	__u16 rport;
	__u8 ip; /* the socket's address family: 4 or 6 */
	__u8 oldstate;
	__u8 newstate;
	__u8 flags; /* enum transition_flags */
	__u32 padding;
};

_Static_assert(sizeof(struct transition) == 88, "struct transition is a file format");

#endif
