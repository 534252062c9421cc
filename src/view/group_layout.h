/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fields and columns of a view of groups: they depend on the keys of --by. */
#ifndef TCPSTATES_VIEW_GROUP_LAYOUT_H
#define TCPSTATES_VIEW_GROUP_LAYOUT_H

#include "cli/options.h"
#include "field/field.h"
#include "sink/text_sink.h"

#define GROUP_COLUMNS_SIZE 512

/* It must not move once it is initialized. */
struct group_layout {
	struct field fields[FIELDS_MAX];
	struct field_table table;
	struct row_kind kind;
	char columns[GROUP_COLUMNS_SIZE];
	char csv[GROUP_COLUMNS_SIZE];
};

/* Rejects --fields with a key that --by lacks. 0, or -1 after a report (wrong usage). */
int group_layout_check(const struct options *options);

/*
 * fields: all of the view, including those of keys. columns, csv: the default columns that follow
 * the keys.
 */
void group_layout_init(struct group_layout *layout, const struct options *options,
		       const struct field_table *fields, const char *columns, const char *csv);

#endif
