/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A growing byte buffer.
 *
 * Appends return no error. After running out of memory the buffer ignores them, and output_flush(),
 * which empties the buffer, reports it.
 */
#ifndef TCPSTATES_LIB_BUFFER_H
#define TCPSTATES_LIB_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
	char *data; /* owned; not NUL-terminated */
	size_t length;
	size_t capacity;
	bool out_of_memory;
};

/* Makes room for size more bytes. Returns where they go, or NULL. */
char *buffer_grow(struct buffer *buffer, size_t size);

/* Reserves size more bytes. Returns where they go, or NULL. buffer_commit() sets their end. */
static inline char *buffer_reserve(struct buffer *buffer, size_t size)
{
	if (buffer->capacity - buffer->length < size)
		return buffer_grow(buffer, size);
	return buffer->data + buffer->length;
}

static inline void buffer_commit(struct buffer *buffer, const char *end)
{
	buffer->length = (size_t)(end - buffer->data);
}

static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	char *place = size ? buffer_reserve(buffer, size) : NULL;

	if (!place)
		return;
	memcpy(place, data, size);
	buffer_commit(buffer, place + size);
}

static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
	char *place = buffer_reserve(buffer, 1);

	if (!place)
		return;
	*place = byte;
	buffer_commit(buffer, place + 1);
}

/* Releases the bytes; the buffer is empty and usable afterwards. */
void buffer_free(struct buffer *buffer);

#endif
