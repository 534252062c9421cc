// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sets of numbers. */
#include "lib/numbers.h"
#include "unit.h"

static void empty(void)
{
	struct numbers numbers = {0};

	numbers_sort(&numbers);
	CHECK(!numbers_has(&numbers, 0));
	numbers_free(&numbers);
}

static void ends(void)
{
	struct numbers numbers = {0};

	CHECK(numbers_add(&numbers, UINT64_MAX));
	CHECK(numbers_add(&numbers, 0));
	CHECK(numbers_add(&numbers, 5));
	CHECK(numbers_add(&numbers, 5));
	numbers_sort(&numbers);
	CHECK(numbers_has(&numbers, 0));
	CHECK(numbers_has(&numbers, 5));
	CHECK(numbers_has(&numbers, UINT64_MAX));
	CHECK(!numbers_has(&numbers, 1));
	CHECK(!numbers_has(&numbers, UINT64_MAX - 1));
	numbers_free(&numbers);
	CHECK_NUMBER(0, numbers.count);
}

/* In any order, against a table. */
static void as_a_table(void)
{
	for (int round = 0; round < 200; round++) {
		struct numbers numbers = {0};
		bool table[256] = {false};
		size_t count = unit_random() % 100;

		unit_row("round %d", round);
		for (size_t i = 0; i < count; i++) {
			unsigned int number = round % 3 ? unit_random() % 256 : i;

			table[number] = true;
			CHECK(numbers_add(&numbers, number));
		}
		numbers_sort(&numbers);
		for (unsigned int number = 0; number < 256; number++)
			CHECK_NUMBER(table[number], numbers_has(&numbers, number));
		numbers_free(&numbers);
	}
}

UNIT_MAIN("numbers", TEST(empty), TEST(ends), TEST(as_a_table))
