// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* JSON Lines: an object a line, its keys those of the field table. */
#include "../lib/text.h"
#include "text.h"

static bool json_is_wanted(const struct options *options)
{
	return !options->quiet && options->json;
}

static struct sink *json_open(const struct options *options, const struct source *source)
{
	struct sink *sink = text_sink_open(&json_sink, options, source, "");
	struct text_sink *json = (struct text_sink *)sink;

	if (json && !options->fields.count)
		field_list_all(&json->columns);
	return sink;
}

/* RFC 3339 in UTC, with microseconds. */
static void append_instant(struct text_sink *json, int64_t wall_ns)
{
	struct buffer *buffer = &json->output.buffer;
	const struct second_text *second = text_utc_second(json, wall_ns / NSEC_PER_SEC);
	uint64_t us = wall_ns % NSEC_PER_SEC / NSEC_PER_USEC;
	char fraction[] = ".000000Z";

	for (int i = 6; i; i--, us /= 10)
		fraction[i] = '0' + us % 10;
	buffer_append(buffer, second->text, second->length);
	buffer_append(buffer, fraction, sizeof(fraction) - 1);
}

static void append_quoted(struct text_sink *json, const struct value *value)
{
	buffer_append_byte(&json->output.buffer, '"');
	if (value->kind == VALUE_WALL)
		append_instant(json, value->elapsed);
	else
		value_append(&json->output.buffer, value);
	buffer_append_byte(&json->output.buffer, '"');
}

static void append_value(struct text_sink *json, const struct value *value)
{
	struct buffer *buffer = &json->output.buffer;

	switch (value->kind) {
	case VALUE_UNKNOWN:
		buffer_append(buffer, "null", 4);
		break;
	case VALUE_TEXT:
		text_append_json(buffer, value->text, value->size);
		break;
	case VALUE_NUMBER:
	case VALUE_MS:
	case VALUE_SECONDS:
		value_append(buffer, value);
		break;
	case VALUE_HEX: /* 64 bits are more than a JSON number keeps in most readers */
	case VALUE_WORD:
	case VALUE_IPV4:
	case VALUE_IPV6:
	case VALUE_WALL:
		append_quoted(json, value);
		break;
	}
}

static void json_transition(struct sink *sink, const struct transition *transition)
{
	struct text_sink *json = (struct text_sink *)sink;
	struct buffer *buffer = &json->output.buffer;

	text_sink_take(json, transition);
	for (int i = 0; i < json->columns.count; i++) {
		struct value value = json->columns.field[i]->get(transition, &json->context);

		buffer_append_text(buffer, i ? ",\"" : "{\"");
		buffer_append_text(buffer, json->columns.field[i]->key);
		buffer_append(buffer, "\":", 2);
		append_value(json, &value);
	}
	buffer_append(buffer, "}\n", 2);
	output_flush_if_full(&json->output);
}

const struct sink_ops json_sink = {
	.name = "json",
	.is_wanted = json_is_wanted,
	.open = json_open,
	.transition = json_transition,
	.close = text_sink_close,
};
