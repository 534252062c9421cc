// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Comma-separated values (RFC 4180), in bcc's columns; a value that is not known is empty. */
#include "../lib/text.h"
#include "text.h"

#define COLUMNS "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms"

static bool csv_is_wanted(const struct options *options)
{
	return !options->quiet && options->csv;
}

static struct sink *csv_open(const struct options *options, const struct source *source)
{
	return text_sink_open(&csv_sink, options, source, COLUMNS);
}

static void end_column(struct text_sink *csv, int column)
{
	bool is_last = column == csv->columns.count - 1;

	buffer_append_byte(&csv->output.buffer, is_last ? '\n' : ',');
}

static void csv_begin(struct sink *sink)
{
	struct text_sink *csv = (struct text_sink *)sink;

	if (!csv->has_header)
		return;
	for (int i = 0; i < csv->columns.count; i++) {
		buffer_append_text(&csv->output.buffer, csv->columns.field[i]->heading);
		end_column(csv, i);
	}
}

static void csv_transition(struct sink *sink, const struct transition *transition)
{
	struct text_sink *csv = (struct text_sink *)sink;

	text_sink_take(csv, transition);
	for (int i = 0; i < csv->columns.count; i++) {
		struct value value = csv->columns.field[i]->get(transition, &csv->context);

		if (value.kind == VALUE_TEXT)
			text_append_csv(&csv->output.buffer, value.text, value.size);
		else
			text_append_value(csv, &value);
		end_column(csv, i);
	}
	output_flush_if_full(&csv->output);
}

const struct sink_ops csv_sink = {
	.name = "csv",
	.is_wanted = csv_is_wanted,
	.open = csv_open,
	.begin = csv_begin,
	.transition = csv_transition,
	.close = text_sink_close,
};
