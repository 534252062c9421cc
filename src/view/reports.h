/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When a view of groups reports: at the end of the run, and at the end of each interval if
 * requested. The time is that of transitions and ticks, so a replay reports at the same times.
 */
#ifndef TCPSTATES_VIEW_REPORTS_H
#define TCPSTATES_VIEW_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/text_sink.h"

/* The period of one report. */
struct report {
	uint64_t time_ns; /* monotonic: its end */
	uint64_t span_ns; /* its length */
	bool is_whole;    /* the whole run, not an interval */
};

struct reports {
	struct text_sink *text; /* the view */
	bool is_table;
	bool has_colour;
	bool has_reported;
	uint64_t interval_ns; /* 0: none */
	uint64_t now_ns;      /* monotonic: the newest known time */
	uint64_t start_ns;
	uint64_t next_ns; /* end of the current interval; UINT64_MAX: no intervals */
};

void reports_open(struct reports *reports, struct text_sink *text, uint64_t interval_ns);

/* When tracing begins. Prints the heading, unless each report of a table has its own. */
void reports_begin(struct reports *reports);

/* It is that late. True: the current interval has ended, and its report is due. */
bool reports_are_due(struct reports *reports, uint64_t now_ns);

/* The report that is due, or that of the whole run. */
struct report reports_period(const struct reports *reports, bool is_whole);

/* Prints what precedes the rows of a report. False: --count rows were printed, none follow. */
bool reports_write_head(struct reports *reports, const struct report *report);

/* After a report: the interval that now_ns is in. If several have ended, one report is enough. */
void reports_go_on(struct reports *reports);

#endif
