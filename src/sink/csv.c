// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Comma-separated values (RFC 4180), in bcc's columns; a value that is not known is empty. */
#include "../lib/text.h"
#include "text.h"

#define COLUMNS "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms"

static bool csv_is_wanted(const struct options *options)
{
	return !options->quiet && options->csv;
}

static struct sink *csv_open(const struct options *options, struct source *source)
{
	return text_sink_open(&csv_sink, options, source,
			      options->extended ? COLUMNS_EXTENDED : COLUMNS,
			      sizeof(struct text_sink));
}

static void csv_begin(struct sink *sink)
{
	struct text_sink *csv = (struct text_sink *)sink;

	if (!csv->has_header)
		return;
	for (int i = 0; i < csv->columns.count; i++) {
		if (i)
			buffer_append_byte(&csv->output.buffer, ',');
		buffer_append_text(&csv->output.buffer, csv->columns.field[i]->heading);
	}
	buffer_append_byte(&csv->output.buffer, '\n');
}

static char *write_cell(char *place, struct text_sink *csv, const struct field *field,
			const struct transition *transition)
{
	struct value value;

	if (field->write)
		return field->write(place, transition, &csv->context);
	value = field->get(transition, &csv->context);
	if (value.kind == VALUE_UNKNOWN)
		return place;
	if (field->class == FIELD_WALL)
		return text_write_time_of_day(csv, place, value.elapsed);
	return text_write_csv(place, value.text, value.size);
}

static void csv_transition(struct sink *sink, const struct transition *transition)
{
	struct text_sink *csv = (struct text_sink *)sink;
	char *place = text_sink_begin(csv, transition);

	if (!place)
		return;
	for (int i = 0; i < csv->columns.count; i++) {
		place = write_cell(place, csv, csv->columns.field[i], transition);
		*place++ = ',';
	}
	place[-1] = '\n';
	text_sink_end(csv, place);
}

const struct sink_ops csv_sink = {
	.name = "csv",
	.is_wanted = csv_is_wanted,
	.open = csv_open,
	.begin = csv_begin,
	.transition = csv_transition,
	.close = text_sink_close,
};
