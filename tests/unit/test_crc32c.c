// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* CRC-32C: published values, and both ways against the definition. */
#include "lib/crc32c.h"
#include "unit.h"

#define BYTES_MAX 300

/* Bit by bit, as it is defined. */
static uint32_t by_definition(uint32_t state, const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		state ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0);
	}
	return state;
}

/* RFC 3720, appendix B.4, and the usual check value. */
static void published(void)
{
	static const struct {
		const char *name;
		unsigned char first;
		int step;
		size_t size;
		uint32_t checksum;
	} rows[] = {
		{"nothing", 0, 0, 0, 0},
		{"zeroes", 0, 0, 32, 0x8a9136aa},
		{"ones", 0xff, 0, 32, 0x62a8ab43},
		{"incrementing", 0, 1, 32, 0x46dd794e},
		{"decrementing", 31, -1, 32, 0x113fdb5c},
		{"123456789", '1', 1, 9, 0xe3069283},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char data[32];

		unit_row("%s", rows[i].name);
		for (size_t k = 0; k < rows[i].size; k++)
			data[k] = rows[i].first + rows[i].step * (int)k;
		CHECK_NUMBER(rows[i].checksum, ~crc32c(CRC32C_BEGIN, data, rows[i].size));
		CHECK_NUMBER(rows[i].checksum, ~crc32c_by_table(CRC32C_BEGIN, data, rows[i].size));
	}
}

/* Of any size, at any address, from any state. */
static void both_ways(void)
{
	unsigned char data[BYTES_MAX + 8];

	for (size_t size = 0; size <= BYTES_MAX; size++) {
		const unsigned char *at = data + unit_random() % 8;
		uint32_t state = unit_random();

		unit_row("%zu bytes", size);
		unit_random_bytes(data, sizeof(data));
		CHECK_NUMBER(by_definition(state, at, size), crc32c(state, at, size));
		CHECK_NUMBER(by_definition(state, at, size), crc32c_by_table(state, at, size));
	}
}

/* In pieces as in one. */
static void pieces(void)
{
	unsigned char data[BYTES_MAX];
	uint32_t whole;

	unit_random_bytes(data, sizeof(data));
	whole = crc32c(CRC32C_BEGIN, data, sizeof(data));
	for (size_t first = 0; first <= sizeof(data); first++) {
		uint32_t state = crc32c(CRC32C_BEGIN, data, first);

		CHECK_NUMBER(whole, crc32c(state, data + first, sizeof(data) - first));
	}
}

UNIT_MAIN("crc32c", TEST(published), TEST(both_ways), TEST(pieces))
