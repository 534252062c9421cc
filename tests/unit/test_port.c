// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sets of ports: what one holds after ports and ranges, and what it refuses. */
#include "trace/port.h"
#include "unit.h"

#define PORTS 65536

static int port_set_count(const struct port_set *set)
{
	int count = 0;

	for (int port = 0; port < PORTS; port++)
		count += port_set_has(set, port);
	return count;
}

static void good(void)
{
	static const struct {
		const char *text;
		int first, last;
	} rows[] = {
		{"0", 0, 0},       {"80", 80, 80},
		{"0080", 80, 80},  {"63", 63, 63},
		{"64", 64, 64},    {"65535", 65535, 65535},
		{"0-0", 0, 0},     {"8000-8099", 8000, 8099},
		{"63-64", 63, 64}, {"0-65535", 0, 65535},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct port_set set = {0};

		unit_row("%s", rows[i].text);
		CHECK(port_set_add(&set, rows[i].text));
		CHECK(set.is_given);
		CHECK_NUMBER(rows[i].last - rows[i].first + 1, port_set_count(&set));
		for (int port = rows[i].first; port <= rows[i].last; port++)
			CHECK(port_set_has(&set, port));
	}
}

static void bad(void)
{
	static const char *const rows[] = {
		"",
		"-",
		"80-",
		"-80",
		"65536",
		"80-65536",
		"81-80",
		"99999",
		"80-90-100",
		"80--90",
		"80 ",
		" 80",
		"http",
		"80,90",
		"0x50",
		"+80",
		"-1",
		"8o",
		"1e3",
		"80-90x",
		"80.5",
		"4294967376",
		"18446744073709551696",
		"123456789012345678901234567890-1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct port_set set = {0}, empty = {0};

		unit_row("\"%s\"", rows[i]);
		CHECK(!port_set_add(&set, rows[i]));
		CHECK_MEMORY(&empty, &set, sizeof(set));
	}
}

static void adds_up(void)
{
	struct port_set set = {0};

	CHECK(port_set_add(&set, "80"));
	CHECK(port_set_add(&set, "8000-8099"));
	CHECK(port_set_add(&set, "8050-8149"));
	CHECK(port_set_add(&set, "80"));
	CHECK(!port_set_add(&set, "90-"));
	CHECK_NUMBER(151, port_set_count(&set));
	CHECK(!port_set_has(&set, 90));
	CHECK(!port_set_has(&set, 7999));
	CHECK(!port_set_has(&set, 8150));
}

UNIT_MAIN("port", TEST(good), TEST(bad), TEST(adds_up))
