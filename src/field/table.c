// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table format: padded columns, as bcc's tcpstates prints them. */
#include "field/format.h"
#include "lib/text.h"

/* Padding is copied in blocks of this size, usually one; CELL_EXTRA in format.c leaves room. */
#define PADDING_SIZE 16

/* Only if the previous column is also the previous field in the field table. */
static bool has_arrow(const struct field_list *columns, int column)
{
	return column && columns->field[column]->has_arrow &&
	       columns->field[column - 1] == columns->field[column] - 1;
}

static void table_lay_out(struct row_writer *writer)
{
	const struct field_list *fields = &writer->columns;

	for (int i = 0; i < fields->count; i++) {
		const struct field *field = fields->field[i];
		size_t width = writer->is_wide ? field->wide_width : field->width;

		writer->layout.table[i] = (struct table_column){
			.width = i < fields->count - 1 ? width : 0,
			.max_chars = field->is_cut ? width : SIZE_MAX,
			.has_arrow = has_arrow(fields, i),
			.write = field->class == FIELD_TEXT ? NULL : field->write,
		};
	}
}

/* Writes the arrow before a cell, if any. */
static char *write_arrow(char *place, const struct table_column *column)
{
	if (!column->has_arrow)
		return place;
	memcpy(place, "-> ", 3);
	return place + 3;
}

/* Pads a cell whose bytes are one character each, and writes the space after it. */
static inline char *write_padding(char *begin, char *end, const struct table_column *column)
{
	static const char spaces[PADDING_SIZE + 1] = "                ";
	char *next = begin + column->width;

	if (next < end)
		next = end;
	memcpy(end, spaces, PADDING_SIZE);
	for (end += PADDING_SIZE; end <= next; end += PADDING_SIZE)
		memcpy(end, spaces, PADDING_SIZE);
	return next + 1;
}

/* The end of the first chars UTF-8 characters; at most place. */
static char *cut(char *begin, char *place, size_t chars)
{
	for (char *at = begin; at < place; at++)
		if ((*at & 0xc0) != 0x80 && !chars--)
			return at;
	return place;
}

/* The last cell also has one space after it; the newline replaces that space. */
static char *end_line(const struct row_writer *writer, char *begin, char *place)
{
	if ((size_t)(place - begin) > writer->line_chars_max)
		place = cut(begin, place - 1, writer->line_chars_max) + 1;
	place[-1] = '\n';
	return place;
}

static char *table_heading(const struct row_writer *writer, char *place)
{
	char *begin = place;

	for (int i = 0; i < writer->columns.count; i++) {
		const char *heading = writer->columns.field[i]->heading;
		size_t size = strlen(heading);

		place = write_arrow(place, &writer->layout.table[i]);
		memcpy(place, heading, size);
		place = write_padding(place, place + size, &writer->layout.table[i]);
	}
	return end_line(writer, begin, place);
}

static char *write_value(char *place, struct row_writer *writer, const struct table_column *column,
			 const void *row)
{
	char *end = column->write(place, row, &writer->context);

	if (end == place)
		*end++ = '-';
	return write_padding(place, end, column);
}

static char *write_plain(char *place, const char *text, size_t size)
{
	size_t chars = SIZE_MAX;

	return text_write_plain(place, text, size, &chars);
}

/* External text may have to be cut and may have multi-byte characters. */
static char *write_text(char *place, struct row_writer *writer, const struct table_column *column,
			const struct field *field, const void *row)
{
	struct value value = field->get(row, &writer->context);
	size_t chars = column->max_chars;
	char *end;

	if (value.kind == VALUE_UNKNOWN) {
		*place = '-';
		return write_padding(place, place + 1, column);
	}
	end = text_write_plain(place, value.text, value.size, &chars);
	return write_padding(end - chars, end, column);
}

static char *table_row(struct row_writer *writer, char *place, const void *row)
{
	const struct table_column *begin = writer->layout.table, *column = begin;
	const struct table_column *end = begin + writer->columns.count;
	char *line = place;

	for (; column < end; column++) {
		place = write_arrow(place, column);
		if (column->write)
			place = write_value(place, writer, column, row);
		else
			place = write_text(place, writer, column,
					   writer->columns.field[column - begin], row);
	}
	return end_line(writer, line, place);
}

const struct text_format table_format = {
	.write_text = write_plain,
	.write_wall = text_write_time_of_day,
	.lay_out = table_lay_out,
	.heading = table_heading,
	.row = table_row,
};
