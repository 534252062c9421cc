// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A set of Internet addresses: ranges, found by bisection. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address.h"
#include "lib/nets.h"
#include "lib/parse.h"

/* Longer than any address and prefix. */
#define TEXT_SIZE (INET6_ADDRSTRLEN + sizeof("/128"))

/* Parses an address as IPv6. bits: the address size of its family. */
static bool parse_address(const char *text, uint8_t *address, unsigned int *bits)
{
	*bits = 32;
	if (inet_pton(AF_INET, text, address + ADDRESS_IPV4_OFFSET) == 1) {
		memcpy(address, address_mapped, sizeof(address_mapped));
		return true;
	}
	*bits = 128;
	return inet_pton(AF_INET6, text, address) == 1;
}

/* Fills in the block that contains the address first. prefix: its length in bits. */
static void range_fill(struct net_range *range, unsigned int prefix)
{
	memcpy(range->last, range->first, ADDRESS_SIZE);
	for (unsigned int bit = prefix; bit < 8 * ADDRESS_SIZE; bit++) {
		range->first[bit / 8] &= ~(0x80 >> bit % 8);
		range->last[bit / 8] |= 0x80 >> bit % 8;
	}
}

unsigned int net_range_prefix(const struct net_range *range)
{
	unsigned int bits = 0;

	while (bits < 8 * ADDRESS_SIZE &&
	       !((range->first[bits / 8] ^ range->last[bits / 8]) & 0x80 >> bits % 8))
		bits++;
	return bits;
}

static bool range_parse(struct net_range *range, const char *text)
{
	char copy[TEXT_SIZE], *slash;
	unsigned int bits;
	uint64_t prefix;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!parse_address(copy, range->first, &bits))
		return false;
	prefix = bits;
	if (slash && !parse_number(slash + 1, bits, &prefix))
		return false;
	range_fill(range, prefix + (8 * ADDRESS_SIZE - bits));
	return true;
}

bool nets_add(struct nets *nets, const char *text)
{
	if (nets->count == nets->room) {
		size_t room = nets->room ? 2 * nets->room : 16;
		struct net_range *ranges = realloc(nets->ranges, room * sizeof(*ranges));

		if (!ranges)
			return false;
		nets->ranges = ranges;
		nets->room = room;
	}
	if (!range_parse(&nets->ranges[nets->count], text))
		return false;
	nets->count++;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct net_range *first = a, *second = b;

	return memcmp(first->first, second->first, ADDRESS_SIZE);
}

/*
 * Blocks are either nested or disjoint. Of the blocks with the same first address, the largest is
 * kept, whatever their order.
 */
void nets_sort(struct nets *nets)
{
	size_t kept = 0;

	if (nets->count)
		qsort(nets->ranges, nets->count, sizeof(*nets->ranges), compare);
	for (size_t i = 0; i < nets->count; i++) {
		struct net_range *range = &nets->ranges[i], *before = range;

		if (kept)
			before = &nets->ranges[kept - 1];
		if (!kept || memcmp(range->first, before->last, ADDRESS_SIZE) > 0)
			nets->ranges[kept++] = *range;
		else if (memcmp(range->last, before->last, ADDRESS_SIZE) > 0)
			memcpy(before->last, range->last, ADDRESS_SIZE);
	}
	nets->count = kept;
}

bool nets_has(const struct nets *nets, const uint8_t address[16])
{
	size_t low = 0, high = nets->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(nets->ranges[middle].last, address, ADDRESS_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < nets->count && memcmp(nets->ranges[low].first, address, ADDRESS_SIZE) <= 0;
}

bool nets_may_be_ipv4(const struct nets *nets)
{
	for (size_t i = 0; i < nets->count; i++)
		if (memcmp(nets->ranges[i].first, address_mapped, sizeof(address_mapped)) <= 0 &&
		    memcmp(nets->ranges[i].last, address_mapped, sizeof(address_mapped)) >= 0)
			return true;
	return !nets->count;
}

void nets_free(struct nets *nets)
{
	free(nets->ranges);
	*nets = (struct nets){0};
}
