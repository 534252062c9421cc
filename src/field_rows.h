/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For the files that define a field table: values that getters return, and parts of a row. */
#ifndef TCPSTATES_FIELD_ROWS_H
#define TCPSTATES_FIELD_ROWS_H

#include <string.h>

#include "field.h"

static const struct value unknown = {.kind = VALUE_UNKNOWN};

static inline struct value number(uint64_t number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

/* Of which 0 says that it is not known. */
static inline struct value number_unless_0(uint64_t value)
{
	return value ? number(value) : unknown;
}

static inline struct value microseconds(uint32_t us)
{
	if (!us)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = (uint64_t)us * NSEC_PER_USEC};
}

/* A name of ours; NULL: unknown. */
static inline struct value name(const char *text)
{
	if (!text)
		return unknown;
	return (struct value){.kind = VALUE_NAME, .text = text, .size = strlen(text)};
}

#define WIDTHS(normal, wide) .width = (normal), .wide_width = (wide)
#define IS_DETAIL            .is_detail = true
#define BARE(name)           .class = FIELD_BARE, .get = get_##name, .write = write_##name
#define QUOTED(name)         .class = FIELD_QUOTED, .get = get_##name, .write = write_##name
#define WALL(name)           .class = FIELD_WALL, .get = get_##name, .write = write_##name
#define TEXT(name, size) \
	.class = FIELD_TEXT, .text_size = (size), .get = get_##name, .write = write_##name

#endif
