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
	struct receiver receiver; /* callbacks for the source */
	struct poller poller;     /* signals, the source, outputs, descriptors of sinks */
	int signal_fd;
	uint64_t stop_by_ns; /* once stopping: deadline for more from the source */
	bool is_stopping;    /* no new transitions: shows pending ones, then ends */
	bool is_signalled;
	bool is_cut_off;     /* second signal, or a blocked reader: ends at once */
	bool is_drained;     /* nothing is pending */
	bool reader_is_gone; /* a closed pipe: ends quietly */
	struct loss_report losses;
	uint64_t scan_next_ns; /* no scan of the source's sessions earlier */
};

/*
 * The caller sets the source and what it runs with, and zeroes the rest. Blocks the signals that
 * end the program, so that none is missed afterwards. 0 or -1 after a report; call loop_close() in
 * both cases.
 */
int loop_open(struct loop *loop);

/*
 * Runs until the source ends, a limit is reached, a signal comes or a reader goes away; then
 * drains, flushes and reports losses. 0, or -1 after a report.
 */
int loop_run(struct loop *loop);

void loop_close(struct loop *loop);

#endif
