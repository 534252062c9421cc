// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Internet addresses as text. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "lib/address.h"
#include "unit.h"

#define ADDRESS_TEXT_SIZE (ADDRESS_IPV6_SIZE_MAX + 1)
#define RANDOM_ADDRESSES  30000

static void check_ipv4(const unsigned char *address)
{
	char expected[INET_ADDRSTRLEN];
	char text[ADDRESS_TEXT_SIZE];

	*address_write_ipv4(text, address) = '\0';
	inet_ntop(AF_INET, address, expected, sizeof(expected));
	CHECK_TEXT(expected, text);
}

static void ipv4(void)
{
	static const unsigned char edges[] = {0, 1, 9, 10, 99, 100, 199, 200, 249, 250, 255};
	unsigned char address[4];

	for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i++) {
		address[0] = address[3] = edges[i % ARRAY_SIZE(edges)];
		address[1] = address[2] = edges[i / ARRAY_SIZE(edges)];
		check_ipv4(address);
	}
	for (int i = 0; i < RANDOM_ADDRESSES; i++) {
		unit_random_bytes(address, sizeof(address));
		check_ipv4(address);
	}
}

/* RFC 5952's rules, each by an address that needs it. */
static void ipv6(void)
{
	static const struct {
		unsigned char address[16];
		const char *text;
	} addresses[] = {
		{{0}, "::"},
		{{[15] = 1}, "::1"},
		{{0x20, 0x01, 0x0d, 0xb8}, "2001:db8::"},
		{{0x20, 0x01, 0x0d, 0xb8, [7] = 1, [15] = 1}, "2001:db8:0:1::1"},
		{{0x20, 0x01, 0x0d, 0xb8, [9] = 1, [15] = 1}, "2001:db8::1:0:0:1"},
		{{0xfe, 0x80, [8] = 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x53, 0x01},
		 "fe80::200:5eff:fe00:5301"},
		{{[10] = 0xff, 0xff, 192, 0, 2, 1}, "::ffff:192.0.2.1"},
		{{[10] = 0xff, 0xff, 255, 255, 255, 255}, "::ffff:255.255.255.255"},
		{{0x20, 0x01, 0x0d, 0xb8, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55,
		  0x55, 0x66, 0x66},
		 "2001:db8:1111:2222:3333:4444:5555:6666"},
		{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff},
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		char text[ADDRESS_TEXT_SIZE];

		unit_row("%s", addresses[i].text);
		*address_write_ipv6(text, addresses[i].address) = '\0';
		CHECK_TEXT(addresses[i].text, text);
	}
}

/* With runs of zeroes, which are shortened. */
static void make_random_ipv6(unsigned char *address)
{
	uint64_t zeroes = unit_random();

	unit_random_bytes(address, 16);
	for (int k = 0; k < 16; k++)
		if (zeroes >> (k / 2) & 1)
			address[k] = 0;
}

static void ipv6_random(void)
{
	for (int i = 0; i < RANDOM_ADDRESSES; i++) {
		unsigned char address[16];
		char expected[INET6_ADDRSTRLEN];
		char text[ADDRESS_TEXT_SIZE];

		make_random_ipv6(address);
		*address_write_ipv6(text, address) = '\0';
		inet_ntop(AF_INET6, address, expected, sizeof(expected));
		CHECK_TEXT(expected, text);
	}
}

static void check_cached(struct address_cache *cache, const unsigned char *address)
{
	char expected[INET6_ADDRSTRLEN];
	char *text = malloc(ADDRESS_IPV6_SIZE_MAX); /* its own: writing on is found out */
	char *end = address_write_cached(cache, text, address);

	inet_ntop(AF_INET6, address, expected, sizeof(expected));
	unit_check_bytes(expected, strlen(expected), text, (size_t)(end - text), __FILE__, __LINE__,
			 "cached");
	free(text);
}

/* More than there are places, so that they drive each other out, and each comes several times. */
static void cached(void)
{
	unsigned char addresses[3 << ADDRESS_CACHE_BITS][16] = {0}; /* the first one is :: */
	struct address_cache *cache = calloc(1, sizeof(*cache));

	for (size_t i = 1; i < ARRAY_SIZE(addresses); i++)
		make_random_ipv6(addresses[i]);
	/* In the place of the one before it: the hash is of the halves' difference. */
	for (size_t i = 3; i < ARRAY_SIZE(addresses); i += 3) {
		memcpy(addresses[i], addresses[i - 1] + 8, 8);
		memcpy(addresses[i] + 8, addresses[i - 1], 8);
	}
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		check_cached(cache, addresses[i]);
		check_cached(cache, addresses[i]);
		check_cached(cache, addresses[i ? i - 1 : 0]);
	}
	for (int i = 0; i < RANDOM_ADDRESSES; i++)
		check_cached(cache, addresses[unit_random() % ARRAY_SIZE(addresses)]);
	free(cache);
}

UNIT_MAIN("address", TEST(ipv4), TEST(ipv6), TEST(ipv6_random), TEST(cached))
