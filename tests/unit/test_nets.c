// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sets of addresses: against a comparison of bits, block by block. */
#include <arpa/inet.h>
#include <time.h>

#include "lib/nets.h"
#include "unit.h"

#define BLOCKS_MAX 40

/* One block, kept as it was made up. */
struct block {
	uint8_t address[16];
	unsigned int prefix; /* of 128 bits */
};

static void address_parse(const char *text, uint8_t *address)
{
	memset(address, 0, 16);
	address[10] = address[11] = 0xff;
	if (inet_pton(AF_INET, text, address + 12) != 1)
		CHECK_NUMBER(1, inet_pton(AF_INET6, text, address));
}

static bool bit_of(const uint8_t *address, unsigned int bit)
{
	return address[bit / 8] >> (7 - bit % 8) & 1;
}

static bool block_has(const struct block *block, const uint8_t *address)
{
	for (unsigned int bit = 0; bit < block->prefix; bit++)
		if (bit_of(block->address, bit) != bit_of(address, bit))
			return false;
	return true;
}

static bool blocks_have(const struct block *blocks, size_t count, const uint8_t *address)
{
	for (size_t i = 0; i < count; i++)
		if (block_has(&blocks[i], address))
			return true;
	return false;
}

/* Few bits differ from address to address, so that blocks overlap and hold what is asked for. */
static void random_address(uint8_t *address, bool is_ipv4)
{
	memset(address, 0, 16);
	if (is_ipv4)
		address[10] = address[11] = 0xff;
	for (unsigned int byte = is_ipv4 ? 12 : 0; byte < 16; byte++)
		address[byte] = unit_random() % 4 ? 0 : 1u << unit_random() % 8;
}

static void random_block(struct nets *nets, struct block *block)
{
	bool is_ipv4 = unit_random() % 2;
	unsigned int bits = is_ipv4 ? 32 : 128, prefix = unit_random() % (bits + 1);
	char text[INET6_ADDRSTRLEN], whole[INET6_ADDRSTRLEN + 4];

	if (unit_random() % 2) /* short ones would hold everything */
		prefix = bits - unit_random() % 5;
	random_address(block->address, is_ipv4);
	block->prefix = prefix + 128 - bits;
	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, block->address + (is_ipv4 ? 12 : 0), text,
		  sizeof(text));
	snprintf(whole, sizeof(whole), "%s/%u", text, prefix);
	CHECK(nets_add(nets, whole));
}

static void as_bits_are(void)
{
	for (int round = 0; round < 300; round++) {
		struct block blocks[BLOCKS_MAX];
		size_t count = 1 + unit_random() % BLOCKS_MAX;
		struct nets nets = {0};

		unit_row("round %d", round);
		for (size_t i = 0; i < count; i++)
			random_block(&nets, &blocks[i]);
		nets_sort(&nets);
		for (int i = 0; i < 300; i++) {
			uint8_t address[16];

			random_address(address, unit_random() % 2);
			CHECK_NUMBER(blocks_have(blocks, count, address), nets_has(&nets, address));
		}
		nets_free(&nets);
	}
}

static void one_block(void)
{
	static const struct {
		const char *block, *address;
		bool has;
	} rows[] = {
		{"10.1.2.3", "10.1.2.3", true},
		{"10.1.2.3", "10.1.2.2", false},
		{"10.1.2.3", "10.1.2.4", false},
		{"10.1.2.3/32", "10.1.2.3", true},
		{"10.1.2.3/32", "10.1.2.4", false},
		{"10.1.2.3", "::ffff:10.1.2.3", true},
		{"10.1.2.3", "::10.1.2.3", false},
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "9.255.255.255", false},
		{"10.0.0.0/8", "::ffff:10.9.8.7", true},
		{"10.9.8.7/8", "10.0.0.0", true}, /* bits behind the prefix do not count */
		{"192.168.1.128/25", "192.168.1.127", false},
		{"192.168.1.128/25", "192.168.1.128", true},
		{"0.0.0.0/0", "0.0.0.0", true},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"0.0.0.0/0", "::fffe:255.255.255.255", false},
		{"0.0.0.0/0", "::1:0:0:0", false},
		{"::/0", "255.255.255.255", true},
		{"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"::ffff:0:0/96", "1.2.3.4", true},
		{"::ffff:10.0.0.0/104", "10.1.1.1", true},
		{"2001:db8::/32", "2001:db8:ffff::", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::2", false},
		{"::", "::", true},
		{"::", "0.0.0.0", false},
		{"0.0.0.0", "0.0.0.0", true},
		{"0.0.0.0", "::", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nets nets = {0};
		uint8_t address[16];

		unit_row("%s in %s", rows[i].address, rows[i].block);
		CHECK(nets_add(&nets, rows[i].block));
		nets_sort(&nets);
		address_parse(rows[i].address, address);
		CHECK_NUMBER(rows[i].has, nets_has(&nets, address));
		nets_free(&nets);
	}
}

static void bad(void)
{
	static const char *const rows[] = {
		"",
		"/",
		"/8",
		"10",
		"10.0.0",
		"10.0.0.0.0",
		"10.0.0.256",
		"010.0.0.1",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8/8",
		"10.0.0.0/255.0.0.0",
		"10.0.0.0/ 8",
		" 10.0.0.0",
		"10.0.0.0-10.0.0.9",
		"10.0.0.1:80",
		"2001:db8::/129",
		"2001:db8:::/32",
		"[::1]",
		"fe80::1%lo",
		"localhost",
		"*",
		"2001:db8:1234:5678:9abc:def0:1234:5678:9abc:def0:1234:5678:9abc:def0/128",
	};
	struct nets nets = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i]);
		CHECK(!nets_add(&nets, rows[i]));
		CHECK_NUMBER(0, nets.count);
	}
	nets_free(&nets);
}

/* Blocks within blocks, doubles, and blocks that begin together. */
static void overlapping(void)
{
	static const char *const rows[] = {"10.1.0.0/16", "10.0.0.0/16", "10.0.0.0/8",
					   "10.0.0.0/24", "10.0.0.0/8",  "10.2.3.4",
					   "11.0.0.0/8"};
	struct nets nets = {0};
	uint8_t address[16];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(nets_add(&nets, rows[i]));
	nets_sort(&nets);
	CHECK_NUMBER(2, nets.count);
	address_parse("10.255.0.0", address);
	CHECK(nets_has(&nets, address));
	address_parse("11.0.0.1", address);
	CHECK(nets_has(&nets, address));
	address_parse("12.0.0.0", address);
	CHECK(!nets_has(&nets, address));
	nets_free(&nets);
}

static void may_be_ipv4(void)
{
	static const struct {
		const char *blocks[2];
		bool may;
	} rows[] = {
		{{NULL}, true},
		{{"10.0.0.0/8"}, true},
		{{"::1"}, false},
		{{"::/0"}, true},
		{{"::fffe:0:0/96"}, false},
		{{"::ffff:1.2.3.4"}, true},
		{{"2001:db8::/32", "fe80::/10"}, false},
		{{"2001:db8::/32", "0.0.0.0/0"}, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nets nets = {0};

		unit_row("row %zu", i);
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].blocks) && rows[i].blocks[k]; k++)
			CHECK(nets_add(&nets, rows[i].blocks[k]));
		nets_sort(&nets);
		CHECK_NUMBER(rows[i].may, nets_may_be_ipv4(&nets));
		nets_free(&nets);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* 100,000 blocks are read, and asked a million times, in a second. */
static void many(void)
{
	double begin = seconds();
	struct nets nets = {0};
	uint8_t address[16];
	char text[40];

	address_parse("0.0.0.0", address);
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int n = i * 40503 % 100000; /* not in order */

		snprintf(text, sizeof(text), "%u.%u.%u.0/25", 1 + n / 65536, n / 256 % 256,
			 n % 256);
		CHECK(nets_add(&nets, text));
	}
	nets_sort(&nets);
	CHECK_NUMBER(100000, nets.count);
	for (unsigned int i = 0; i < 1000000; i++) {
		address[12] = 1 + i % 2;
		address[13] = i / 2;
		address[14] = i / 512;
		address[15] = i / 7;
		if ((address[12] - 1) * 65536 + address[13] * 256 + address[14] < 100000)
			CHECK_NUMBER(address[15] < 128, nets_has(&nets, address));
		else
			CHECK(!nets_has(&nets, address));
	}
	CHECK(seconds() - begin < 1);
	nets_free(&nets);
}

UNIT_MAIN("nets", TEST(as_bits_are), TEST(one_block), TEST(bad), TEST(overlapping),
	  TEST(may_be_ipv4), TEST(many))
