/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one event loop: waits for the source, the sinks' readers, signals and deadlines. */
#ifndef TCPSTATES_LOOP_H
#define TCPSTATES_LOOP_H

#include <stdint.h>

#include "dispatch.h"
#include "lib/poller.h"
#include "loss_report.h"
#include "source/source.h"
#include "trace/receiver.h"

struct loop {
	struct source *source;
	struct dispatch dispatch; /* from the source to the sinks */
	struct receiver receiver; /* what the source calls back */
	struct poller poller;     /* signals, the source, outputs, what sinks have registered */
	int signal_fd;
	uint64_t stop_by_ns; /* once stopping: how long the source may still have more */
	bool is_stopping;    /* no new transitions: what waits is shown, then the loop ends */
	bool is_cut_off;     /* the user asked again, or a reader holds up the end: ends at once */
	bool is_drained;     /* nothing waits any more */
	bool reader_is_gone; /* a closed pipe: ends quietly */
	struct loss_report losses;
	uint64_t scan_next_ns; /* no scan of the source's sessions earlier */
};

/*
 * With the source and what it is to be run with set, and the rest zeroed. Blocks the signals that
 * end the program, so that from here on none is missed. 0 or -1 after a report; loop_close() either
 * way.
 */
int loop_open(struct loop *loop);

/*
 * Runs until the source ends, a limit is reached, a signal comes or a reader goes away; then
 * drains, flushes and reports losses. 0, or -1 after a report.
 */
int loop_run(struct loop *loop);

void loop_close(struct loop *loop);

#endif
