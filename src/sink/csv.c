// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The CSV format: comma-separated values (RFC 4180); a value that is not known is empty. */
#include <string.h>

#include "../lib/text.h"
#include "text.h"

static char *csv_heading(const struct text_sink *text, char *place)
{
	for (int i = 0; i < text->columns.count; i++) {
		place = stpcpy(place, text->columns.field[i]->heading);
		*place++ = ',';
	}
	place[-1] = '\n';
	return place;
}

static char *write_cell(char *place, struct text_sink *text, const struct field *field,
			const void *row)
{
	struct value value;

	if (field->write)
		return field->write(place, row, &text->context);
	value = field->get(row, &text->context);
	if (value.kind == VALUE_UNKNOWN)
		return place;
	if (field->class == FIELD_WALL)
		return text_write_time_of_day(text, place, value.elapsed);
	return text_write_csv(place, value.text, value.size);
}

static char *csv_row(struct text_sink *text, char *place, const void *row)
{
	for (int i = 0; i < text->columns.count; i++) {
		place = write_cell(place, text, text->columns.field[i], row);
		*place++ = ',';
	}
	place[-1] = '\n';
	return place;
}

const struct text_format csv_format = {
	.heading = csv_heading,
	.row = csv_row,
};
