/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports losses to the user and the sinks: at most once a second, and at the end. */
#ifndef TCPSTATES_LOSS_REPORT_H
#define TCPSTATES_LOSS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/sink.h"
#include "trace/losses.h"

/* Initialize to zero. */
struct loss_report {
	struct losses reported; /* so far */
	uint64_t next_ns;       /* CLOCK_MONOTONIC; no report earlier */
	bool is_replay;         /* the recorder lost it: advice would come too late */
	bool is_due;            /* set by the caller: something was read since the last report */
};

/* losses: since the trace began. */
void loss_report_update(struct loss_report *report, const struct losses *losses,
			struct sinks *sinks);

/* The last losses and the totals. */
void loss_report_end(struct loss_report *report, const struct losses *losses, struct sinks *sinks);

#endif
