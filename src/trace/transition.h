/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shared record: one TCP session changing state once, raw facts only. The kernel program fills
 * it, the ring buffer carries it, a recording holds it and every sink gets it.
 *
 * New members take the place of reserved ones, or go to the end. An older reader takes a longer
 * record without them; a shorter one is completed with zeroes, and a zero means "not known"
 * (docs/recording.md). What changes a member that there is raises TRANSITION_VERSION.
 */
#ifndef TCPSTATES_TRACE_TRANSITION_H
#define TCPSTATES_TRACE_TRANSITION_H

#include <linux/types.h>
#include <stdbool.h>

#include "trace/state.h"

#define TRANSITION_VERSION   4
#define TRANSITION_COMM_SIZE 16 /* TASK_COMM_LEN, the final NUL included */

/*
 * What a struct transition is, by its flags (to: TO_MINISOCK, of: OF_MINISOCK), facts (FACT_...)
 * and states. No other combination of these occurs. All but the first may have any cause.
 *
 *   to of STANDING FOUND   states                      what it is
 *   -  -  -        -       any, different              a socket changed its state
 *   x  -  -        -       FIN_WAIT2 or CLOSING,       a socket ended, a minisock goes on in
 *                          then TIME_WAIT or FIN_WAIT2 newstate; FIN_WAIT2 twice: an orphan
 *   -  x  -        -       FIN_WAIT2 or TIME_WAIT,     a minisock ended, or the peer's FIN came
 *                          then TIME_WAIT or CLOSE
 *   -  x  -        x       likewise                    the same of one older than the trace
 *   -  x  -        -       LISTEN, then SYN_RECV;      a request socket that never became a
 *                          SYN_RECV, then CLOSE        connection: it began, was dropped
 *   -  -  x        -       any, twice                  snapshot of a socket
 *   -  x  x        -       SYN_RECV, twice             snapshot of a request socket
 *   -  x  x        x       TIME_WAIT or FIN_WAIT2,     snapshot of a minisock older than the
 *                          twice                       trace
 *
 * At most one of DURATION_KNOWN, _ABOUT and _AT_LEAST is set, in any of these. Without HAS_DETAILS
 * (bcc's columns only were asked for) none of the others is set, but for the first row. A member
 * of version 4 is known by its bit in known.
 */

/* What is known of duration_ns: one of the first three, or it is not known at all. */
enum transition_flags {
	TRANSITION_DURATION_KNOWN = 1 << 0,    /* it is the time spent in oldstate */
	TRANSITION_DURATION_ABOUT = 1 << 1,    /* that time is inferred, or known roughly */
	TRANSITION_DURATION_AT_LEAST = 1 << 2, /* that time is no shorter */
	/* The members of version 2 hold what they say; without it, all of them are unknown. */
	TRANSITION_HAS_DETAILS = 1 << 3,
	/*
	 * The kernel's socket ends here, in CLOSE, and a minisock goes on in newstate (TIME_WAIT,
	 * or FIN_WAIT2 for a session nobody owns any more): net/ipv4/tcp_minisocks.c.
	 */
	TRANSITION_TO_MINISOCK = 1 << 4,
	/*
	 * It is a minisock that changes, or a request (half-open, from SYN_RECV or to it), not a
	 * socket: bcc's tcpstates sees none of these.
	 */
	TRANSITION_OF_MINISOCK = 1 << 5,
};

/* How the owner became known. */
enum owner_from {
	OWNER_UNKNOWN,
	OWNER_CONNECT,   /* it called connect() */
	OWNER_LISTEN,    /* it called listen() */
	OWNER_ACCEPT,    /* it called accept() */
	OWNER_INHERITED, /* it is the listener's; not accepted as far as is known */
	OWNER_SCAN,      /* it had the socket open when tracing began */
	OWNER_USE,       /* it shut the socket down, or closed it */
	OWNER_KERNEL,    /* the kernel's own socket */
};

/* What was so when the state changed, as far as it tells why. */
enum transition_facts {
	FACT_IN_CALL = 1 << 0,          /* in a system call on this socket (sk_lock.owned) */
	FACT_KERNEL_THREAD = 1 << 1,    /* by a thread of the kernel's */
	FACT_EXITING = 1 << 2,          /* by a process that ends; see signal */
	FACT_LAST_FD = 1 << 3,          /* its last descriptor was closed */
	FACT_ORPHAN = 1 << 4,           /* no process has it any more (SOCK_DEAD) */
	FACT_KEEPALIVE = 1 << 5,        /* SO_KEEPALIVE is on */
	FACT_LINGER_0 = 1 << 6,         /* SO_LINGER with time 0 */
	FACT_LINGER2_NONE = 1 << 7,     /* TCP_LINGER2 below 0 */
	FACT_USER_TIMEOUT = 1 << 8,     /* TCP_USER_TIMEOUT is set */
	FACT_ACCEPTED = 1 << 9,         /* a process has, or had, a descriptor (sk_socket) */
	FACT_RESET_RECEIVED = 1 << 10,  /* the kernel reported a reset received */
	FACT_RESET_SENT = 1 << 11,      /* the kernel sent a reset for it; see reset_reason */
	FACT_MINISOCK_SOUGHT = 1 << 12, /* so that without TO_MINISOCK there is none */
	FACT_IDLE = 1 << 13,            /* idle_ms is known */
	FACT_RECYCLED = 1 << 14,        /* a minisock made way for a new session */
	FACT_TIMER = 1 << 16,           /* a minisock's time was over */
	FACT_PEER_FIN = 1 << 15,        /* the peer's FIN has come (SOCK_DONE) */
	FACT_UNSENT = 1 << 17,          /* data waited that was never sent */
	FACT_QUEUES = 1 << 21,          /* tx_queue and rx_queue are known */
	/*
	 * No change: a look at a session that stays in newstate, which oldstate is, too;
	 * duration_ns is the time in it so far. Of sessions that were there before; and of those
	 * that stay.
	 */
	FACT_STANDING = 1 << 20,
	FACT_FOUND = 1 << 19, /* a minisock older than the trace: uid and figures are not known */
	FACT_LPORT_LATER = 1 << 18, /* lport was chosen right after; bcc's tcpstates sees 0 */
};

/* Which members of version 4 hold a value. */
enum transition_known {
	/* Both initial sequence numbers: in the record of the change to ESTABLISHED. */
	TRANSITION_KNOWN_ISN = 1 << 0,
	TRANSITION_KNOWN_SEGS_OUT = 1 << 1,
};

struct transition {
	__u64 time_ns;     /* CLOCK_MONOTONIC, when the state changed */
	__u64 duration_ns; /* in oldstate; see transition_flags */
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

	/* Version 2, in version 1 padding: */
	__u32 pid; /* the owner's process id; 0: not known, or the kernel */

	/* Version 2: */
	__u64 cookie;   /* tells sessions apart, for ever; as ss -e shows it */
	__u64 cgroup;   /* id of the creator's cgroup in the cgroup2 hierarchy; 0: not known */
	__u64 tx_bytes; /* payload sent, what was sent again not counted again */
	__u64 rx_bytes; /* payload received in order */
	__u64 minisock; /* TO_MINISOCK: its address in the kernel; 0: not known */
	__u64 due_ns;   /* TO_MINISOCK: when its timer will go off, CLOCK_MONOTONIC */
	char comm[TRANSITION_COMM_SIZE]; /* the owner's process; NUL-terminated, "" not known */
	__u32 uid;                       /* of the owner */
	__u32 netns;                     /* inode number of the network namespace */
	__u32 facts;                     /* enum transition_facts */
	__u32 rtt_us;                    /* smoothed round-trip time; 0: none measured */
	__u32 min_rtt_us;                /* the least of late; 0: none measured */
	__u32 retrans;                   /* segments sent again, SYN and SYN-ACK too */
	__u32 cwnd;                      /* congestion window, in segments */
	__u32 mss;                       /* largest segment sent, in bytes */
	__u32 idle_ms;                   /* since data went either way; see FACT_IDLE */
	__u16 err;                       /* errno for the process (sk_err) */
	__u16 err_soft;                  /* errno that did not end it (sk_err_soft) */
	__u8 shutdown;                   /* bits of sk_shutdown: 1 receiving, 2 sending */
	__u8 retransmits;                /* unanswered so far, in a row */
	__u8 probes;                     /* likewise, of keepalive and zero window */
	__u8 signal;                     /* that killed the process; 0: none */
	__u8 owner_from;                 /* enum owner_from */
	__u8 reset_reason;               /* enum reset_reason (reset.h); 0: none, or not known */
	__u8 padding[2];

	/* Version 3: */
	__u32 tx_queue; /* payload that the peer has not acknowledged; see FACT_QUEUES */
	__u32 rx_queue; /* payload that no process has read */

	/* Version 4: */
	__u32 known;       /* enum transition_known; the other bits are reserved, zero */
	__u32 isn_local;   /* initial sequence number of this end's SYN */
	__u32 isn_remote;  /* and of the peer's: both ends have the same pair, exchanged */
	__u32 segs_out;    /* segments sent, those without payload, too */
	__u32 reserved[2]; /* zero */
};

#define TRANSITION_SIZE_1 88 /* of version 1, all that bcc's outputs need */
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

/* No change: a session that stays in its state, as it was at time_ns. */
static inline bool transition_is_snapshot(const struct transition *t)
{
	return t->facts & FACT_STANDING;
}

/* The socket ends, and a minisock goes on in newstate. */
static inline bool transition_is_to_minisock(const struct transition *t)
{
	return t->flags & TRANSITION_TO_MINISOCK;
}

/* The same, of a socket whose owner closed it before: the state stays FIN_WAIT2. */
static inline bool transition_is_to_orphan(const struct transition *t)
{
	return transition_is_to_minisock(t) && t->oldstate == t->newstate;
}

/* Of a minisock or a request socket: bcc's tcpstates sees neither. */
static inline bool transition_is_of_minisock(const struct transition *t)
{
	return t->flags & TRANSITION_OF_MINISOCK;
}

/* Of a request socket: a session that has no socket, or never got one. */
static inline bool transition_is_half_open(const struct transition *t)
{
	return transition_is_of_minisock(t) &&
	       (t->oldstate == STATE_SYN_RECV || t->newstate == STATE_SYN_RECV);
}

/* Of a minisock older than the trace, of which owner and figures are not known. */
static inline bool transition_is_found(const struct transition *t)
{
	return t->facts & FACT_FOUND;
}

#endif
