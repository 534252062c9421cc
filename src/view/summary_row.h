/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of a summary: one group in a report. Its fields are in summary_fields.c. */
#ifndef TCPSTATES_VIEW_SUMMARY_ROW_H
#define TCPSTATES_VIEW_SUMMARY_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "view/drawing.h"
#include "view/summary.h"

struct summary_row {
	const struct grouping *grouping;
	const struct summary_group *group;
	const struct summary_stats *stats; /* the group's statistics for this report */
	const struct drawing *drawing;
	uint64_t time_ns; /* monotonic: end of the period */
	uint64_t span_ns; /* length of the period */
	bool is_whole;    /* the whole run, not an interval */
	bool is_other;    /* the group of the rest */
	char drawn[DRAWING_SIZE_MAX];
};

#endif
