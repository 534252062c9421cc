// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table format: padded columns, as bcc's tcpstates prints them. */
#include "../lib/text.h"
#include "text.h"

/* Padding is copied in pieces of this size, as a rule one: there is room (CELL_EXTRA in text.c). */
#define PADDING_SIZE 16

/* Only where the field it leads from stands just before, as in the field table. */
static bool has_arrow(const struct field_list *columns, int column)
{
	return column && columns->field[column]->has_arrow &&
	       columns->field[column - 1] == columns->field[column] - 1;
}

static void table_lay_out(struct text_sink *text, const struct options *options)
{
	const struct field_list *fields = &text->columns;

	for (int i = 0; i < fields->count; i++) {
		const struct field *field = fields->field[i];
		size_t width = options->wide ? field->wide_width : field->width;

		text->layout.table[i] = (struct table_column){
			.width = i < fields->count - 1 ? width : 0,
			.max_chars = field->is_cut ? width : SIZE_MAX,
			.has_arrow = has_arrow(fields, i),
		};
	}
}

/* What stands before a cell. */
static char *write_arrow(char *place, const struct table_column *column)
{
	if (!column->has_arrow)
		return place;
	memcpy(place, "-> ", 3);
	return place + 3;
}

/* Pads a cell that has so many characters, and writes the space behind it. */
static char *write_padding(char *place, const struct table_column *column, size_t chars)
{
	static const char spaces[PADDING_SIZE + 1] = "                ";
	size_t padding = chars < column->width ? column->width - chars + 1 : 1;

	for (; padding > PADDING_SIZE; padding -= PADDING_SIZE, place += PADDING_SIZE)
		memcpy(place, spaces, PADDING_SIZE);
	memcpy(place, spaces, PADDING_SIZE);
	return place + padding;
}

/* Where a line has so many characters, of UTF-8; at most place. */
static char *cut(char *begin, char *place, size_t chars)
{
	for (char *at = begin; at < place; at++)
		if ((*at & 0xc0) != 0x80 && !chars--)
			return at;
	return place;
}

/* The last cell is padded like the others, by the one space behind it: the line ends there. */
static char *end_line(const struct text_sink *text, char *begin, char *place)
{
	if ((size_t)(place - begin) > text->line_chars_max)
		place = cut(begin, place - 1, text->line_chars_max) + 1;
	place[-1] = '\n';
	return place;
}

static char *table_heading(const struct text_sink *text, char *place)
{
	char *begin = place;

	for (int i = 0; i < text->columns.count; i++) {
		const char *heading = text->columns.field[i]->heading;
		size_t size = strlen(heading);

		place = write_arrow(place, &text->layout.table[i]);
		memcpy(place, heading, size);
		place = write_padding(place + size, &text->layout.table[i], size);
	}
	return end_line(text, begin, place);
}

static char *write_text(char *place, const struct table_column *column, const struct value *value)
{
	size_t chars = column->max_chars;

	place = text_write_plain(place, value->text, value->size, &chars);
	return write_padding(place, column, chars);
}

static char *write_cell(char *place, struct text_sink *text, const struct field *field,
			const struct table_column *column, const void *row)
{
	char *begin = place;
	struct value value;

	if (field->write) {
		place = field->write(place, row, &text->context);
		if (place == begin)
			*place++ = '-';
		return write_padding(place, column, (size_t)(place - begin));
	}
	value = field->get(row, &text->context);
	if (value.kind == VALUE_UNKNOWN) {
		*place++ = '-';
		return write_padding(place, column, 1);
	}
	if (field->class == FIELD_TEXT)
		return write_text(place, column, &value);
	place = text_write_time_of_day(text, place, value.elapsed);
	return write_padding(place, column, (size_t)(place - begin));
}

static char *table_row(struct text_sink *text, char *place, const void *row)
{
	char *begin = place;

	for (int i = 0; i < text->columns.count; i++) {
		const struct table_column *column = &text->layout.table[i];

		place = write_arrow(place, column);
		place = write_cell(place, text, text->columns.field[i], column, row);
	}
	return end_line(text, begin, place);
}

const struct text_format table_format = {
	.lay_out = table_lay_out,
	.heading = table_heading,
	.row = table_row,
};
