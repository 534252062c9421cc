// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields and columns that the keys make. */
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "view/group_layout.h"

int group_layout_check(const struct options *options)
{
	const struct grouping *grouping = &options->grouping;

	for (enum group_by by = 0; by < GROUP_BY_COUNT; by++) {
		const char *name = group_by_name(by);
		const char *field = by == GROUP_BY_EDGE ? "oldstate" : name;

		if (grouping_has(grouping, by) ||
		    !(field_list_has(&options->fields, field) ||
		      (by == GROUP_BY_EDGE && field_list_has(&options->fields, "newstate"))))
			continue;
		log_error("--fields: %s is not a key of this summary; add %s to --by, or remove it",
			  field, name);
		return -1;
	}
	return 0;
}

/* The key that a field shows; GROUP_BY_COUNT: none. */
static enum group_by key_of(const char *field)
{
	enum group_by by = 0;

	if (!strcmp(field, "oldstate") || !strcmp(field, "newstate"))
		return GROUP_BY_EDGE;
	while (by < GROUP_BY_COUNT && strcmp(group_by_name(by), field) != 0)
		by++;
	return by;
}

/* Omits the fields of keys that were not requested: JSON prints all fields. */
static void choose_fields(struct group_layout *layout, const struct field_table *all,
			  const struct grouping *grouping)
{
	for (int i = 0; i < all->count; i++) {
		enum group_by by = key_of(all->fields[i].key);

		if (by == GROUP_BY_COUNT || grouping_has(grouping, by))
			layout->fields[layout->table.count++] = all->fields[i];
	}
	layout->table.fields = layout->fields;
}

static void write_columns(char *columns, const struct grouping *grouping, const char *rest)
{
	size_t size = 0;

	for (unsigned int i = 0; i < grouping->count; i++) {
		enum group_by by = grouping->order[i];
		const char *key = by == GROUP_BY_EDGE ? "oldstate,newstate" : group_by_name(by);

		size += (size_t)snprintf(columns + size, GROUP_COLUMNS_SIZE - size, "%s,", key);
	}
	snprintf(columns + size, GROUP_COLUMNS_SIZE - size, "%s", rest);
}

void group_layout_init(struct group_layout *layout, const struct options *options,
		       const struct field_table *fields, const char *columns, const char *csv)
{
	*layout = (struct group_layout){0};
	choose_fields(layout, fields, &options->grouping);
	write_columns(layout->columns, &options->grouping, columns);
	write_columns(layout->csv, &options->grouping, csv);
	layout->kind = (struct row_kind){
		.fields = &layout->table, .table = layout->columns, .csv = layout->csv};
}
