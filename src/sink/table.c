// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table, column for column as bcc's tcpstates prints it. */
#include "../lib/text.h"
#include "text.h"

#define COLUMNS_NORMAL "skaddr,c_pid,c_comm,laddr,lport,raddr,rport,oldstate,newstate,ms"
#define COLUMNS_WIDE   "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms"

/* Padding is copied in pieces of this size, as a rule one: there is room (CELL_EXTRA in text.c). */
#define PADDING_SIZE 16

static bool table_is_wanted(const struct options *options)
{
	return !options->quiet && !options->csv && !options->json;
}

/* How a column is laid out, found out once. */
struct table_column {
	size_t width;     /* to pad to; 0 for the last one */
	size_t max_chars; /* of a text; the rest is cut */
	bool has_arrow;
};

struct table {
	struct text_sink text; /* first: a struct sink * is one of these */
	struct table_column columns[FIELDS_MAX];
};

/* Only where the field it leads from stands just before, as in the field table. */
static bool has_arrow(const struct field_list *columns, int column)
{
	return column && columns->field[column]->has_arrow &&
	       columns->field[column - 1] == columns->field[column] - 1;
}

static void lay_out(struct table *table, bool is_wide)
{
	const struct field_list *fields = &table->text.columns;

	for (int i = 0; i < fields->count; i++) {
		const struct field *field = fields->field[i];
		size_t width = is_wide ? field->wide_width : field->width;

		table->columns[i] = (struct table_column){
			.width = i < fields->count - 1 ? width : 0,
			.max_chars = field->is_cut ? width : SIZE_MAX,
			.has_arrow = has_arrow(fields, i),
		};
	}
}

static struct sink *table_open(const struct options *options, struct source *source)
{
	const char *columns = options->extended ? COLUMNS_EXTENDED
			      : options->wide   ? COLUMNS_WIDE
						: COLUMNS_NORMAL;
	struct sink *sink =
		text_sink_open(&table_sink, options, source, columns, sizeof(struct table));

	if (sink)
		lay_out((struct table *)sink, options->wide);
	return sink;
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

/* The last cell is padded like the others, by the one space behind it: the line ends there. */
static void end_line(struct text_sink *text, char *place)
{
	place[-1] = '\n';
	text_sink_end(text, place);
}

static void table_begin(struct sink *sink)
{
	struct table *table = (struct table *)sink;
	struct text_sink *text = &table->text;
	char *place = buffer_reserve(&text->output.buffer, text->line_size);

	if (!text->has_header || !place)
		return;
	for (int i = 0; i < text->columns.count; i++) {
		const char *heading = text->columns.field[i]->heading;
		size_t size = strlen(heading);

		place = write_arrow(place, &table->columns[i]);
		memcpy(place, heading, size);
		place = write_padding(place + size, &table->columns[i], size);
	}
	end_line(text, place);
}

static char *write_text(char *place, const struct table_column *column, const struct value *value)
{
	size_t chars = column->max_chars;

	place = text_write_plain(place, value->text, value->size, &chars);
	return write_padding(place, column, chars);
}

static char *write_cell(char *place, struct text_sink *text, const struct field *field,
			const struct table_column *column, const struct transition *transition)
{
	char *begin = place;
	struct value value;

	if (field->write) {
		place = field->write(place, transition, &text->context);
		if (place == begin)
			*place++ = '-';
		return write_padding(place, column, (size_t)(place - begin));
	}
	value = field->get(transition, &text->context);
	if (value.kind == VALUE_UNKNOWN) {
		*place++ = '-';
		return write_padding(place, column, 1);
	}
	if (field->class == FIELD_TEXT)
		return write_text(place, column, &value);
	place = text_write_time_of_day(text, place, value.elapsed);
	return write_padding(place, column, (size_t)(place - begin));
}

static void table_transition(struct sink *sink, const struct transition *transition)
{
	struct table *table = (struct table *)sink;
	struct text_sink *text = &table->text;
	char *place = text_sink_begin(text, transition);

	if (!place)
		return;
	for (int i = 0; i < text->columns.count; i++) {
		place = write_arrow(place, &table->columns[i]);
		place = write_cell(place, text, text->columns.field[i], &table->columns[i],
				   transition);
	}
	end_line(text, place);
}

const struct sink_ops table_sink = {
	.name = "table",
	.is_wanted = table_is_wanted,
	.open = table_open,
	.begin = table_begin,
	.transition = table_transition,
	.close = text_sink_close,
};
