// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A growing byte buffer. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/buffer.h"

#define FIRST_CAPACITY 4096

char *buffer_grow(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
	char *data;

	if (buffer->out_of_memory)
		return NULL;
	while (capacity - buffer->length < size && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	data = capacity - buffer->length < size ? NULL : realloc(buffer->data, capacity);
	if (!data) {
		buffer->out_of_memory = true;
		return NULL;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return data + buffer->length;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
