// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Internet addresses as text. inet_ntop(3) uses printf, which costs more than the rest of a line.
 */
#include <stdbool.h>
#include <string.h>

#include "lib/address.h"
#include "lib/number.h"

#define GROUPS 8

/* An octet and the dot after it, copied at a fixed size whatever its length. */
struct octet {
	char text[4];
	uint32_t size;
};

/* clang-format off */
#define DIGIT(n)  (char)('0' + (n) % 10)
#define OCTET(n)                                                                     \
	{{(n) >= 100 ? DIGIT((n) / 100) : (n) >= 10 ? DIGIT((n) / 10) : DIGIT(n),    \
	  (n) >= 100 ? DIGIT((n) / 10) : (n) >= 10 ? DIGIT(n) : '.',                 \
	  (n) >= 100 ? DIGIT(n) : '.', '.'},                                         \
	 (n) >= 100 ? 4 : (n) >= 10 ? 3 : 2}
#define OCTETS_4(n)  OCTET(n), OCTET((n) + 1), OCTET((n) + 2), OCTET((n) + 3)
#define OCTETS_16(n) OCTETS_4(n), OCTETS_4((n) + 4), OCTETS_4((n) + 8), OCTETS_4((n) + 12)
#define OCTETS_64(n) OCTETS_16(n), OCTETS_16((n) + 16), OCTETS_16((n) + 32), OCTETS_16((n) + 48)

static const struct octet octets[256] = {
	OCTETS_64(0), OCTETS_64(64), OCTETS_64(128), OCTETS_64(192),
};
/* clang-format on */

static inline char *write_octet(char *place, uint8_t number)
{
	const struct octet *octet = &octets[number];

	memcpy(place, octet->text, sizeof(octet->text));
	return place + octet->size;
}

char *address_write_ipv4(char *place, const uint8_t *bytes)
{
	place = write_octet(place, bytes[0]);
	place = write_octet(place, bytes[1]);
	place = write_octet(place, bytes[2]);
	return write_octet(place, bytes[3]) - 1; /* without the last dot */
}

/* A run of zero groups. */
struct run {
	int begin;
	int end; /* first group after it */
};

/*
 * The longest run of at least two; the first one if several have that length. GROUPS to GROUPS:
 * none.
 */
static struct run find_zeroes(const uint16_t *groups)
{
	unsigned int zeroes = 0, longer;
	int begin, size = 1;

	for (int i = 0; i < GROUPS; i++)
		zeroes |= (unsigned int)!groups[i] << i;
	/* Bit i: size groups from group i on are zero. */
	for (; (longer = zeroes & zeroes >> 1); size++)
		zeroes = longer;
	if (size < 2)
		return (struct run){.begin = GROUPS, .end = GROUPS};
	begin = __builtin_ctz(zeroes);
	return (struct run){.begin = begin, .end = begin + size};
}

/* ::a.b.c.d (but not ::1 and others with more zero groups) and ::ffff:a.b.c.d. */
static bool ends_dotted(const uint16_t *groups, struct run zeroes)
{
	return !zeroes.begin && (zeroes.end == 6 || (zeroes.end == 5 && groups[5] == 0xffff));
}

/* A group in hexadecimal, without leading zeroes. */
static char *write_group(char *place, unsigned int group)
{
	const char *high = number_hex_pairs[group >> 8], *low = number_hex_pairs[group & 0xff];

	if (group >= 0x1000)
		*place++ = high[0];
	if (group >= 0x100)
		*place++ = high[1];
	if (group >= 0x10)
		*place++ = low[0];
	*place = low[1];
	return place + 1;
}

char *address_write_ipv6(char *place, const uint8_t *bytes)
{
	uint16_t groups[GROUPS];
	struct run zeroes;
	int count;

	for (int i = 0; i < GROUPS; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	zeroes = find_zeroes(groups);
	count = ends_dotted(groups, zeroes) ? GROUPS - 2 : GROUPS;
	for (int i = 0; i < count; i++) {
		if (i == zeroes.begin) {
			*place++ = ':';
			i = zeroes.end - 1;
			if (zeroes.end == GROUPS)
				*place++ = ':';
			continue;
		}
		if (i)
			*place++ = ':';
		place = write_group(place, groups[i]);
	}
	if (count == GROUPS)
		return place;
	*place++ = ':';
	return address_write_ipv4(place, bytes + 12);
}

/* A fixed-size copy, whatever the length. */
static char *write_text(char *place, const struct address_text *text)
{
	memcpy(place, text->text, sizeof(text->text));
	return place + text->size;
}

/* noinline: keeps register spills off the fast path. */
static __attribute__((noinline)) char *write_new(struct address_text *text, char *place,
						 const uint8_t *bytes)
{
	memcpy(text->address, bytes, sizeof(text->address));
	text->size = (uint8_t)(address_write_ipv6(text->text, bytes) - text->text);
	return write_text(place, text);
}

char *address_write_cached(struct address_cache *cache, char *place, const uint8_t *bytes)
{
	struct address_text *text;
	uint64_t address[2], hash;

	memcpy(address, bytes, sizeof(address));
	hash = (address[0] ^ address[1]) * 0x9e3779b97f4a7c15u;
	text = &cache->places[hash >> (64 - ADDRESS_CACHE_BITS)];
	if (text->address[0] != address[0] || text->address[1] != address[1] || !text->size)
		return write_new(text, place, bytes);
	return write_text(place, text);
}
