/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of a summary: one group in a report. Its fields are in summary_fields.c. */
#ifndef TCPSTATES_VIEW_SUMMARY_ROW_H
#define TCPSTATES_VIEW_SUMMARY_ROW_H

#include <stdint.h>

#include "view/drawing.h"
#include "view/group_row.h"
#include "view/summary.h"

struct summary_row {
	struct group_row group;            /* first member */
	const struct summary_stats *stats; /* the group's statistics for this report */
	int64_t now;                       /* sessions in it; may be below 0 */
	char drawn[DRAWING_SIZE_MAX];
};

#endif
