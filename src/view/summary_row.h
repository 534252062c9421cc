/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of a summary: what a report says of one group. Its fields are in summary_fields.c. */
#ifndef TCPSTATES_VIEW_SUMMARY_ROW_H
#define TCPSTATES_VIEW_SUMMARY_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "view/drawing.h"
#include "view/summary.h"

struct summary_row {
	const struct grouping *grouping;
	const struct summary_group *group;
	const struct summary_stats *stats; /* of the group: those that the report is about */
	const struct drawing *drawing;
	uint64_t time_ns; /* monotonic: up to when, */
	uint64_t span_ns; /* and how long before that it goes back */
	bool is_whole;    /* of the whole run, not of an interval */
	bool is_other;    /* the group of what has none of its own */
	char drawn[DRAWING_SIZE_MAX];
};

#endif
