/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looks at all sessions there are: at the start, so that those that were there before are known;
 * later, for those that stay in a state for long.
 */
#ifndef TCPSTATES_SOURCE_INITIAL_SCAN_H
#define TCPSTATES_SOURCE_INITIAL_SCAN_H

#include <stdint.h>

#include "source/minisock_tracker.h"
#include "source/record_queue.h"

struct bpf_link;
struct tcpstates_bpf;

/* Zeroed at first. */
struct seed {
	/* Set by the user: called every few milliseconds while iterators run. */
	void (*pause)(void *context);
	void *context;

	const struct tcpstates_bpf *program;
	struct bpf_link *sockets;    /* the iterator over them; NULL: it cannot be had */
	struct minisocks *minisocks; /* to be told of those that were there; NULL: not followed */
	struct backlog *standing;    /* likewise of all sessions; NULL: not wanted */
	uint64_t looked_ns;          /* when seed_look() was called last */
	uint64_t unknown;            /* records of iterators that were skipped */
};

/*
 * Once, when the programs that trace are attached. What cannot be found out is said with -v. The
 * program, and what is pointed to, live as long.
 */
void seed_sessions(struct seed *seed, const struct tcpstates_bpf *program,
		   struct minisocks *minisocks, struct backlog *standing);

/*
 * Adds to seed->standing those that by now_ns (CLOCK_MONOTONIC) have been in their state for
 * least_ns (by state; 0: not looked for) or that times a power of two, and had not at the look
 * before.
 */
void seed_look(struct seed *seed, const uint64_t *least_ns, uint64_t now_ns);

void seed_close(struct seed *seed);

#endif
