// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers as text. */
#include <inttypes.h>

#include "lib/number.h"
#include "unit.h"

#define RANDOM_NUMBERS 30000

static void check_number(uint64_t number, const char *decimal, const char *hex)
{
	char text[NUMBER_SIZE_MAX + 1], hex_text[NUMBER_HEX_SIZE_MAX + 1];

	*number_write(text, number) = '\0';
	CHECK_TEXT(decimal, text);
	*number_write_hex(hex_text, number) = '\0';
	CHECK_TEXT(hex, hex_text);
}

static void numbers(void)
{
	static const struct {
		uint64_t number;
		const char *decimal;
		const char *hex;
	} rows[] = {
		{0, "0", "0"},
		{9, "9", "9"},
		{10, "10", "a"},
		{99, "99", "63"},
		{100, "100", "64"},
		{255, "255", "ff"},
		{999, "999", "3e7"},
		{1000, "1000", "3e8"},
		{9999, "9999", "270f"},
		{10000, "10000", "2710"},
		{65535, "65535", "ffff"},
		{100000000, "100000000", "5f5e100"},
		{4294967295, "4294967295", "ffffffff"},
		{0xffff8880041c3000, "18446612682138988544", "ffff8880041c3000"},
		{0x0fffffffffffffff, "1152921504606846975", "fffffffffffffff"},
		{0x0123456789abcdef, "81985529216486895", "123456789abcdef"},
		{10000000000000000000u, "10000000000000000000", "8ac7230489e80000"},
		{0xfedcba9876543210, "18364758544493064720", "fedcba9876543210"},
		{UINT64_MAX, "18446744073709551615", "ffffffffffffffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].decimal);
		check_number(rows[i].number, rows[i].decimal, rows[i].hex);
	}
}

/* Of every length, against printf(3). */
static void random_numbers(void)
{
	for (int i = 0; i < RANDOM_NUMBERS; i++) {
		uint64_t number = unit_random() >> (i % 64);
		char decimal[NUMBER_SIZE_MAX + 1], hex[NUMBER_HEX_SIZE_MAX + 1];

		snprintf(decimal, sizeof(decimal), "%" PRIu64, number);
		snprintf(hex, sizeof(hex), "%" PRIx64, number);
		check_number(number, decimal, hex);
	}
}

static void fractions(void)
{
	static const struct {
		uint64_t number;
		const char *thousandths;
		const char *millionths;
	} rows[] = {
		{0, "0.000", "0.000000"},
		{1, "0.001", "0.000001"},
		{999, "0.999", "0.000999"},
		{1000, "1.000", "0.001000"},
		{12345, "12.345", "0.012345"},
		{1000000, "1000.000", "1.000000"},
		{UINT64_MAX, "18446744073709551.615", "18446744073709.551615"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[NUMBER_SIZE_MAX + 2];

		unit_row("%s", rows[i].thousandths);
		*number_write_thousandths(text, rows[i].number) = '\0';
		CHECK_TEXT(rows[i].thousandths, text);
		*number_write_millionths(text, rows[i].number) = '\0';
		CHECK_TEXT(rows[i].millionths, text);
	}
}

UNIT_MAIN("number", TEST(numbers), TEST(random_numbers), TEST(fractions))
