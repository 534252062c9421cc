/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shared record: one state change of one TCP session, raw facts only. The kernel program fills
 * it, the ring buffer carries it, a recording stores it and every sink gets it.
 *
 * New members replace reserved ones or go to the end. An older reader ignores the new members of a
 * longer record; a newer reader fills a shorter record with zeroes, and zero means "not known"
 * (docs/recording.md). A change to an existing member raises TRANSITION_VERSION.
 */
#ifndef TCPSTATES_TRACE_TRANSITION_H
#define TCPSTATES_TRACE_TRANSITION_H

#include <linux/types.h>
#include <stdbool.h>

#include "trace/state.h"

#define TRANSITION_VERSION   4
#define TRANSITION_COMM_SIZE 16 /* TASK_COMM_LEN, including the final NUL */

/*
 * What a struct transition is, by its flags (to: TO_MINISOCK, of: OF_MINISOCK), facts (FACT_...)
 * and states. No other combination occurs.
 *
 *   to of STANDING FOUND   states                      what it is
 *   -  -  -        -       any, different              a socket changed state
 *   x  -  -        -       FIN_WAIT2 or CLOSING,       a socket ended, a minisock remains in
 *                          then TIME_WAIT or FIN_WAIT2 newstate; FIN_WAIT2 twice: an orphan
 *   -  x  -        -       FIN_WAIT2 or TIME_WAIT,     a minisock ended, or the peer's FIN arrived
 *                          then TIME_WAIT or CLOSE
 *   -  x  -        x       likewise                    the same for one older than the trace
 *   -  x  -        -       LISTEN, then SYN_RECV;      a request socket that never became a
 *                          SYN_RECV, then CLOSE        connection: it began, was dropped
 *   -  -  x        -       any, twice                  snapshot of a socket
 *   -  x  x        -       SYN_RECV, twice             snapshot of a request socket
 *   -  x  x        x       TIME_WAIT or FIN_WAIT2,     snapshot of a minisock older than the
 *                          twice                       trace
 *
 * At most one of DURATION_KNOWN, _ABOUT and _AT_LEAST is set, in any row. Without HAS_DETAILS (only
 * bcc's columns were requested), only the first row occurs. A member of version 4 is known if its
 * bit in known is set.
 */

/* The first three describe duration_ns; if none of them is set, it is not known. */
enum transition_flags {
	TRANSITION_DURATION_KNOWN = 1 << 0,    /* exact time spent in oldstate */
	TRANSITION_DURATION_ABOUT = 1 << 1,    /* that time is inferred or approximate */
	TRANSITION_DURATION_AT_LEAST = 1 << 2, /* a lower bound of that time */
	/* The members of version 2 are filled in; without it, none of them is known. */
	TRANSITION_HAS_DETAILS = 1 << 3,
	/*
	 * The kernel's socket ends here, in CLOSE, and a minisock remains in newstate (TIME_WAIT,
	 * or FIN_WAIT2 for an orphan): net/ipv4/tcp_minisocks.c.
	 */
	TRANSITION_TO_MINISOCK = 1 << 4,
	/*
	 * Of a minisock or a request socket (half-open, from or to SYN_RECV), not of a socket:
	 * bcc's tcpstates sees none of these.
	 */
	TRANSITION_OF_MINISOCK = 1 << 5,
};

/* How the owner is known. */
enum owner_from {
	OWNER_UNKNOWN,
	OWNER_CONNECT,   /* it called connect() */
	OWNER_LISTEN,    /* it called listen() */
	OWNER_ACCEPT,    /* it called accept() */
	OWNER_INHERITED, /* the listener's owner; no known accept() */
	OWNER_SCAN,      /* it had the socket open when tracing began */
	OWNER_USE,       /* it shut down or closed the socket */
	OWNER_KERNEL,    /* the kernel's own socket */
	OWNER_HOLDER,    /* of a snapshot: the one process that has the socket open */
	OWNER_SHARED,    /* of a snapshot: one of several processes that have it open */
};

/* Facts at the time of the state change that explain its cause. */
enum transition_facts {
	FACT_IN_CALL = 1 << 0,          /* in a system call on this socket (sk_lock.owned) */
	FACT_KERNEL_THREAD = 1 << 1,    /* by a kernel thread */
	FACT_EXITING = 1 << 2,          /* by an exiting process; see signal */
	FACT_LAST_FD = 1 << 3,          /* its last descriptor was closed */
	FACT_ORPHAN = 1 << 4,           /* no process owns the socket (SOCK_DEAD) */
	FACT_KEEPALIVE = 1 << 5,        /* SO_KEEPALIVE is on */
	FACT_LINGER_0 = 1 << 6,         /* SO_LINGER with time 0 */
	FACT_LINGER2_NONE = 1 << 7,     /* TCP_LINGER2 below 0 */
	FACT_USER_TIMEOUT = 1 << 8,     /* TCP_USER_TIMEOUT is set */
	FACT_ACCEPTED = 1 << 9,         /* a process has, or had, a descriptor (sk_socket) */
	FACT_RESET_RECEIVED = 1 << 10,  /* the kernel reported a reset received */
	FACT_RESET_SENT = 1 << 11,      /* the kernel sent a reset; see reset_reason */
	FACT_MINISOCK_SOUGHT = 1 << 12, /* without TO_MINISOCK, no minisock was found */
	FACT_IDLE = 1 << 13,            /* idle_ms is known */
	FACT_RECYCLED = 1 << 14,        /* a new session replaced the minisock */
	FACT_TIMER = 1 << 16,           /* the timer of the minisock expired */
	FACT_PEER_FIN = 1 << 15,        /* the peer's FIN was received: SOCK_DONE, or TIME_WAIT */
	FACT_UNSENT = 1 << 17,          /* some queued data was never sent */
	FACT_QUEUES = 1 << 21,          /* tx_queue and rx_queue are known */
	/*
	 * A subflow of MPTCP, which no process has: FACT_IN_CALL, EXITING and LAST_FD, signal and
	 * shutdown are those of the process that closed the connection.
	 */
	FACT_SUBFLOW = 1 << 25,
	/*
	 * No change: a snapshot of a session that stays in its state (oldstate equals newstate);
	 * duration_ns is the time in it so far. For sessions older than the trace, and for
	 * those that stay in a state.
	 */
	FACT_STANDING = 1 << 20,
	/*
	 * Of a snapshot. A socket: data in its queue has not been acknowledged since due_ns or
	 * longer, or the peer's window has been closed since then. A request socket: the last ACK
	 * of the handshake arrived, but the listener's accept queue was full.
	 */
	FACT_STALLED = 1 << 30,
	/* STANDING, from the scan at the end of the trace: the session's last figures. */
	FACT_AT_END = 1 << 29,
	FACT_FOUND = 1 << 19, /* minisock older than the trace: uid and figures are not known */
	FACT_LPORT_LATER = 1 << 18, /* lport was chosen right after; bcc's tcpstates sees 0 */
	/* These are known with TRANSITION_KNOWN_END. */
	FACT_ALL_ACKED = 1 << 22,         /* the peer acknowledged all that was sent, and the FIN */
	FACT_REPAIR = 1 << 23,            /* TCP_REPAIR is on */
	FACT_USER_TIMEOUT_OVER = 1 << 24, /* TCP_USER_TIMEOUT expired: the SYN, zero window */
	/* The minisock was destroyed: by a process, or with its network namespace. */
	FACT_DESTROYED = 1 << 27,
};

/* Which members of version 4 are known. */
enum transition_known {
	/* Both initial sequence numbers; only in the change to ESTABLISHED. */
	TRANSITION_KNOWN_ISN = 1 << 0,
	TRANSITION_KNOWN_SEGS_OUT = 1 << 1,
	TRANSITION_KNOWN_END = 1 << 2, /* the facts that say so; connect_end; icmp_... */
	/*
	 * A snapshot of a later scan: if the socket belongs to a process (FACT_ACCEPTED), those
	 * that have it open were searched. None was found unless owner_from is OWNER_HOLDER or
	 * OWNER_SHARED.
	 */
	TRANSITION_KNOWN_HOLDER = 1 << 9,
	/* Of a snapshot of a socket: the peer's receive window is closed, and data waits. */
	TRANSITION_KNOWN_NO_WINDOW = 1 << 10,
	/* The same bit of a request socket: the last ACK of the handshake has arrived. */
	TRANSITION_KNOWN_ACKED = 1 << 10,
};

/* What a process did in the call that ended SYN_SENT. */
enum connect_end {
	CONNECT_END_UNKNOWN,    /* not known, or something else ended it */
	CONNECT_END_NO_PORT,    /* connect() found no local port, or the 4-tuple was taken */
	CONNECT_END_FAILED,     /* connect() failed in this host, with a port */
	CONNECT_END_SHUTDOWN,   /* shutdown() */
	CONNECT_END_DISCONNECT, /* connect(AF_UNSPEC) */
};

struct transition {
	__u64 time_ns;     /* CLOCK_MONOTONIC, when the state changed */
	__u64 duration_ns; /* in oldstate; see transition_flags */
	__u64 skaddr;      /* address of struct sock: unique while it exists; 0: not known */
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

	/* Version 2, in version 1 padding: */
	__u32 pid; /* the owner's process id; 0: not known, or the kernel */

	/* Version 2: */
	__u64 cookie;   /* identifies the session, never reused; as ss -e shows it */
	__u64 cgroup;   /* id of the creator's cgroup in the cgroup2 hierarchy; 0: not known */
	__u64 tx_bytes; /* payload bytes sent, not counting retransmissions */
	__u64 rx_bytes; /* payload bytes received in order */
	__u64 minisock; /* TO_MINISOCK: its kernel address; 0: not known */
	__u64 due_ns;   /* TO_MINISOCK: when its timer will expire; see also FACT_STALLED */
	char comm[TRANSITION_COMM_SIZE]; /* the owner's process; NUL-terminated; "": not known */
	__u32 uid;                       /* of the owner */
	__u32 netns;                     /* inode number of the network namespace */
	__u32 facts;                     /* enum transition_facts */
	__u32 rtt_us;                    /* smoothed round-trip time; 0: none measured */
	__u32 min_rtt_us;                /* recent minimum RTT; 0: none measured */
	__u32 retrans;                   /* retransmitted segments, including SYN and SYN-ACK */
	__u32 cwnd;                      /* congestion window, in segments; 0: none */
	__u32 mss;                       /* largest segment sent, in bytes; 0: none */
	__u32 idle_ms;                   /* since the last data sent or received; see FACT_IDLE */
	__u16 err;                       /* errno of the socket (sk_err) */
	__u16 err_soft;                  /* errno that did not end the socket (sk_err_soft) */
	__u8 shutdown;                   /* bits of sk_shutdown: 1 receive, 2 send */
	__u8 retransmits;                /* consecutive unanswered retransmissions */
	__u8 probes;                     /* likewise, keepalive and zero-window probes */
	__u8 signal;                     /* the signal that killed the process; 0: none */
	__u8 owner_from;                 /* enum owner_from */
	__u8 reset_reason;               /* enum reset_reason (reset.h); 0: none, or not known */
	__u8 padding[2];

	/* Version 3: */
	__u32 tx_queue; /* payload bytes that the peer has not acknowledged; see FACT_QUEUES */
	__u32 rx_queue; /* payload bytes that no process has read; likewise */

	/* Version 4: */
	__u32 known;      /* enum transition_known; other bits are reserved, zero */
	__u32 isn_local;  /* initial sequence number of this end's SYN */
	__u32 isn_remote; /* and of the peer's; the other end records the same pair, swapped */
	__u32 segs_out;   /* segments sent, including those without payload */
	__u8 connect_end; /* enum connect_end; from SYN_SENT to CLOSE only */
	__u8 icmp_err;    /* errno of the ICMP error that answered the SYN; likewise */
	__u8 icmp_type;   /* of that ICMP error (of ICMPv6 if raddr is IPv6); 0: none */
	__u8 icmp_code;
	__u32 reserved[1]; /* zero */
};

#define TRANSITION_SIZE_1 88 /* of version 1: all that bcc's outputs need */
#define TRANSITION_SIZE_2 200
#define TRANSITION_SIZE_3 208

_Static_assert(sizeof(struct transition) == 232, "struct transition is a file format");

#define TRANSITION_DURATION_MASK \
	(TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT | TRANSITION_DURATION_AT_LEAST)

/* The members beyond bcc's columns are filled in. */
static inline bool transition_has_details(const struct transition *t)
{
	return t->flags & TRANSITION_HAS_DETAILS;
}

/* No change: the session as it was at time_ns. */
static inline bool transition_is_snapshot(const struct transition *t)
{
	return t->facts & FACT_STANDING;
}

/* The socket ends, and a minisock remains in newstate. */
static inline bool transition_is_to_minisock(const struct transition *t)
{
	return t->flags & TRANSITION_TO_MINISOCK;
}

/* The same for a socket that its owner closed before: the state stays FIN_WAIT2. */
static inline bool transition_is_to_orphan(const struct transition *t)
{
	return transition_is_to_minisock(t) && t->oldstate == t->newstate;
}

/* Of a minisock or a request socket: bcc's tcpstates sees neither. */
static inline bool transition_is_of_minisock(const struct transition *t)
{
	return t->flags & TRANSITION_OF_MINISOCK;
}

/* Of a request socket: the session has no full socket, or never got one. */
static inline bool transition_is_half_open(const struct transition *t)
{
	return transition_is_of_minisock(t) &&
	       (t->oldstate == STATE_SYN_RECV || t->newstate == STATE_SYN_RECV);
}

/* From the scan at the end: such a snapshot begins no session. */
static inline bool transition_is_at_end(const struct transition *t)
{
	return t->facts & FACT_AT_END;
}

/* Of a minisock older than the trace: its owner and figures are not known. */
static inline bool transition_is_found(const struct transition *t)
{
	return t->facts & FACT_FOUND;
}

#endif
