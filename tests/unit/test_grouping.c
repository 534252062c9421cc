// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Keys of a summary. */
#include "trace/grouping.h"
#include "trace/state.h"
#include "unit.h"

static void keys(void)
{
	static const struct {
		const char *first, *second; /* NULL: none */
		bool is_right;
		const char *expected; /* a part of what is said to be right; NULL: nothing */
	} rows[] = {
		{"state", NULL, true, NULL},
		{"STATE", "Edge", true, NULL},
		{"raddr/24", "laddr/1", true, NULL},
		{"raddr/32/128", NULL, true, NULL},
		{"raddr/128", NULL, true, NULL},
		{"raddr/129", NULL, false, "prefix length from 1 to 32"},
		{"raddr/0", NULL, false, "prefix length from 1 to 32"},
		{"raddr/", NULL, false, "prefix length from 1 to 32"},
		{"raddr/24/", NULL, false, "prefix length from 1 to 32"},
		{"raddr/24/0", NULL, false, "prefix length from 1 to 32"},
		{"raddr/24/129", NULL, false, "prefix length from 1 to 32"},
		{"raddr/33/64", NULL, false, "prefix length from 1 to 32"},
		{"raddr/24/64/", NULL, false, "prefix length from 1 to 32"},
		{"raddr/000024/64", NULL, false, "prefix length from 1 to 32"},
		{"raddr/-1", NULL, false, "prefix length from 1 to 32"},
		{"lport/8", NULL, false, "only for laddr and raddr"},
		{"raddr", "raddr/24", false, "each key only once"},
		{"pid", "pid", false, "each key only once"},
		{"port", "Closed_By", true, NULL},
		{"role", "port/8", false, "only for laddr and raddr"},
		{"", NULL, false, NULL},
		{"stat", NULL, false, NULL},
		{"statement", NULL, false, NULL},
		{"/24", NULL, false, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct grouping grouping = {0};
		const char *expected = grouping_add(&grouping, rows[i].first);

		unit_row("%s %s", rows[i].first, rows[i].second ? rows[i].second : "");
		if (rows[i].second) {
			CHECK(!expected);
			expected = grouping_add(&grouping, rows[i].second);
		}
		CHECK_NUMBER(rows[i].is_right, !expected);
		if (rows[i].expected && expected)
			CHECK_PART(rows[i].expected, expected);
	}
}

static struct group_key key_of(const char *by, const struct transition *t, uint8_t state)
{
	struct grouping grouping = {0};
	struct group_key key;

	CHECK(!grouping_add(&grouping, by));
	group_key_fill(&key, &grouping, t, state);
	return key;
}

static const struct transition ipv4 = {
	.laddr = {[10] = 0xff, [11] = 0xff, 10, 1, 2, 3},
	.raddr = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 255},
	.ip = 4,
	.lport = 80,
	.rport = 1234,
	.oldstate = STATE_ESTABLISHED,
	.newstate = STATE_CLOSE_WAIT,
	.flags = TRANSITION_HAS_DETAILS,
	.pid = 77,
	.netns = 5,
	.cgroup = 9,
	.comm = "nginx\0rubbish",
};

static void addresses(void)
{
	static const struct {
		const char *by;
		uint8_t raddr[16];
	} rows[] = {
		{"raddr", {[10] = 0xff, [11] = 0xff, 192, 0, 2, 255}},
		{"raddr/24", {[10] = 0xff, [11] = 0xff, 192, 0, 2}},
		{"raddr/25", {[10] = 0xff, [11] = 0xff, 192, 0, 2, 128}},
		{"raddr/1/128", {[10] = 0xff, [11] = 0xff, 128}},
		{"raddr/64", {[10] = 0xff, [11] = 0xff, 192, 0, 2, 255}},
		{"laddr", {0}},
	};
	struct transition ipv6 = {.raddr = {0x20, 0x01, 0xd, 0xb8, 0xff, 0xff, [15] = 1}, .ip = 6};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct group_key key = key_of(rows[i].by, &ipv4, 0);

		unit_row("%s", rows[i].by);
		CHECK_MEMORY(rows[i].raddr, key.raddr, 16);
	}
	CHECK_MEMORY(((uint8_t[16]){0x20, 0x01, 0xd, 0xb8, 0xff, 0xf0}),
		     key_of("raddr/8/44", &ipv6, 0).raddr, 16);
	CHECK_MEMORY(((uint8_t[16]){0x20}), key_of("raddr/8", &ipv6, 0).raddr, 16);
}

static void others(void)
{
	struct transition old = ipv4;

	CHECK_NUMBER(80, key_of("lport", &ipv4, 0).lport);
	CHECK_NUMBER(0, key_of("lport", &ipv4, 0).rport);
	CHECK_NUMBER(1234, key_of("rport", &ipv4, 0).rport);
	CHECK_NUMBER(77, key_of("pid", &ipv4, 0).pid);
	CHECK_NUMBER(5, key_of("netns", &ipv4, 0).netns);
	CHECK_NUMBER(9, key_of("cgroup", &ipv4, 0).cgroup);
	CHECK_MEMORY("nginx\0\0\0\0\0\0\0\0\0\0", key_of("comm", &ipv4, 0).comm, 16);
	CHECK_NUMBER(STATE_LAST_ACK, key_of("state", &ipv4, STATE_LAST_ACK).state);
	CHECK_NUMBER(STATE_ESTABLISHED, key_of("edge", &ipv4, STATE_LAST_ACK).oldstate);
	CHECK_NUMBER(STATE_CLOSE_WAIT, key_of("edge", &ipv4, STATE_LAST_ACK).newstate);
	CHECK_NUMBER(0, key_of("edge", &ipv4, STATE_LAST_ACK).state);
	old.flags = 0;
	CHECK_NUMBER(0, key_of("pid", &old, 0).pid);
}

static void both(void)
{
	struct grouping grouping = {0};
	struct group_key key;

	CHECK(!grouping_add(&grouping, "edge"));
	CHECK(!grouping_add(&grouping, "state"));
	CHECK(!grouping_has_now(&grouping));
	group_key_fill(&key, &grouping, &ipv4, STATE_CLOSE_WAIT);
	CHECK_NUMBER(STATE_ESTABLISHED, key.state);
}

UNIT_MAIN("grouping", TEST(keys), TEST(addresses), TEST(others), TEST(both))
