// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The byte buffer: growth, running out of memory. */
#include <stdlib.h>

#include "lib/buffer.h"
#include "unit.h"

static void append_spaces(struct buffer *buffer, size_t count)
{
	char *place = buffer_reserve(buffer, count);

	if (!place)
		return;
	memset(place, ' ', count);
	buffer_commit(buffer, place + count);
}

/* Without it the sanitizer ends the program where malloc(3) would return NULL. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void bytes_follow_each_other(void)
{
	struct buffer buffer = {0};

	buffer_append_text(&buffer, "a");
	append_spaces(&buffer, 3);
	buffer_append_byte(&buffer, 'b');
	buffer_append(&buffer, "cdef", 2);
	CHECK_BUFFER("a   bcd", buffer);
	buffer_free(&buffer);
}

static void nothing_is_nothing(void)
{
	struct buffer buffer = {0};

	buffer_append(&buffer, NULL, 0);
	buffer_append_text(&buffer, "");
	append_spaces(&buffer, 0);
	CHECK_NUMBER(0, buffer.length);
	buffer_free(&buffer);
	CHECK(!buffer.data);
	buffer_free(&buffer);
}

/* Each byte says where it is, so that a piece lost or moved by growing is seen. */
static void grows(void)
{
	struct buffer buffer = {0};
	size_t size = 100000;
	bool is_whole = true;

	for (size_t i = 0; i < size; i++)
		buffer_append_byte(&buffer, (char)(i * 31 >> 3));
	CHECK_NUMBER(size, buffer.length);
	CHECK(buffer.capacity >= size);
	for (size_t i = 0; i < size; i++)
		is_whole &= buffer.data[i] == (char)(i * 31 >> 3);
	CHECK(is_whole);
	buffer_free(&buffer);
}

static void grows_at_once(void)
{
	struct buffer buffer = {0};

	buffer_append_byte(&buffer, 'a');
	append_spaces(&buffer, 1000000);
	buffer_append_byte(&buffer, 'z');
	CHECK_NUMBER(1000002, buffer.length);
	CHECK_NUMBER('a', buffer.data[0]);
	CHECK_NUMBER(' ', buffer.data[1000000]);
	CHECK_NUMBER('z', buffer.data[1000001]);
	buffer_free(&buffer);
}

/* A reservation is no content: only what is committed counts, and reserving less is allowed. */
static void reserve_then_commit(void)
{
	struct buffer buffer = {0};
	char *place = buffer_reserve(&buffer, 10);

	CHECK(place);
	CHECK_NUMBER(0, buffer.length);
	memcpy(place, "xyz", 3);
	buffer_commit(&buffer, place + 3);
	CHECK_BUFFER("xyz", buffer);
	buffer_free(&buffer);
}

static void remembers_running_out_of_memory(void)
{
	struct buffer buffer = {0};
	struct unit_capture warnings; /* the sanitizer's */

	buffer_append_text(&buffer, "kept");
	unit_capture_begin(&warnings);
	CHECK(!buffer_reserve(&buffer, (size_t)1 << 60));
	unit_capture_end(&warnings);
	CHECK(buffer.out_of_memory);
	append_spaces(&buffer, 100000);
	CHECK_BUFFER("kept", buffer);
	buffer_free(&buffer);
	CHECK(!buffer.out_of_memory);
}

/* More than there are addresses: no arithmetic may wrap around. */
static void refuses_the_impossible(void)
{
	struct buffer buffer = {0};

	CHECK(!buffer_reserve(&buffer, SIZE_MAX));
	CHECK(buffer.out_of_memory);
	buffer_free(&buffer);
}

UNIT_MAIN("buffer", TEST(bytes_follow_each_other), TEST(nothing_is_nothing), TEST(grows),
	  TEST(grows_at_once), TEST(reserve_then_commit), TEST(remembers_running_out_of_memory),
	  TEST(refuses_the_impossible))
