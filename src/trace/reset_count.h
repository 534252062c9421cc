/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Resets that the kernel sent for packets of no session, added up: by both endpoints, the reason
 * and the kind of packet. The kernel program counts them, a recording stores the counts, and views
 * get them. The same packets may be in several counts, one after the other in time.
 */
#ifndef TCPSTATES_TRACE_RESET_COUNT_H
#define TCPSTATES_TRACE_RESET_COUNT_H

#include <linux/types.h>

/* Which socket the kernel found for the packet that it answered with a reset. */
enum reset_socket {
	RESET_SOCKET_NONE,
	RESET_SOCKET_LISTENER,
	RESET_SOCKET_TIME_WAIT, /* a minisock, in TIME_WAIT or FIN_WAIT2 */
	RESET_SOCKETS,          /* not known: from a later version */
};

enum reset_flags {
	RESET_FOR_SYN = 1 << 0, /* the packet was a SYN, without ACK */
	/* What found no room in a table: endpoints, netns and ip are zero. */
	RESET_OF_REST = 1 << 1,
};

/* What is counted together. */
struct reset_key {
	__u8 laddr[16]; /* this end: the packet's destination; as in struct transition */
	__u8 raddr[16]; /* its source, which the reset is sent to */
	__u16 lport;    /* host order */
	__u16 rport;
	__u32 netns; /* inode number of the network namespace */
	__u8 ip;     /* of the packet: 4 or 6 */
	__u8 reason; /* enum reset_reason */
	__u8 socket; /* enum reset_socket */
	__u8 flags;  /* enum reset_flags */
};

struct reset_count {
	struct reset_key key;
	__u32 padding; /* zero */
	__u64 count;
	__u64 first_ns; /* CLOCK_MONOTONIC */
	__u64 last_ns;
};

_Static_assert(sizeof(struct reset_key) == 44, "no padding: it is compared as bytes");
_Static_assert(sizeof(struct reset_count) == 72, "struct reset_count is a file format");

#endif
