// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the text formats share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "text.h"

static void columns_add(struct field_list *columns, const char *keys)
{
	char copy[160], *rest = copy, *key;

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
	if (!asked->count)
		columns_add(columns, keys);
}

struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    const struct source *source, const char *keys)
{
	struct text_sink *text = calloc(1, sizeof(*text));
	int err;

	if (!text) {
		log_error("out of memory");
		return NULL;
	}
	text->sink = (struct sink){.ops = ops, .source = source, .output = &text->output};
	text->is_wide = options->wide;
	text->has_header = !options->no_header;
	columns_choose(&text->columns, options, keys);
	err = output_open_stdout(&text->output);
	if (!err)
		return &text->sink;
	log_error("cannot write to standard output: %s", strerror(-err));
	free(text);
	return NULL;
}

void text_sink_take(struct text_sink *text, const struct transition *transition)
{
	text->context.wall_offset_ns = text->sink.source->clock.wall_offset_ns;
	if (!text->has_begun)
		text->context.first_ns = transition->time_ns;
	text->has_begun = true;
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

const struct second_text *text_local_second(struct text_sink *text, time_t second)
{
	struct second_text *cache = &text->second;
	struct tm tm;

	if (cache->length && cache->second == second)
		return cache;
	cache->second = second;
	if (localtime_r(&second, &tm))
		cache->length = strftime(cache->text, sizeof(cache->text), "%H:%M:%S", &tm);
	return cache;
}

const struct second_text *text_utc_second(struct text_sink *text, time_t second)
{
	struct second_text *cache = &text->second;
	struct tm tm;

	if (cache->length && cache->second == second)
		return cache;
	cache->second = second;
	if (gmtime_r(&second, &tm))
		cache->length =
			strftime(cache->text, sizeof(cache->text), "%Y-%m-%dT%H:%M:%S", &tm);
	return cache;
}

static void append_time_of_day(struct text_sink *text, int64_t wall_ns)
{
	const struct second_text *second = text_local_second(text, wall_ns / NSEC_PER_SEC);

	buffer_append(&text->output.buffer, second->text, second->length);
}

void text_append_value(struct text_sink *text, const struct value *value)
{
	if (value->kind == VALUE_WALL)
		append_time_of_day(text, value->elapsed);
	else
		value_append(&text->output.buffer, value);
}
