/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of --resets: a group, or one local port of it. Its fields are in resets_fields.c. */
#ifndef TCPSTATES_VIEW_RESETS_ROW_H
#define TCPSTATES_VIEW_RESETS_ROW_H

#include "field/field.h"
#include "view/resets.h"

struct reset_row {
	const struct reset_group *group;
	const struct reset_sum *sum; /* the group's, or of one local port */
};

extern const struct field_table resets_fields;

#endif
