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
struct initial_scan {
	/* Set by the user: called every few milliseconds while iterators run. */
	void (*pause)(void *context);
	void *context;

	const struct tcpstates_bpf *program;
	struct bpf_link *sockets;    /* the iterator over them; NULL: it cannot be had */
	struct minisocks *minisocks; /* to be told of those that were there; NULL: not followed */
	struct record_queue *snapshots; /* likewise of all sessions; NULL: not wanted */
	uint64_t last_ns;               /* when initial_scan_repeat() was called last */
	uint64_t unknown;               /* records of iterators that were skipped */
};

/*
 * Once, when the programs that trace are attached. What cannot be found out is said with -v. The
 * program, and what is pointed to, live as long.
 */
void initial_scan_run(struct initial_scan *scan, const struct tcpstates_bpf *program,
		      struct minisocks *minisocks, struct record_queue *snapshots);

/*
 * Adds to scan->snapshots those that by now_ns (CLOCK_MONOTONIC) have been in their state for
 * least_ns (by state; 0: not scanned for) or that times a power of two, and had not at the scan
 * before.
 */
void initial_scan_repeat(struct initial_scan *scan, const uint64_t *least_ns, uint64_t now_ns);

void initial_scan_close(struct initial_scan *scan);

#endif
