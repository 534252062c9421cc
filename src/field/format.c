// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows as text: code that all formats share. */
#include <time.h>

#include "field/format.h"
#include "lib/text.h"

/* Room for what a format adds to a value: the JSON key, the padding of the table. */
#define CELL_EXTRA 64

static size_t line_size(const struct field_list *columns)
{
	size_t size = CELL_EXTRA;

	for (int i = 0; i < columns->count; i++)
		size += VALUE_SIZE_MAX + TEXT_GROWTH * columns->field[i]->text_size + TEXT_EXTRA +
			CELL_EXTRA;
	return size;
}

void row_writer_init(struct row_writer *writer, struct cgroups *cgroups)
{
	writer->notation.write_text = writer->format->write_text;
	writer->notation.write_wall = writer->format->write_wall;
	writer->context.cgroups = cgroups;
	writer->context.notation = &writer->notation;
	writer->line_size = line_size(&writer->columns);
	if (writer->format->lay_out)
		writer->format->lay_out(writer);
}

/* The start of the second of a wall-clock time, which may be before 1970. */
static time_t second_begin(struct second_text *second, int64_t wall_ns)
{
	int64_t ns = wall_ns % NSEC_PER_SEC;

	second->begin_ns = wall_ns - (ns < 0 ? ns + NSEC_PER_SEC : ns);
	return second->begin_ns / NSEC_PER_SEC;
}

void second_take_utc(struct second_text *second, int64_t wall_ns)
{
	time_t time = second_begin(second, wall_ns);
	struct tm tm;

	if (gmtime_r(&time, &tm))
		second->length =
			strftime(second->text, sizeof(second->text), "%Y-%m-%dT%H:%M:%S", &tm);
}

static void second_take_local(struct second_text *second, int64_t wall_ns)
{
	time_t time = second_begin(second, wall_ns);
	struct tm tm;

	if (localtime_r(&time, &tm))
		second->length = strftime(second->text, sizeof(second->text), "%H:%M:%S", &tm);
}

char *text_write_time_of_day(struct notation *notation, char *place, int64_t wall_ns)
{
	struct second_text *second = &notation->second;

	if (!second_has(second, wall_ns))
		second_take_local(second, wall_ns);
	return second_write(place, second);
}
