/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One value of a field; its kind determines how each format prints it. Writing values is most of
 * the work for a line, so it is inlined into the formats.
 */
#ifndef TCPSTATES_FIELD_VALUE_H
#define TCPSTATES_FIELD_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/buffer.h"
#include "lib/number.h"
#include "lib/word.h"
#include "trace/clock.h"

enum value_kind {
	VALUE_UNKNOWN,     /* "-" in the table, empty in CSV, null in JSON */
	VALUE_NUMBER,      /* number */
	VALUE_HEX,         /* number, printed in hexadecimal */
	VALUE_WORD,        /* word: safe in every format */
	VALUE_NAME,        /* text, size: safe in every format */
	VALUE_TEXT,        /* text, size: external text, which each format escapes */
	VALUE_IPV4,        /* address: 4 bytes */
	VALUE_IPV6,        /* address: 16 bytes */
	VALUE_MS,          /* number: nanoseconds, printed as milliseconds with three decimals */
	VALUE_MS_ABOUT,    /* likewise, with ~ before it */
	VALUE_MS_AT_LEAST, /* likewise, with >= before it */
	VALUE_SECONDS,     /* elapsed: nanoseconds, may be negative, printed as seconds with six
			      decimals */
	VALUE_WALL, /* elapsed: nanoseconds since 1970, UTC; each format has its own notation */
};

/* Two machine words: returned in registers. */
struct value {
	uint32_t kind; /* enum value_kind */
	uint32_t size; /* of a text */
	union {
		uint64_t number;
		int64_t elapsed;
		const uint8_t *address;
		const struct word *word;
		const char *text; /* not NUL-terminated */
	};
};

/* The last wall-clock second written, as text: most rows are in the same second. */
struct second_text {
	int64_t begin_ns; /* since 1970 */
	size_t length;    /* 0: none yet */
	char text[24];
};

#define NOTATION_TEXT_SIZE 32

/* How a format writes text and wall-clock times, and caches of what it wrote before. */
struct notation {
	/* Writes external text, made safe. lib/text.h states the room that it needs. */
	char *(*write_text)(char *place, const char *text, size_t size);
	/* Writes a wall-clock time, in nanoseconds since 1970. */
	char *(*write_wall)(struct notation *notation, char *place, int64_t wall_ns);
	struct second_text second;
	struct address_cache addresses;
	char text[NOTATION_TEXT_SIZE]; /* for a getter that makes a text; until the next one */
};

#define VALUE_SIZE_MAX 48 /* maximum that value_write() writes, except for text */

static inline char *value_write_seconds(char *place, int64_t ns)
{
	int64_t us = ns / NSEC_PER_USEC;

	if (us < 0)
		*place++ = '-';
	return number_write_millionths(place, us < 0 ? -us : us);
}

static inline char *value_write_word(char *place, const struct word *word)
{
	memcpy(place, word, sizeof(*word));
	return place + word->size;
}

/*
 * Writes a value and returns its end; writes nothing for an unknown value. place must have room for
 * VALUE_SIZE_MAX bytes, or for what the text may need. notation: may be NULL for kinds that are the
 * same in every format; text and wall-clock times are then not written. Always inlined: a field's
 * writer knows the kind, so the compiler removes the switch.
 */
static inline __attribute__((always_inline)) char *value_write(char *place,
							       const struct value *value,
							       struct notation *notation)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NUMBER:
		return number_write(place, value->number);
	case VALUE_HEX:
		return number_write_hex(place, value->number);
	case VALUE_WORD:
		return value_write_word(place, value->word);
	case VALUE_IPV4:
		return address_write_ipv4(place, value->address);
	case VALUE_IPV6:
		return notation ? address_write_cached(&notation->addresses, place, value->address)
				: address_write_ipv6(place, value->address);
	case VALUE_NAME:
		memcpy(place, value->text, value->size);
		return place + value->size;
	case VALUE_MS_AT_LEAST:
		*place++ = '>';
		*place++ = '=';
		return number_write_thousandths(place, value->number / NSEC_PER_USEC);
	case VALUE_MS_ABOUT:
		*place++ = '~';
		return number_write_thousandths(place, value->number / NSEC_PER_USEC);
	case VALUE_MS:
		return number_write_thousandths(place, value->number / NSEC_PER_USEC);
	case VALUE_SECONDS:
		return value_write_seconds(place, value->elapsed);
	case VALUE_TEXT:
		return notation ? notation->write_text(place, value->text, value->size) : place;
	case VALUE_WALL:
		return notation ? notation->write_wall(notation, place, value->elapsed) : place;
	case VALUE_UNKNOWN:
		break;
	}
	return place;
}

void value_append(struct buffer *buffer, const struct value *value);

#endif
