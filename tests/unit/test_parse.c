// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers from outside: what is one, what is none, and how large it may be. */
#include "lib/parse.h"
#include "unit.h"

#define UNTOUCHED 77777

struct row {
	const char *text;
	bool is_good;
	uint64_t value;
};

/* What is no number of any kind. */
static const char *const hopeless[] = {
	"",
	" ",
	"x",
	"-1",
	"+1",
	" 1",
	"1 ",
	"1\n",
	"0x10",
	"1e3",
	"1,",
	"1,2",
	"1_0",
	".",
	".5",
	"1.",
	"1..",
	"1.2.3",
	"--",
	"\xd9\xa1",
	"1K1",
	"1KB",
	"18446744073709551616",
	"99999999999999999999999999999999",
};

static void check_rows(const struct row *rows, size_t count,
		       bool (*parse)(const char *text, uint64_t *value))
{
	uint64_t value;

	for (size_t i = 0; i < count; i++) {
		unit_row("\"%s\"", rows[i].text);
		value = UNTOUCHED;
		CHECK_NUMBER(rows[i].is_good, parse(rows[i].text, &value));
		CHECK_NUMBER(rows[i].is_good ? rows[i].value : UNTOUCHED, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hopeless); i++) {
		unit_row("\"%s\"", hopeless[i]);
		value = UNTOUCHED;
		CHECK_NUMBER(false, parse(hopeless[i], &value));
		CHECK_NUMBER(UNTOUCHED, value);
	}
}

static bool parse_any(const char *text, uint64_t *value)
{
	return parse_number(text, UINT64_MAX, value);
}

static void numbers(void)
{
	static const struct row rows[] = {
		{"0", true, 0},
		{"1", true, 1},
		{"007", true, 7},
		{"4294967296", true, 4294967296},
		{"18446744073709551615", true, UINT64_MAX},
		{"1.5", false},
		{"5K", false},
	};

	check_rows(rows, ARRAY_SIZE(rows), parse_any);
}

static void limits(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool is_good;
	} rows[] = {
		{"0", 0, true},
		{"1", 0, false},
		{"5", 5, true},
		{"6", 5, false},
		{"10", 5, false},
		{"65535", UINT16_MAX, true},
		{"65536", UINT16_MAX, false},
		{"65540", UINT16_MAX, false},
		{"655350", UINT16_MAX, false},
		{"18446744073709551614", UINT64_MAX - 1, true},
		{"18446744073709551615", UINT64_MAX - 1, false},
	};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s of %llu", rows[i].text, (unsigned long long)rows[i].max);
		CHECK_NUMBER(rows[i].is_good, parse_number(rows[i].text, rows[i].max, &value));
	}
}

static void sizes(void)
{
	static const struct row rows[] = {
		{"0", true, 0},
		{"4096", true, 4096},
		{"1k", true, 1024},
		{"1K", true, 1024},
		{"512K", true, 524288},
		{"16M", true, 16777216},
		{"16m", true, 16777216},
		{"1G", true, 1073741824},
		{"2g", true, 2147483648},
		{"17179869183G", true, 17179869183ull << 30},
		{"17179869184G", false},
		{"18014398509481984K", false},
		{"18446744073709551615", true, UINT64_MAX},
		{"K", false},
		{"1T", false},
		{"1Ki", false},
		{"1.5M", false},
		{"-1K", false},
	};

	check_rows(rows, ARRAY_SIZE(rows), parse_size);
}

static void seconds(void)
{
	static const struct row rows[] = {
		{"0", true, 0},
		{"0.0", true, 0},
		{"5", true, 5000000000},
		{"0.25", true, 250000000},
		{"10.5", true, 10500000000},
		{"0.000000001", true, 1},
		{"1.123456789", true, 1123456789},
		{"0.1234567890", false},
		{"18446744072", true, 18446744072000000000u},
		{"18446744072.999999999", true, 18446744072999999999u},
		{"18446744073", false},
		{"18446744074", false},
		{"1.-5", false},
		{"1. 5", false},
		{"1.5s", false},
	};

	check_rows(rows, ARRAY_SIZE(rows), parse_seconds);
}

UNIT_MAIN("parse", TEST(numbers), TEST(limits), TEST(sizes), TEST(seconds))
