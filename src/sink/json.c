// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* JSON Lines: an object a line, its keys those of the field table. */
#include <stdio.h>

#include "../lib/number.h"
#include "../lib/text.h"
#include "text.h"

#define JSON_KEY_SIZE_MAX 32

/* What stands before a value: {"key": or ,"key": */
struct json_key {
	char text[JSON_KEY_SIZE_MAX];
	size_t size;
};

struct json {
	struct text_sink text; /* first: a struct sink * is one of these */
	struct json_key keys[FIELDS_MAX];
};

static bool json_is_wanted(const struct options *options)
{
	return !options->quiet && options->json;
}

static void build_keys(struct json *json)
{
	for (int i = 0; i < json->text.columns.count; i++)
		json->keys[i].size =
			snprintf(json->keys[i].text, sizeof(json->keys[i].text),
				 "%c\"%s\":", i ? ',' : '{', json->text.columns.field[i]->key);
}

static struct sink *json_open(const struct options *options, struct source *source)
{
	struct sink *sink = text_sink_open(&json_sink, options, source, NULL, sizeof(struct json));
	struct json *json = (struct json *)sink;

	if (!json)
		return NULL;
	build_keys(json);
	return sink;
}

/* RFC 3339 in UTC, with microseconds. */
static char *write_instant(char *place, struct text_sink *text, int64_t wall_ns)
{
	struct wall_time time = wall_time(wall_ns);
	const struct second_text *second = text_utc_second(text, time.second);

	*place++ = '"';
	memcpy(place, second->text, second->length);
	place += second->length;
	*place++ = '.';
	place = number_write_six(place, time.ns / NSEC_PER_USEC);
	*place++ = 'Z';
	*place++ = '"';
	return place;
}

static char *write_null(char *place)
{
	memcpy(place, "null", 4);
	return place + 4;
}

static char *write_value(char *place, struct text_sink *text, const struct field *field,
			 const struct transition *transition)
{
	bool is_quoted = field->class == FIELD_QUOTED;
	struct value value;
	char *end;

	if (field->write) {
		*place = '"';
		end = field->write(place + is_quoted, transition, &text->context);
		if (end == place + is_quoted)
			return write_null(place);
		*end = '"';
		return end + is_quoted;
	}
	value = field->get(transition, &text->context);
	if (value.kind == VALUE_UNKNOWN)
		return write_null(place);
	if (field->class == FIELD_WALL)
		return write_instant(place, text, value.elapsed);
	return text_write_json(place, value.text, value.size);
}

static void json_transition(struct sink *sink, const struct transition *transition)
{
	struct json *json = (struct json *)sink;
	struct text_sink *text = &json->text;
	char *place = text_sink_begin(text, transition);

	if (!place)
		return;
	for (int i = 0; i < text->columns.count; i++) {
		memcpy(place, json->keys[i].text, JSON_KEY_SIZE_MAX);
		place = write_value(place + json->keys[i].size, text, text->columns.field[i],
				    transition);
	}
	*place++ = '}';
	*place++ = '\n';
	text_sink_end(text, place);
}

const struct sink_ops json_sink = {
	.name = "json",
	.is_wanted = json_is_wanted,
	.open = json_open,
	.transition = json_transition,
	.close = text_sink_close,
};
