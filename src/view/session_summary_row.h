/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of a summary of sessions: one group in a report. */
#ifndef TCPSTATES_VIEW_SESSION_SUMMARY_ROW_H
#define TCPSTATES_VIEW_SESSION_SUMMARY_ROW_H

#include "field/field.h"
#include "view/group_row.h"
#include "view/session_summary.h"

struct session_summary_row {
	struct group_row group;            /* first member */
	const struct session_stats *stats; /* the group's statistics for this report */
	uint64_t open;                     /* sessions of the group */
};

extern const struct field_table session_summary_fields;

#endif
