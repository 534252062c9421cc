// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sinks that print rows: their columns and format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/terminal.h"
#include "sink/text_sink.h"

static void columns_add(struct field_list *columns, const struct field_table *fields,
			const char *keys)
{
	char copy[512], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	while ((key = strsep(&rest, ",")))
		field_list_add(columns, fields, key);
}

/* NULL: all fields that are not derived from others. */
static const char *default_columns(const struct row_kind *kind, const struct options *options)
{
	if (options->json)
		return NULL;
	if (options->extended && kind->extended)
		return options->csv ? kind->extended_csv : kind->extended;
	if (options->csv)
		return kind->csv;
	return options->wide && kind->wide ? kind->wide : kind->table;
}

/* -T and -t come first, unless --fields places them elsewhere. */
static void columns_choose(struct field_list *columns, const struct row_kind *kind,
			   const struct options *options)
{
	const struct field_list *asked = &options->fields;
	const char *keys = default_columns(kind, options);

	if (options->time && !field_list_has(asked, "time"))
		field_list_add(columns, kind->fields, "time");
	if (options->timestamp && !field_list_has(asked, "timestamp"))
		field_list_add(columns, kind->fields, "timestamp");
	for (int i = 0; i < asked->count; i++)
		field_list_add(columns, kind->fields, asked->field[i]->key);
	if (asked->count)
		return;
	if (keys)
		columns_add(columns, kind->fields, keys);
	else
		field_list_own(columns, kind->fields);
}

static const struct text_format *format_of(const struct options *options)
{
	if (options->csv)
		return &csv_format;
	return options->json ? &json_format : &table_format;
}

/* In characters. */
static size_t line_chars_max(const struct row_kind *kind, const struct options *options)
{
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	return kind->fits_terminal && terminal.is_terminal && !options->wide ? terminal.width
									     : SIZE_MAX;
}

struct sink *text_sink_open(const struct sink_ops *ops, const struct sink_setup *setup,
			    const struct row_kind *kind, size_t size)
{
	const struct options *options = setup->options;
	struct text_sink *text = calloc(1, size);
	int err;

	if (!text) {
		log_error("out of memory");
		return NULL;
	}
	sink_init(&text->sink, ops, setup->origin, &text->output);
	text->has_header = !options->no_header;
	text->lines_max = options->count ? options->count : UINT64_MAX;
	text->writer.format = format_of(options);
	text->writer.is_wide = options->wide;
	text->writer.line_chars_max = line_chars_max(kind, options);
	columns_choose(&text->writer.columns, kind, options);
	row_writer_init(&text->writer, setup->origin->cgroups);
	err = output_open_stdout(&text->output);
	if (!err)
		return &text->sink;
	log_error("cannot write to standard output: %s", strerror(-err));
	free(text);
	return NULL;
}

void text_sink_begin(struct sink *sink)
{
	struct text_sink *text = (struct text_sink *)sink;
	const struct row_writer *writer = &text->writer;
	char *place;

	if (!text->has_header || !writer->format->heading)
		return;
	place = buffer_reserve(&text->output.buffer, writer->line_size);
	if (place)
		buffer_commit(&text->output.buffer, writer->format->heading(writer, place));
}

void text_sink_row(struct text_sink *text, const void *row, uint64_t time_ns)
{
	struct row_writer *writer = &text->writer;
	char *place;

	if (text->sink.lines == text->lines_max)
		return;
	place = buffer_reserve(&text->output.buffer, writer->line_size);
	if (!place)
		return;
	if (!text->sink.lines++)
		writer->context.first_ns = time_ns;
	writer->context.wall_offset_ns = text->sink.origin->clock->wall_offset_ns;
	buffer_commit(&text->output.buffer, writer->format->row(writer, place, row));
	output_flush_if_full(&text->output);
}

int text_sink_close(struct sink *sink)
{
	struct text_sink *text = (struct text_sink *)sink;
	int err = output_close(&text->output);

	if (err && !sink->has_failed)
		log_error("cannot write to standard output: %s", strerror(-err));
	free(text);
	return err;
}
