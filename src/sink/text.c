// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the text formats share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "../lib/text.h"
#include "text.h"

static void columns_add(struct field_list *columns, const char *keys)
{
	char copy[256], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	while ((key = strsep(&rest, ",")))
		field_list_add(columns, key);
}

/* -T and -t stand in front, unless --fields places them elsewhere. */
static void columns_choose(struct field_list *columns, const struct options *options,
			   const char *keys)
{
	const struct field_list *asked = &options->fields;

	if (options->time && !field_list_has(asked, "time"))
		field_list_add(columns, "time");
	if (options->timestamp && !field_list_has(asked, "timestamp"))
		field_list_add(columns, "timestamp");
	for (int i = 0; i < asked->count; i++)
		field_list_add(columns, asked->field[i]->key);
	if (asked->count)
		return;
	if (keys)
		columns_add(columns, keys);
	else
		field_list_own(columns);
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

struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    struct source *source, const char *keys, size_t size)
{
	struct text_sink *text = calloc(1, size);
	int err;

	if (!text) {
		log_error("out of memory");
		return NULL;
	}
	text->sink = (struct sink){.ops = ops, .source = source, .output = &text->output};
	text->context.cgroups = &source->cgroups;
	text->has_header = !options->no_header;
	columns_choose(&text->columns, options, keys);
	text->line_size = line_size(&text->columns);
	err = output_open_stdout(&text->output);
	if (!err)
		return &text->sink;
	log_error("cannot write to standard output: %s", strerror(-err));
	free(text);
	return NULL;
}

char *text_sink_begin(struct text_sink *text, const struct transition *transition)
{
	text->context.wall_offset_ns = text->sink.source->clock.wall_offset_ns;
	if (!text->has_begun)
		text->context.first_ns = transition->time_ns;
	text->has_begun = true;
	return buffer_reserve(&text->output.buffer, text->line_size);
}

void text_sink_end(struct text_sink *text, const char *end)
{
	buffer_commit(&text->output.buffer, end);
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

/* False when the cache has that second already; else it is to be filled, and *tm is local time or
 * UTC. */
static bool second_is_new(struct second_text *cache, time_t second, struct tm *tm, bool is_utc)
{
	if (cache->length && cache->second == second)
		return false;
	cache->second = second;
	return is_utc ? gmtime_r(&second, tm) : localtime_r(&second, tm);
}

const struct second_text *text_local_second(struct text_sink *text, time_t second)
{
	struct second_text *cache = &text->second;
	struct tm tm;

	if (second_is_new(cache, second, &tm, false))
		cache->length = strftime(cache->text, sizeof(cache->text), "%H:%M:%S", &tm);
	return cache;
}

const struct second_text *text_utc_second(struct text_sink *text, time_t second)
{
	struct second_text *cache = &text->second;
	struct tm tm;

	if (second_is_new(cache, second, &tm, true))
		cache->length =
			strftime(cache->text, sizeof(cache->text), "%Y-%m-%dT%H:%M:%S", &tm);
	return cache;
}

char *text_write_time_of_day(struct text_sink *text, char *place, int64_t wall_ns)
{
	const struct second_text *second = text_local_second(text, wall_time(wall_ns).second);

	memcpy(place, second->text, second->length);
	return place + second->length;
}
