// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A growing byte buffer, and numbers written into it. */
#include <stdlib.h>

#include "buffer.h"

#define FIRST_CAPACITY 4096
#define DIGITS_MAX     20 /* of UINT64_MAX */

static bool buffer_grow(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
	char *data;

	if (buffer->out_of_memory)
		return false;
	while (capacity - buffer->length < size)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data) {
		buffer->out_of_memory = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
	if (buffer->capacity - buffer->length < size && !buffer_grow(buffer, size))
		return NULL;
	return buffer->data + buffer->length;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	char *place = buffer_reserve(buffer, size);

	if (!place || !size)
		return;
	memcpy(place, data, size);
	buffer_commit(buffer, size);
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
	char *place = buffer_reserve(buffer, 1);

	if (!place)
		return;
	*place = byte;
	buffer_commit(buffer, 1);
}

void buffer_append_spaces(struct buffer *buffer, size_t count)
{
	char *place = buffer_reserve(buffer, count);

	if (!place || !count)
		return;
	memset(place, ' ', count);
	buffer_commit(buffer, count);
}

/* Writes at least width digits that end just before end; returns where they begin. */
static char *digits_before(char *end, uint64_t number, unsigned int width)
{
	char *begin = end;

	while (number || (unsigned int)(end - begin) < width) {
		*--begin = '0' + number % 10;
		number /= 10;
	}
	return begin;
}

void buffer_append_number(struct buffer *buffer, uint64_t number)
{
	char digits[DIGITS_MAX];
	char *end = digits + sizeof(digits);
	char *begin = digits_before(end, number, 1);

	buffer_append(buffer, begin, end - begin);
}

void buffer_append_decimal(struct buffer *buffer, uint64_t number, unsigned int decimals)
{
	char digits[DIGITS_MAX + 1];
	char *end = digits + sizeof(digits);
	char *begin = digits_before(end, number, decimals + 1);
	size_t whole = end - begin - decimals;

	memmove(begin - 1, begin, whole);
	begin--;
	begin[whole] = '.';
	buffer_append(buffer, begin, end - begin);
}

void buffer_append_hex(struct buffer *buffer, uint64_t number)
{
	static const char digit[] = "0123456789abcdef";
	char digits[16];
	char *end = digits + sizeof(digits);
	char *begin = end;

	do {
		*--begin = digit[number & 15];
		number >>= 4;
	} while (number);
	buffer_append(buffer, begin, end - begin);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
