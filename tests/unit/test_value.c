// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values as text, for the kinds that look the same in every format. */
#include "field/value.h"
#include "unit.h"

static const uint8_t ipv4[] = {192, 0, 2, 255};
static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static const struct word close_wait = {"CLOSE_WAIT", 10};

static void kinds(void)
{
	static const struct {
		struct value value;
		const char *text;
	} rows[] = {
		{{VALUE_UNKNOWN}, ""},
		{{VALUE_NUMBER, .number = 0}, "0"},
		{{VALUE_NUMBER, .number = UINT64_MAX}, "18446744073709551615"},
		{{VALUE_HEX, .number = 0}, "0"},
		{{VALUE_HEX, .number = 0xffff8880041c3000}, "ffff8880041c3000"},
		{{VALUE_WORD, .word = &close_wait}, "CLOSE_WAIT"},
		{{VALUE_NAME, .text = "reset_unread, and more", .size = 12}, "reset_unread"},
		{{VALUE_NAME, .text = "", .size = 0}, ""},
		{{VALUE_MS, .number = 1234567}, "1.234"},
		{{VALUE_MS_ABOUT, .number = 1234567}, "~1.234"},
		{{VALUE_MS_AT_LEAST, .number = 1234567}, ">=1.234"},
		{{VALUE_MS_AT_LEAST, .number = UINT64_MAX}, ">=18446744073709.551"},
		{{VALUE_TEXT, .text = "from outside", .size = 12}, ""},
		{{VALUE_WALL, .elapsed = 1}, ""},
		{{VALUE_IPV4, .address = ipv4}, "192.0.2.255"},
		{{VALUE_IPV6, .address = ipv6}, "2001:db8::1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer buffer = {0};

		unit_row("row %zu", i);
		value_append(&buffer, &rows[i].value);
		CHECK_BUFFER(rows[i].text, buffer);
		buffer_free(&buffer);
	}
}

static char *write_text_of_test(char *place, const char *text, size_t size)
{
	*place++ = '<';
	place = (char *)mempcpy(place, text, size);
	*place++ = '>';
	return place;
}

static char *write_wall_of_test(struct notation *notation, char *place, int64_t wall_ns)
{
	notation->second.begin_ns = wall_ns;
	return stpcpy(place, "wall");
}

/* What each format has its own way for is left to its notation; the rest is the same with one. */
static void with_a_notation(void)
{
	static const struct {
		struct value value;
		const char *text;
	} rows[] = {
		{{VALUE_UNKNOWN}, ""},
		{{VALUE_NUMBER, .number = 42}, "42"},
		{{VALUE_TEXT, .text = "from outside", .size = 4}, "<from>"},
		{{VALUE_WALL, .elapsed = 17}, "wall"},
		{{VALUE_IPV4, .address = ipv4}, "192.0.2.255"},
		{{VALUE_IPV6, .address = ipv6}, "2001:db8::1"},
		{{VALUE_IPV6, .address = ipv6}, "2001:db8::1"},
	};
	struct notation notation = {
		.write_text = write_text_of_test,
		.write_wall = write_wall_of_test,
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[VALUE_SIZE_MAX + 1];

		unit_row("row %zu", i);
		*value_write(text, &rows[i].value, &notation) = '\0';
		CHECK_TEXT(rows[i].text, text);
	}
	CHECK_NUMBER(17, notation.second.begin_ns);
}

/* Microseconds are cut, not rounded: bcc's kernel program divides by 1000 too. */
static void milliseconds(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0.000"},
		{999, "0.000"},
		{1000, "0.001"},
		{1999, "0.001"},
		{999999, "0.999"},
		{1000000, "1.000"},
		{3000123456, "3000.123"},
		{86400000000000, "86400000.000"},
		{UINT64_MAX, "18446744073709.551"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value value = {.kind = VALUE_MS, .number = rows[i].ns};
		struct buffer buffer = {0};

		unit_row("%llu ns", (unsigned long long)rows[i].ns);
		value_append(&buffer, &value);
		CHECK_BUFFER(rows[i].text, buffer);
		buffer_free(&buffer);
	}
}

static void seconds(void)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{0, "0.000000"},
		{999, "0.000000"},
		{-999, "0.000000"},
		{1000, "0.000001"},
		{-1000, "-0.000001"},
		{1500000000, "1.500000"},
		{-1500000000, "-1.500000"},
		{-86400123456789, "-86400.123456"},
		{INT64_MAX, "9223372036.854775"},
		{INT64_MIN, "-9223372036.854775"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value value = {.kind = VALUE_SECONDS, .elapsed = rows[i].ns};
		struct buffer buffer = {0};

		unit_row("%lld ns", (long long)rows[i].ns);
		value_append(&buffer, &value);
		CHECK_BUFFER(rows[i].text, buffer);
		buffer_free(&buffer);
	}
}

UNIT_MAIN("value", TEST(kinds), TEST(with_a_notation), TEST(milliseconds), TEST(seconds))
