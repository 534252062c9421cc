// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table, column for column as bcc's tcpstates prints it. */
#include "../lib/text.h"
#include "text.h"

#define COLUMNS_NORMAL "skaddr,c_pid,c_comm,laddr,lport,raddr,rport,oldstate,newstate,ms"
#define COLUMNS_WIDE   "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms"

static bool table_is_wanted(const struct options *options)
{
	return !options->quiet && !options->csv && !options->json;
}

static struct sink *table_open(const struct options *options, const struct source *source)
{
	return text_sink_open(&table_sink, options, source,
			      options->wide ? COLUMNS_WIDE : COLUMNS_NORMAL);
}

static size_t column_width(const struct text_sink *table, int column)
{
	const struct field *field = table->columns.field[column];

	return table->is_wide ? field->wide_width : field->width;
}

/* Only where the field it leads from stands just before, as in the field table. */
static bool has_arrow(const struct field_list *columns, int column)
{
	return column && columns->field[column]->has_arrow &&
	       columns->field[column - 1] == columns->field[column] - 1;
}

static void begin_column(struct text_sink *table, int column)
{
	struct buffer *buffer = &table->output.buffer;

	if (column)
		buffer_append_byte(buffer, ' ');
	if (has_arrow(&table->columns, column))
		buffer_append(buffer, "-> ", 3);
}

/* Pads the column, of which so many characters are written; the last one ends the line instead. */
static void end_column(struct text_sink *table, int column, size_t chars)
{
	struct buffer *buffer = &table->output.buffer;
	size_t width = column_width(table, column);

	if (column == table->columns.count - 1)
		buffer_append_byte(buffer, '\n');
	else if (chars < width)
		buffer_append_spaces(buffer, width - chars);
}

static void table_begin(struct sink *sink)
{
	struct text_sink *table = (struct text_sink *)sink;

	if (!table->has_header)
		return;
	for (int i = 0; i < table->columns.count; i++) {
		const char *heading = table->columns.field[i]->heading;

		begin_column(table, i);
		buffer_append_text(&table->output.buffer, heading);
		end_column(table, i, strlen(heading));
	}
}

/* Writes the value of a column. Returns how many characters it has. */
static size_t append_cell(struct text_sink *table, int column, const struct value *value)
{
	struct buffer *buffer = &table->output.buffer;
	size_t before = buffer->length;

	if (value->kind == VALUE_TEXT)
		return text_append_plain(buffer, value->text, value->size,
					 table->columns.field[column]->is_cut
						 ? column_width(table, column)
						 : value->size);
	if (value->kind == VALUE_UNKNOWN)
		buffer_append_byte(buffer, '-');
	else
		text_append_value(table, value);
	return buffer->length - before;
}

static void table_transition(struct sink *sink, const struct transition *transition)
{
	struct text_sink *table = (struct text_sink *)sink;

	text_sink_take(table, transition);
	for (int i = 0; i < table->columns.count; i++) {
		struct value value = table->columns.field[i]->get(transition, &table->context);

		begin_column(table, i);
		end_column(table, i, append_cell(table, i, &value));
	}
	output_flush_if_full(&table->output);
}

const struct sink_ops table_sink = {
	.name = "table",
	.is_wanted = table_is_wanted,
	.open = table_open,
	.begin = table_begin,
	.transition = table_transition,
	.close = text_sink_close,
};
