/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A growing byte buffer and the writers of numbers and padding that every text format uses.
 *
 * Running out of memory is remembered, not returned: appends are then ignored, and whoever empties
 * the buffer (output_flush()) reports it.
 */
#ifndef TCPSTATES_LIB_BUFFER_H
#define TCPSTATES_LIB_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
	char *data; /* owned; not NUL-terminated */
	size_t length;
	size_t capacity;
	bool out_of_memory;
};

/* Room for size more bytes at the returned place, or NULL. buffer_commit() says how many were used.
 */
char *buffer_reserve(struct buffer *buffer, size_t size);

static inline void buffer_commit(struct buffer *buffer, size_t size)
{
	buffer->length += size;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_spaces(struct buffer *buffer, size_t count);

static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

/* In decimal, and in lower-case hexadecimal without a prefix. */
void buffer_append_number(struct buffer *buffer, uint64_t number);
void buffer_append_hex(struct buffer *buffer, uint64_t number);

/* number / 10^decimals in decimal, all decimals printed: (12345, 3) is 12.345. decimals <= 9. */
void buffer_append_decimal(struct buffer *buffer, uint64_t number, unsigned int decimals);

/* Releases the bytes; the buffer is empty and usable afterwards. */
void buffer_free(struct buffer *buffer);

#endif
