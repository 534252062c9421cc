/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one event loop: waits for the source, the sinks' readers, signals and deadlines. */
#ifndef TCPSTATES_LOOP_H
#define TCPSTATES_LOOP_H

#include <stdint.h>

#include "sink/sink.h"
#include "source/source.h"
#include "trace/filter.h"
#include "trace/lifetime.h"
#include "trace/receiver.h"
#include "trace/wants.h"
#include "trace/filter.h"

struct loop {
	struct source *source;
	struct sinks *sinks;
	const struct filter *filter;
	enum lifetime lifetime;    /* what lines show */
	uint64_t count_limit;      /* of the main output's lines, else of matches; 0: no limit */
	uint64_t count;            /* so far, where there is a limit */
	const struct wants *wants; /* of the outputs, borrowed */
	struct receiver receiver;  /* what the source calls back */
	struct poller poller;      /* signals, the source, outputs, what sinks have registered */
	int signal_fd;
	uint64_t stop_by_ns; /* once stopping: how long the source may still have more */
	bool is_stopping;    /* no new transitions: what waits is shown, then the loop ends */
	bool is_cut_off;     /* the user asked again, or a reader holds up the end: ends at once */
	bool is_drained;     /* nothing waits any more */
	bool reader_is_gone; /* a closed pipe: ends quietly */
	struct losses reported;  /* what the user and the sinks were told of */
	uint64_t report_next_ns; /* no earlier: one report a second */
	uint64_t scan_next_ns;   /* no scan of the source's sessions earlier */
	bool has_unreported;     /* something was read since losses were last asked for */
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
