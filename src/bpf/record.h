/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs send to user space: records in the ring buffer, and the output of
 * iterators. Each begins with its kind and its size. Neither recordings nor sinks contain them.
 *
 * The sizes are asserted below: both sides must agree on each member.
 */
#ifndef TCPSTATES_BPF_RECORD_H
#define TCPSTATES_BPF_RECORD_H

#include <linux/types.h>

#include "trace/listener.h"
#include "trace/transition.h"

enum record_kind {
	RECORD_NONE, /* not used: zeroed memory is not a valid record */
	/* In the ring buffer: */
	RECORD_TRANSITION,       /* struct record_transition */
	RECORD_PASSIVE_OPEN,     /* the same struct; stands for two */
	RECORD_REQUEST,          /* struct record_request */
	RECORD_RESET_SENT,       /* struct record_reset_sent */
	RECORD_LPORT_CHOSEN,     /* struct record_lport_chosen */
	RECORD_MINISOCK_ENDED,   /* struct record_minisock */
	RECORD_MINISOCK_REARMED, /* struct record_minisock */
	RECORD_PROBE,            /* struct record_probe */
	RECORD_RESETS_COUNTED,   /* struct record_resets_counted */
	RECORD_LISTENER,         /* struct record_listener; of iterators, too */
	/* Of iterators: */
	RECORD_SNAPSHOT,       /* struct record_snapshot */
	RECORD_MINISOCK_FOUND, /* struct record_minisock_found */
	RECORD_MARK,           /* struct record_mark */
	RECORD_HOLDER,         /* struct record_holder */
	RECORD_KINDS,
};

struct record_header {
	__u16 kind; /* enum record_kind */
	__u16 size; /* bytes of the whole record */
};

/* Which further records of a transition may follow. */
enum record_awaits {
	AWAITS_RESET = 1 << 0, /* RECORD_RESET_SENT, of the same skaddr */
	AWAITS_LPORT = 1 << 1, /* RECORD_LPORT_CHOSEN, of the same cookie */
};

/*
 * A socket changed its state. RECORD_PASSIVE_OPEN: a passive connection, or a request socket that
 * was dropped, left SYN_RECV. It stands for two transitions: LISTEN -> SYN_RECV, duration_ns
 * earlier, and this one.
 */
struct record_transition {
	struct record_header header;
	__u32 awaits; /* enum record_awaits */
	struct transition transition;
};

/* The same without details: it ends after the members of version 1. */
#define RECORD_TRANSITION_SHORT (sizeof(struct record_header) + sizeof(__u32) + TRANSITION_SIZE_1)

/* The SYN-ACK of a request socket is retransmitted: a snapshot in SYN_RECV. */
struct record_request {
	struct record_header header;
	__u32 padding;
	__u64 request; /* its address in the kernel */
	struct transition transition;
};

/* The kernel sent a reset for a socket, after that socket's last transition. */
struct record_reset_sent {
	struct record_header header;
	__u32 reason; /* enum reset_reason */
	__u64 skaddr;
};

/* connect() chose a local port, after the transition to SYN_SENT. */
struct record_lport_chosen {
	struct record_header header;
	__u16 lport; /* host order */
	__u16 padding;
	__u64 cookie; /* the session's */
};

/* Why a minisock ended. */
enum minisock_end {
	MINISOCK_EARLY,          /* before its timer expired; the cause is not known */
	MINISOCK_TIMER,          /* its timer expired */
	MINISOCK_RECYCLED,       /* a new session took its place */
	MINISOCK_RESET_RECEIVED, /* by a reset from the peer */
	MINISOCK_RESET_SENT,     /* data arrived, and the kernel answered with a reset */
	MINISOCK_DESTROYED,      /* by a process (ss -K), or with its network namespace */
	MINISOCK_ENDS,
};

/* A minisock ended, or its timer was restarted. */
struct record_minisock {
	struct record_header header;
	__u8 end;          /* enum minisock_end */
	__u8 reset_reason; /* enum reset_reason: RESET_SENT, if it is known */
	__u16 padding;
	__u64 time_ns;
	__u64 cookie; /* 0: the minisock has none */
	__u64 skaddr; /* of the minisock */
	__u64 due_ns; /* rearmed: when its timer will expire, CLOCK_MONOTONIC */
};

/* The trace's own probe changed its state (probe.h). It is handled before records are joined. */
struct record_probe {
	struct record_header header;
	__u32 padding;
	__u64 cookie;
};

/*
 * The first reset is counted since user space read the counts (reset_tally.h). It is handled before
 * records are joined.
 */
struct record_resets_counted {
	struct record_header header;
	__u32 padding;
};

/*
 * A report on a listener; LISTENER_ACCEPTED has only the first LISTENER_SIZE_ACCEPTED bytes of it.
 * It is handled before records are joined.
 */
struct record_listener {
	struct record_header header;
	__u32 padding;
	struct listener listener;
};

/* A session that remains in its state: its present values. */
struct record_snapshot {
	struct record_header header;
	__u32 padding;
	struct transition transition;
};

/* A minisock older than the trace: a snapshot without a duration. */
struct record_minisock_found {
	struct record_header header;
	__u32 padding;
	__u64 left_ns; /* until its timer expires */
	struct transition transition;
};

/* Has no content: it fills the buffer, see walk() in iterators.h. */
struct record_mark {
	struct record_header header;
	__u8 padding[sizeof(struct record_snapshot) - sizeof(struct record_header)];
};

/* A process has the socket of a session open that this scan reports. */
struct record_holder {
	struct record_header header;
	__u32 pid;
	__u64 skaddr;
	char comm[TRANSITION_COMM_SIZE]; /* of the process */
	__u8 is_owner;                   /* it is the owner that is stored for the socket */
	__u8 padding[7];
};

_Static_assert(sizeof(struct record_header) == 4, "kernel and user space agree");
_Static_assert(sizeof(struct record_transition) == 8 + sizeof(struct transition), "likewise");
_Static_assert(RECORD_TRANSITION_SHORT == 8 + TRANSITION_SIZE_1, "likewise");
_Static_assert(sizeof(struct record_request) == 16 + sizeof(struct transition), "likewise");
_Static_assert(sizeof(struct record_reset_sent) == 16, "likewise");
_Static_assert(sizeof(struct record_lport_chosen) == 16, "likewise");
_Static_assert(sizeof(struct record_minisock) == 40, "likewise");
_Static_assert(sizeof(struct record_probe) == 16, "likewise");
_Static_assert(sizeof(struct record_resets_counted) == 8, "likewise");
_Static_assert(sizeof(struct record_listener) == 8 + sizeof(struct listener), "likewise");
_Static_assert(sizeof(struct record_snapshot) == 8 + sizeof(struct transition), "likewise");
_Static_assert(sizeof(struct record_minisock_found) == 16 + sizeof(struct transition), "likewise");
_Static_assert(sizeof(struct record_holder) == 40, "likewise");
_Static_assert(sizeof(struct record_mark) == sizeof(struct record_snapshot), "likewise");

/* A new kind needs a struct, an assertion above, and a row in record_size_is() of source/join.c. */
_Static_assert(RECORD_KINDS == 15, "kernel and user space agree");

#endif
