/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a run consists of: made once from the options, then constant. */
#ifndef TCPSTATES_PLAN_H
#define TCPSTATES_PLAN_H

#include "cli/options.h"
#include "sink/sink.h"
#include "trace/lifetime.h"
#include "trace/wants.h"

struct plan {
	const struct options *options;             /* borrowed */
	const struct sink_ops *outputs[SINKS_MAX]; /* to be opened, in this order */
	int output_count;
	enum lifetime lifetime; /* what lines show */
	struct wants wants;     /* from the source: what the outputs and the filter need */
};

/*
 * Finds the outputs that the options select, and what they need from a source. 0, or -1 after a
 * report (wrong usage).
 */
int plan_make(struct plan *plan, const struct options *options);

/* Opens the outputs. 0, or -1 after a report. */
int plan_open_sinks(const struct plan *plan, struct sinks *sinks, const struct origin *origin,
		    struct poller *poller);

#endif
