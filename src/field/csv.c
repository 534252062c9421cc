// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The CSV format: comma-separated values (RFC 4180); an unknown value is empty. */
#include <string.h>

#include "field/format.h"
#include "lib/text.h"

static char *csv_heading(const struct row_writer *writer, char *place)
{
	for (int i = 0; i < writer->columns.count; i++) {
		place = stpcpy(place, writer->columns.field[i]->heading);
		*place++ = ',';
	}
	place[-1] = '\n';
	return place;
}

static char *csv_row(struct row_writer *writer, char *place, const void *row)
{
	const struct field *const *field = writer->columns.field;
	const struct field *const *end = field + writer->columns.count;

	for (; field < end; field++) {
		place = (*field)->write(place, row, &writer->context);
		*place++ = ',';
	}
	place[-1] = '\n';
	return place;
}

const struct text_format csv_format = {
	.write_text = text_write_csv,
	.write_wall = text_write_time_of_day,
	.heading = csv_heading,
	.row = csv_row,
};
