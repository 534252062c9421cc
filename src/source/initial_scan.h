/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scans all sockets: at the start, to learn about sessions that are older than the trace; later, to
 * find sessions that stay in a state for long; and at the end, for the figures of those still open.
 */
#ifndef TCPSTATES_SOURCE_INITIAL_SCAN_H
#define TCPSTATES_SOURCE_INITIAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/numbers.h"
#include "source/found_minisocks.h"
#include "source/holders.h"
#include "source/minisock_tracker.h"
#include "source/record_queue.h"
#include "trace/doubts.h"
#include "trace/limits.h"

struct bpf_link;
struct listener_reader;
struct tcpstates_bpf;

/* Zeroed at first. */
struct initial_scan {
	/* Set by the user: called every few milliseconds while iterators run. */
	void (*pause)(void *context);
	void *context;

	const struct numbers *selected; /* set by the user: by --netns; empty: all are selected */

	const struct tcpstates_bpf *program;
	struct bpf_link *files;            /* the iterators over files and sockets; */
	struct bpf_link *sockets;          /* NULL: not available */
	struct minisocks *minisocks;       /* gets those older than the trace; NULL: not followed */
	struct record_queue *snapshots;    /* gets all snapshots; NULL: not wanted */
	struct listener_reader *listeners; /* gets reports on listeners; NULL: not wanted */
	struct found_minisocks found;      /* until the initial scan has ended */
	bool is_over;                      /* it has */
	size_t missed;    /* network namespaces that have sessions which should have been found */
	uint64_t last_ns; /* when initial_scan_repeat() was called last */
	bool is_at_end;   /* initial_scan_finish() is running */
	uint64_t unknown; /* records of unknown kind, which were skipped */
	struct record_queue later; /* snapshots of a later scan, and who has them open */
	struct holders holders;
	bool seeks_holders;
};

/*
 * The initial scan: once, after the tracing programs are attached. -v says what cannot be scanned.
 * The program and both pointers must outlive the scan.
 */
void initial_scan_run(struct initial_scan *scan, const struct tcpstates_bpf *program,
		      struct minisocks *minisocks, struct record_queue *snapshots);

/*
 * A record of the ring buffer, of size bytes, that arrived after the tracing programs were attached
 * and before initial_scan_run() returns.
 */
void initial_scan_see(struct initial_scan *scan, const void *record, size_t size);

/*
 * Adds to scan->snapshots the sessions that by now_ns (CLOCK_MONOTONIC) have been in their state
 * for its limit or for the limit times a power of two, and had not at the previous scan. Their
 * owners are the processes that have them open now.
 */
void initial_scan_repeat(struct initial_scan *scan, const struct state_limits *limits,
			 uint64_t now_ns);

/*
 * After initial_scan_repeat(): adds to scan->snapshots those of the doubted sessions whose sockets
 * exist, as they are. Sets is_gone of those whose sockets do not exist.
 */
void initial_scan_check(struct initial_scan *scan, const struct doubts *doubts);

/*
 * Adds to scan->snapshots all sessions that entered their state before now_ns (CLOCK_MONOTONIC),
 * except listeners and minisocks, with FACT_AT_END.
 */
void initial_scan_finish(struct initial_scan *scan, uint64_t now_ns);

void initial_scan_close(struct initial_scan *scan);

#endif
