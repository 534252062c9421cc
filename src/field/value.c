// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values as text that is the same in all formats. */
#include "field/value.h"

_Static_assert(sizeof(struct value) == 16, "a value is returned in two registers");
_Static_assert(sizeof(struct word) <= VALUE_SIZE_MAX && ADDRESS_IPV6_SIZE_MAX <= VALUE_SIZE_MAX &&
		       NUMBER_SIZE_MAX + 2 <= VALUE_SIZE_MAX,
	       "every value has room");

void value_append(struct buffer *buffer, const struct value *value)
{
	char *place = buffer_reserve(buffer, VALUE_SIZE_MAX);

	if (place)
		buffer_commit(buffer, value_write(place, value, NULL));
}
