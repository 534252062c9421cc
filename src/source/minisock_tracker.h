/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions whose socket has ended and that continue as a minisock: in TIME_WAIT, or in FIN_WAIT2 as
 * an orphan. Reports when they end.
 *
 * If fentry programs run, the kernel reports the end. Otherwise it is inferred: by reading the
 * minisock in the kernel's memory now and then and when its timer is due, and from the new session
 * that replaces it. Such an end has TRANSITION_DURATION_ABOUT; or TRANSITION_DURATION_AT_LEAST and
 * the time when the minisock was last seen, if that was long before it was found gone.
 */
#ifndef TCPSTATES_SOURCE_MINISOCK_TRACKER_H
#define TCPSTATES_SOURCE_MINISOCK_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/record.h"
#include "bpf/shared.h"
#include "source/watchlist.h"
#include "trace/clock.h"
#include "trace/transition.h"

#define TIME_WAIT_NS (60 * NSEC_PER_SEC) /* TCP_TIMEWAIT_LEN in net/tcp.h */

/* Takes a transition of a minisock; it is valid during the call. */
typedef void minisock_emit(void *context, const struct transition *transition);

/*
 * Reads minisocks in the kernel: fills in the present state of each of peeks. False if it cannot.
 */
typedef bool minisock_look(void *context, struct minisock_peek *peeks, size_t count);

struct minisocks {
	minisock_emit *emit;
	minisock_look *look; /* NULL: not possible, timers are relied on */
	void *context;
	bool has_exact_ends;      /* minisocks_end() is usually called */
	bool has_exact_requests;  /* the kernel reports the end of half-open sessions */
	struct watchlist watched; /* the present ones */
};

/* A transition with TRANSITION_TO_MINISOCK. Without memory, its end is not reported. */
void minisocks_add(struct minisocks *minisocks, const struct transition *transition);

/*
 * A minisock older than the trace, as the iterator reports it. since_ns: when it entered its state,
 * or with TRANSITION_DURATION_AT_LEAST, when it was found in it.
 */
void minisocks_add_found(struct minisocks *minisocks, const struct transition *found,
			 uint64_t since_ns);

/*
 * A request socket, which the kernel reports at each retransmission of its SYN-ACK: with
 * FACT_STANDING, duration_ns after the first SYN-ACK. request: its address in the kernel. If the
 * request is gone without a session, its beginning and end are reported, unless the kernel reports
 * them.
 */
void minisocks_add_request(struct minisocks *minisocks, const struct transition *snapshot,
			   uint64_t request);

/* A transition that may begin a session with the 4-tuple of one in TIME_WAIT. */
void minisocks_see(struct minisocks *minisocks, const struct transition *transition);

/* Reports minisocks that have ended by now_ns (CLOCK_MONOTONIC), if their end is inferred. */
void minisocks_expire(struct minisocks *minisocks, uint64_t now_ns);

/* Checks all orphans whose end is inferred, even those not yet due: the trace ends. */
void minisocks_look_last(struct minisocks *minisocks, uint64_t now_ns);

/* When to call minisocks_expire() next; UINT64_MAX: not before something is added. */
uint64_t minisocks_next_ns(const struct minisocks *minisocks);

/* From the kernel: the minisock ended; or FIN_WAIT2 became TIME_WAIT. */
void minisocks_end(struct minisocks *minisocks, const struct record_minisock *record);
void minisocks_rearm(struct minisocks *minisocks, const struct record_minisock *record);

void minisocks_close(struct minisocks *minisocks);

#endif
