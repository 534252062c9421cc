/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the rows of both summaries have: a group in a report. Its fields are in group_fields.c. */
#ifndef TCPSTATES_VIEW_GROUP_ROW_H
#define TCPSTATES_VIEW_GROUP_ROW_H

#include <stdbool.h>

#include "trace/grouping.h"
#include "view/reports.h"

struct group_row {
	struct report report; /* first member */
	const struct grouping *grouping;
	const struct group_key *key;
	bool is_other; /* the group of the rest */
};

static inline bool group_row_has(const struct group_row *row, enum group_by by)
{
	return grouping_has(row->grouping, by);
}

#endif
