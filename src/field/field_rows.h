/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For files that define a field table: values for getters to return, and parts of rows. */
#ifndef TCPSTATES_FIELD_FIELD_ROWS_H
#define TCPSTATES_FIELD_FIELD_ROWS_H

#include <string.h>

#include "field/field.h"
#include "lib/address.h"
#include "trace/state.h"
#include "trace/transition.h"

static const struct value unknown = {.kind = VALUE_UNKNOWN};

static inline struct value number(uint64_t number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

/* 0: not known. */
static inline struct value number_unless_0(uint64_t value)
{
	return value ? number(value) : unknown;
}

static inline struct value hex_unless_0(uint64_t value)
{
	return value ? (struct value){.kind = VALUE_HEX, .number = value} : unknown;
}

static inline struct value microseconds(uint32_t us)
{
	if (!us)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = (uint64_t)us * NSEC_PER_USEC};
}

/* A name that this program defines; NULL: unknown. */
static inline struct value name(const char *text)
{
	if (!text)
		return unknown;
	return (struct value){.kind = VALUE_NAME, .text = text, .size = strlen(text)};
}

/* ip: 4 or 6, the family in which the 16 bytes are printed. */
static inline struct value address_value(unsigned int ip, const uint8_t *bytes)
{
	if (ip == 4)
		return (struct value){.kind = VALUE_IPV4, .address = bytes + ADDRESS_IPV4_OFFSET};
	return (struct value){.kind = VALUE_IPV6, .address = bytes};
}

static inline struct value state_value(unsigned int state)
{
	return (struct value){.kind = VALUE_WORD, .word = state_word(state)};
}

/* A duration whose flags (enum transition_flags) include known; otherwise unknown. */
static inline struct value duration_if(uint64_t ns, unsigned int flags, enum transition_flags known)
{
	if (!(flags & known))
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = ns};
}

/* A duration, marked as exact, approximate or a lower bound by its flags. */
static inline struct value duration_marked(uint64_t ns, unsigned int flags)
{
	struct value value = {.kind = VALUE_MS, .number = ns};

	if (flags & TRANSITION_DURATION_ABOUT)
		value.kind = VALUE_MS_ABOUT;
	else if (flags & TRANSITION_DURATION_AT_LEAST)
		value.kind = VALUE_MS_AT_LEAST;
	else if (!(flags & TRANSITION_DURATION_KNOWN))
		value.kind = VALUE_UNKNOWN;
	return value;
}

/* Arguments of getters and writers: a row, and the context of all rows. */
#define FIELD_ARGUMENTS const void *data, const struct field_context *context

/* get_NAME(): returns an expression of context and of the row, a struct TYPE called ROW. */
#define DEFINE_GETTER(scope, type, row, name, result)  \
	scope struct value get_##name(FIELD_ARGUMENTS) \
	{                                              \
		const struct type *row = data;         \
                                                       \
		(void)row, (void)context;              \
		return result;                         \
	}

/* write_NAME() of that getter: the compiler knows the kind of value that it writes. */
#define DEFINE_WRITER(scope, name)                                      \
	scope char *write_##name(char *place, FIELD_ARGUMENTS)          \
	{                                                               \
		struct value written = get_##name(data, context);       \
                                                                        \
		return value_write(place, &written, context->notation); \
	}

#define WIDTHS(normal, wide) .width = (normal), .wide_width = (wide)
#define IS_DETAIL            .is_detail = true
#define BARE(name)           .class = FIELD_BARE, .get = get_##name, .write = write_##name
#define QUOTED(name)         .class = FIELD_QUOTED, .get = get_##name, .write = write_##name
#define WALL(name)           .class = FIELD_WALL, .get = get_##name, .write = write_##name
#define TEXT(name, size) \
	.class = FIELD_TEXT, .text_size = (size), .get = get_##name, .write = write_##name

#endif
