// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows as text: what all formats share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "field/format.h"
#include "lib/log.h"
#include "lib/terminal.h"
#include "lib/text.h"

static void columns_add(struct field_list *columns, const struct field_table *fields,
			const char *keys)
{
	char copy[512], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	while ((key = strsep(&rest, ",")))
		field_list_add(columns, fields, key);
}

/* NULL: all that are not derived from others. */
static const char *default_columns(const struct row_kind *kind, const struct options *options)
{
	if (options->json)
		return NULL;
	if (options->extended && kind->extended)
		return kind->extended;
	if (options->csv)
		return kind->csv;
	return options->wide && kind->wide ? kind->wide : kind->table;
}

/* -T and -t stand in front, unless --fields places them elsewhere. */
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

/* Also enough for what a format puts around a value: its JSON key, the table's padding. */
#define CELL_EXTRA 64

static size_t line_size(const struct field_list *columns)
{
	size_t size = CELL_EXTRA;

	for (int i = 0; i < columns->count; i++)
		size += VALUE_SIZE_MAX + TEXT_GROWTH * columns->field[i]->text_size + TEXT_EXTRA +
			CELL_EXTRA;
	return size;
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

struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    struct source *source, const struct row_kind *kind, size_t size)
{
	struct text_sink *text = calloc(1, size);
	int err;

	if (!text) {
		log_error("out of memory");
		return NULL;
	}
	sink_init(&text->sink, ops, source, &text->output);
	text->format = format_of(options);
	text->notation.write_text = text->format->write_text;
	text->notation.write_wall = text->format->write_wall;
	text->context.cgroups = &source->cgroups;
	text->context.notation = &text->notation;
	text->has_header = !options->no_header;
	text->lines_max = options->count ? options->count : UINT64_MAX;
	columns_choose(&text->columns, kind, options);
	text->line_size = line_size(&text->columns);
	text->line_chars_max = line_chars_max(kind, options);
	if (text->format->lay_out)
		text->format->lay_out(text, options);
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
	char *place;

	if (!text->has_header || !text->format->heading)
		return;
	place = buffer_reserve(&text->output.buffer, text->line_size);
	if (place)
		buffer_commit(&text->output.buffer, text->format->heading(text, place));
}

void text_sink_row(struct text_sink *text, const void *row, uint64_t time_ns)
{
	char *place;

	if (text->sink.lines == text->lines_max)
		return;
	place = buffer_reserve(&text->output.buffer, text->line_size);
	if (!place)
		return;
	if (!text->sink.lines++)
		text->context.first_ns = time_ns;
	text->context.wall_offset_ns = text->sink.source->clock.wall_offset_ns;
	buffer_commit(&text->output.buffer, text->format->row(text, place, row));
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

/* When the second of a wall-clock time begins; before 1970 too. */
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
