// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values as text, where all formats agree. */
#include "clock.h"
#include "lib/text.h"
#include "value.h"

static void append_seconds(struct buffer *buffer, int64_t ns)
{
	int64_t us = ns / NSEC_PER_USEC;

	if (us < 0)
		buffer_append_byte(buffer, '-');
	buffer_append_decimal(buffer, us < 0 ? -us : us, 6);
}

void value_append(struct buffer *buffer, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NUMBER:
		buffer_append_number(buffer, value->number);
		break;
	case VALUE_HEX:
		buffer_append_hex(buffer, value->number);
		break;
	case VALUE_WORD:
		buffer_append(buffer, value->text, value->size);
		break;
	case VALUE_IPV4:
		text_append_ipv4(buffer, value->address);
		break;
	case VALUE_IPV6:
		text_append_ipv6(buffer, value->address);
		break;
	case VALUE_MS:
		buffer_append_decimal(buffer, value->number / NSEC_PER_USEC, 3);
		break;
	case VALUE_SECONDS:
		append_seconds(buffer, value->elapsed);
		break;
	case VALUE_UNKNOWN:
	case VALUE_TEXT:
	case VALUE_WALL:
		break;
	}
}
