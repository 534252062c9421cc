// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists of fields. */
#include <strings.h>

#include "field/field.h"

void field_list_own(struct field_list *list, const struct field_table *table)
{
	list->count = 0;
	for (int i = 0; i < table->count; i++)
		if (!table->fields[i].is_derived && !table->fields[i].is_on_request)
			list->field[list->count++] = &table->fields[i];
}

bool field_list_has_details(const struct field_list *list)
{
	for (int i = 0; i < list->count; i++)
		if (list->field[i]->is_detail)
			return true;
	return false;
}

static bool field_is_called(const struct field *field, const char *name)
{
	return !strcasecmp(name, field->key) || !strcasecmp(name, field->heading);
}

static const struct field *field_find(const struct field_table *table, const char *name)
{
	for (int i = 0; i < table->count; i++)
		if (field_is_called(&table->fields[i], name))
			return &table->fields[i];
	return NULL;
}

bool field_list_add(struct field_list *list, const struct field_table *table, const char *name)
{
	const struct field *field = field_find(table, name);

	if (!field || list->count == FIELDS_MAX || field_list_has(list, name))
		return false;
	list->field[list->count++] = field;
	return true;
}

bool field_list_has(const struct field_list *list, const char *name)
{
	for (int i = 0; i < list->count; i++)
		if (field_is_called(list->field[i], name))
			return true;
	return false;
}
