// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The JSON format: JSON Lines, an object a line, its keys those of the field table. */
#include <stdio.h>

#include "../lib/number.h"
#include "../lib/text.h"
#include "text.h"

static void json_lay_out(struct text_sink *text, const struct options *options)
{
	(void)options;
	for (int i = 0; i < text->columns.count; i++) {
		const struct field *field = text->columns.field[i];
		struct json_key *key = &text->layout.json[i];

		key->is_quoted = field->class == FIELD_QUOTED;
		key->write = field->write_json ? NULL : field->write;
		key->size = snprintf(key->text, sizeof(key->text), "%c\"%s\":%s", i ? ',' : '{',
				     field->key, key->is_quoted ? "\"" : "");
	}
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

/* What is more than a number or a word. */
static char *write_text(char *place, struct text_sink *text, const struct field *field,
			const void *row)
{
	struct value value;

	if (field->write_json)
		return field->write_json(place, row, &text->context);
	value = field->get(row, &text->context);
	if (value.kind == VALUE_UNKNOWN)
		return write_null(place);
	if (field->class == FIELD_WALL)
		return write_instant(place, text, value.elapsed);
	return text_write_json(place, value.text, value.size);
}

static char *json_row(struct text_sink *text, char *place, const void *row)
{
	for (int i = 0; i < text->columns.count; i++) {
		const struct json_key *key = &text->layout.json[i];
		char *end;

		memcpy(place, key->text, JSON_KEY_SIZE_MAX);
		place += key->size;
		if (!key->write) {
			place = write_text(place, text, text->columns.field[i], row);
			continue;
		}
		end = key->write(place, row, &text->context);
		*end = '"';
		place = end == place ? write_null(place - key->is_quoted) : end + key->is_quoted;
	}
	*place++ = '}';
	*place++ = '\n';
	return place;
}

const struct text_format json_format = {
	.lay_out = json_lay_out,
	.row = json_row,
};
