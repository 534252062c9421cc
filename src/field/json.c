// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The JSON format: JSON Lines, one object per line, with the keys of the field table. */
#include <stdio.h>

#include "field/format.h"
#include "lib/number.h"
#include "lib/text.h"

/* The text has an unknown value (null); a known value overwrites it. */
static void json_lay_out(struct row_writer *writer)
{
	for (int i = 0; i < writer->columns.count; i++) {
		const struct field *field = writer->columns.field[i];
		struct json_key *key = &writer->layout.json[i];

		key->is_quoted = field->class == FIELD_QUOTED;
		key->before = key->is_quoted ? '"' : ':';
		key->write = field->write_json ? field->write_json : field->write;
		key->size = snprintf(key->text, sizeof(key->text), "%c\"%s\":null", i ? ',' : '{',
				     field->key);
		key->value = key->size - strlen("null") + key->is_quoted;
	}
}

/* RFC 3339 in UTC, with microseconds. */
static char *write_instant(struct notation *notation, char *place, int64_t wall_ns)
{
	struct second_text *second = &notation->second;

	if (!second_has(second, wall_ns))
		second_take_utc(second, wall_ns);
	*place++ = '"';
	place = second_write(place, second);
	*place++ = '.';
	place = number_write_six(place, (unsigned int)(wall_ns - second->begin_ns) / NSEC_PER_USEC);
	*place++ = 'Z';
	*place++ = '"';
	return place;
}

static char *write_pair(char *place, const struct json_key *key, const void *row,
			const struct field_context *context)
{
	char *value = place + key->value, *end;

	memcpy(place, key->text, JSON_KEY_SIZE_MAX);
	end = key->write(value, row, context);
	if (end == value)
		return place + key->size;
	value[-1] = key->before;
	*end = '"';
	return end + key->is_quoted;
}

static char *json_row(struct row_writer *writer, char *place, const void *row)
{
	const struct json_key *key = writer->layout.json, *end = key + writer->columns.count;

	for (; key < end; key++)
		place = write_pair(place, key, row, &writer->context);
	*place++ = '}';
	*place++ = '\n';
	return place;
}

const struct text_format json_format = {
	.write_text = text_write_json,
	.write_wall = write_instant,
	.lay_out = json_lay_out,
	.row = json_row,
};
