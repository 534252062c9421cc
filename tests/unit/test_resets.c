// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Resets for packets of no session, added up by peer: rows, their order, and their number. */
#include <stdlib.h>

#include "trace/reset.h"
#include "unit.h"
#include "view/resets.h"
#include "view/resets_row.h"

static struct reset_count of(uint32_t remote, uint16_t lport, uint16_t rport, uint64_t count)
{
	struct reset_count reset = {
		.key = {.lport = lport, .rport = rport, .ip = 4, .reason = RESET_NO_SOCKET},
		.count = count,
		.first_ns = 100,
		.last_ns = 200,
	};

	memcpy(reset.key.raddr + 12, &remote, sizeof(remote));
	return reset;
}

static void add(struct resets *resets, uint32_t remote, uint16_t lport, uint16_t rport,
		uint64_t count)
{
	const struct reset_count reset = of(remote, lport, rport, count);

	resets_add(resets, &reset, 0);
}

static void check_ports(uint16_t low, uint16_t high, struct reset_ports ports)
{
	CHECK_NUMBER(low, ports.low);
	CHECK_NUMBER(high, ports.high);
}

static void nothing(void)
{
	struct resets resets = {0};
	size_t count;

	add(&resets, 1, 80, 4000, 0);
	CHECK(!resets_sort(&resets, &count));
	CHECK_NUMBER(0, count);
	resets_close(&resets);
}

/* A row for each local port; remote ports and times are from the first to the last. */
static void few_ports(void)
{
	struct resets resets = {0};
	struct reset_count late = of(1, 80, 3000, 5);
	struct reset_row *rows;
	size_t count;

	add(&resets, 1, 80, 4000, 1);
	add(&resets, 1, 443, 4001, 7);
	late.first_ns = 50;
	late.last_ns = 150;
	resets_add(&resets, &late, 7000);
	rows = resets_sort(&resets, &count);
	CHECK_NUMBER(2, count);
	CHECK_NUMBER(7, rows[0].sum->count);
	check_ports(443, 443, rows[0].sum->lports);
	check_ports(4001, 4001, rows[0].sum->rports);
	CHECK_NUMBER(6, rows[1].sum->count);
	check_ports(80, 80, rows[1].sum->lports);
	check_ports(3000, 4000, rows[1].sum->rports);
	CHECK_NUMBER(50, rows[1].sum->first_ns);
	CHECK_NUMBER(200, rows[1].sum->last_ns);
	/* Each by the clock of its time. */
	CHECK_NUMBER(7050, rows[1].sum->first_wall_ns);
	CHECK_NUMBER(200, rows[1].sum->last_wall_ns);
	free(rows);
	resets_close(&resets);
}

/* One local port more, and there is one row for all; the next peer's are its own. */
static void many_ports(void)
{
	for (unsigned int ports = RESET_LPORTS_MAX; ports <= RESET_LPORTS_MAX + 1; ports++) {
		struct resets resets = {0};
		struct reset_row *rows;
		size_t count;

		unit_row("%u ports", ports);
		for (unsigned int i = 0; i < ports; i++)
			add(&resets, 1, 100 + i, 4000 + i, 10);
		add(&resets, 2, 22, 5000, 1);
		rows = resets_sort(&resets, &count);
		CHECK_NUMBER(ports > RESET_LPORTS_MAX ? 2 : ports + 1, count);
		CHECK_NUMBER(ports > RESET_LPORTS_MAX ? ports * 10 : 10, rows[0].sum->count);
		check_ports(100, ports > RESET_LPORTS_MAX ? 100 + ports - 1 : 100,
			    rows[0].sum->lports);
		check_ports(22, 22, rows[count - 1].sum->lports);
		free(rows);
		resets_close(&resets);
	}
}

/* What makes another row. */
static void told_apart(void)
{
	struct reset_count rows[] = {of(1, 80, 1, 1), of(1, 80, 2, 1), of(1, 80, 3, 1),
				     of(1, 80, 4, 1), of(1, 80, 5, 1), of(1, 80, 6, 1)};
	struct resets resets = {0};
	size_t count;

	rows[1].key.reason = RESET_TCP_FLAGS;
	rows[2].key.socket = RESET_SOCKET_TIME_WAIT;
	rows[3].key.flags = RESET_FOR_SYN;
	rows[4].key.netns = 7;
	rows[5].key.laddr[15] = 9;
	for (int times = 0; times < 2; times++)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			resets_add(&resets, &rows[i], 0);
	free(resets_sort(&resets, &count));
	CHECK_NUMBER(ARRAY_SIZE(rows), count);
	resets_close(&resets);
}

/* A recording may be from a later version, or hold anything: what is not known is one. */
static void unknown_numbers(void)
{
	struct resets resets = {0};
	struct reset_row *rows;
	size_t count;

	for (unsigned int number = 0; number < 256; number++) {
		struct reset_count any = of(1, 80, 4000, 1);

		any.key.reason = number < RESET_COUNT ? RESET_UNKNOWN : number;
		any.key.socket = number < RESET_SOCKETS ? RESET_SOCKETS : number;
		any.key.flags = number & ~(RESET_OF_REST | RESET_FOR_SYN);
		resets_add(&resets, &any, 0);
	}
	rows = resets_sort(&resets, &count);
	CHECK_NUMBER(1, count);
	CHECK_NUMBER(256, rows[0].sum->count);
	free(rows);
	resets_close(&resets);
}

/* The rest has no addresses, is last whatever its count, and keeps reason and kind. */
static void bounded(void)
{
	const uint32_t peers = RESET_GROUPS_MAX + 1000;
	struct resets resets = {0};
	struct reset_count told = {.count = 5, .first_ns = 1, .last_ns = 2};
	struct reset_row *rows;
	uint64_t sum = 0;
	size_t count;

	told.key.flags = RESET_OF_REST;
	told.key.reason = RESET_NO_SOCKET;
	told.key.raddr[0] = 99; /* never used: a recording may hold anything */
	resets_add(&resets, &told, 0);
	for (uint32_t remote = 0; remote < peers; remote++)
		add(&resets, remote, 80, 4000, 1);
	add(&resets, 5, 80, 4000, 1); /* one of those that are known */
	CHECK_NUMBER(RESET_GROUPS_MAX, resets.groups);
	CHECK_NUMBER(0, resets.missing);
	rows = resets_sort(&resets, &count);
	CHECK_NUMBER(RESET_GROUPS_MAX + 1, count);
	CHECK_NUMBER(2, rows[0].sum->count);
	CHECK(rows[count - 1].group->key.flags & RESET_OF_REST);
	CHECK_NUMBER(1000 + 5, rows[count - 1].sum->count);
	CHECK_NUMBER(0, rows[count - 1].group->key.raddr[0]);
	for (size_t i = 0; i < count; i++)
		sum += rows[i].sum->count;
	CHECK_NUMBER(peers + 1 + 5, sum);
	free(rows);
	resets_close(&resets);
}

/* No output depends on the order of what arrives, which is that of a hash table. */
static void order(void)
{
	static const struct {
		uint32_t remote;
		uint16_t lport;
	} added[] = {{3, 80}, {1, 81}, {2, 80}, {1, 80}, {3, 22}};

	for (size_t first = 0; first < ARRAY_SIZE(added); first++) {
		struct resets resets = {0};
		struct reset_row *rows;
		size_t count;

		unit_row("from %zu", first);
		for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
			size_t k = (first + i) % ARRAY_SIZE(added);

			add(&resets, added[k].remote, added[k].lport, 4000, 1);
		}
		rows = resets_sort(&resets, &count);
		CHECK_NUMBER(ARRAY_SIZE(added), count);
		for (size_t i = 0; i + 1 < count; i++) {
			const struct reset_row *a = &rows[i], *b = &rows[i + 1];
			int by_key = memcmp(&a->group->key, &b->group->key, sizeof(a->group->key));

			CHECK(by_key < 0 || (!by_key && a->sum->lports.low < b->sum->lports.low));
		}
		free(rows);
		resets_close(&resets);
	}
}

UNIT_MAIN("resets", TEST(nothing), TEST(few_ports), TEST(many_ports), TEST(told_apart),
	  TEST(unknown_numbers), TEST(bounded), TEST(order))
