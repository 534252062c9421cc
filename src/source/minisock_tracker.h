/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions whose socket has ended, and that a minisock of the kernel's goes on for: in TIME_WAIT,
 * or in FIN_WAIT2 when nobody owns them any more. Tells when they end.
 *
 * The kernel says so itself where fentry programs run. Elsewhere it is found out: by looking at the
 * minisock in the kernel's memory when its timer is due, and by the new session that takes its
 * place. Such an end is marked TRANSITION_DURATION_ABOUT.
 */
#ifndef TCPSTATES_SOURCE_MINISOCK_TRACKER_H
#define TCPSTATES_SOURCE_MINISOCK_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "source/watchlist.h"
#include "trace/transition.h"

/* Takes a transition of a minisock; it is valid during the call. */
typedef void minisock_emit(void *context, const struct transition *transition);

/*
 * Looks at minisocks in the kernel: fills in what has become of each of peeks. False when it cannot
 * look.
 */
typedef bool minisock_look(void *context, struct minisock_peek *peeks, size_t count);

struct minisocks {
	minisock_emit *emit;
	minisock_look *look; /* NULL: cannot, timers are relied on */
	void *context;
	bool has_exact_ends;      /* minisocks_end() will be called, as a rule */
	bool has_exact_requests;  /* the kernel tells of half-open sessions that end */
	struct watchlist watched; /* those that live */
};

/* A transition with TRANSITION_TO_MINISOCK. Without memory its end is not told. */
void minisocks_add(struct minisocks *minisocks, const struct transition *transition);

/*
 * One that was there before: as the iterator tells of it. since_ns: when it entered its state, or
 * with TRANSITION_DURATION_AT_LEAST, when it was found in it.
 */
void minisocks_add_found(struct minisocks *minisocks, const struct transition *found,
			 uint64_t since_ns);

/*
 * A request that waits for the handshake's last ACK: as the kernel tells of it each time that the
 * SYN-ACK is sent again, FACT_STANDING, duration_ns after the first; request: its address in the
 * kernel. Its beginning and its end are told once it is gone and no session has come of it, unless
 * the kernel tells of them.
 */
void minisocks_add_request(struct minisocks *minisocks, const struct transition *snapshot,
			   uint64_t request);

/* A transition that may begin a session between the ends of one that is in TIME_WAIT. */
void minisocks_see(struct minisocks *minisocks, const struct transition *transition);

/* Tells of those that have ended by now_ns (CLOCK_MONOTONIC), as far as that is inferred. */
void minisocks_expire(struct minisocks *minisocks, uint64_t now_ns);

/* Looks at every orphan whose end is inferred now, whose turn would be later: the trace ends. */
void minisocks_look_last(struct minisocks *minisocks, uint64_t now_ns);

/* When to call minisocks_expire() next; UINT64_MAX: not before something is added. */
uint64_t minisocks_next_ns(const struct minisocks *minisocks);

/* The kernel says: it ended, before its time if is_early; or FIN_WAIT2 became TIME_WAIT. */
void minisocks_end(struct minisocks *minisocks, uint64_t cookie, uint64_t time_ns, bool is_early);
void minisocks_rearm(struct minisocks *minisocks, uint64_t cookie, uint64_t time_ns,
		     uint64_t due_ns);

void minisocks_close(struct minisocks *minisocks);

#endif
