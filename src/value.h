/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One value of a field: what kind it is says how each format prints it. */
#ifndef TCPSTATES_VALUE_H
#define TCPSTATES_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buffer.h"

enum value_kind {
	VALUE_UNKNOWN, /* "-" in the table, empty in CSV, null in JSON */
	VALUE_NUMBER,  /* number */
	VALUE_HEX,     /* number, printed in hexadecimal */
	VALUE_WORD,    /* text: ours, safe in every format */
	VALUE_TEXT,    /* text, size: from outside, to be escaped as each format does it */
	VALUE_IPV4,    /* address: 4 bytes */
	VALUE_IPV6,    /* address: 16 bytes */
	VALUE_MS,      /* number: nanoseconds, printed as milliseconds with three decimals */
	VALUE_SECONDS, /* elapsed: nanoseconds, perhaps negative, printed as seconds with six
			  decimals */
	VALUE_WALL,    /* elapsed: nanoseconds since 1970, UTC; each format has its own notation */
};

struct value {
	enum value_kind kind;
	union {
		uint64_t number;
		int64_t elapsed;
		const uint8_t *address;
		struct {
			const char *text; /* not NUL-terminated */
			size_t size;
		};
	};
};

/*
 * Writes a value of a kind that looks the same in every format; nothing for the others (unknown,
 * text, wall).
 */
void value_append(struct buffer *buffer, const struct value *value);

#endif
