/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Internet addresses as text, written where there is room for them. No final NUL; the end is
 * returned.
 */
#ifndef TCPSTATES_LIB_ADDRESS_H
#define TCPSTATES_LIB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Room to write in; more than the text may need, which ends earlier. */
#define ADDRESS_IPV6_SIZE_MAX 47 /* six groups of four digits, an IPv4 address and a dot: 46 */

#define ADDRESS_SIZE        16
#define ADDRESS_IPV4_OFFSET 12 /* where the IPv4 address begins in ::ffff:a.b.c.d */

/* What IPv4 addresses begin with, as IPv6. */
static const uint8_t address_mapped[ADDRESS_IPV4_OFFSET] = {[10] = 0xff, [11] = 0xff};

/* Whether 16 bytes are an IPv4 address, or an IPv4-mapped one: they are the same machine. */
static inline bool address_is_ipv4(const uint8_t *bytes)
{
	return !memcmp(bytes, address_mapped, sizeof(address_mapped));
}

/* Dotted decimal. bytes: 4, in network order. */
char *address_write_ipv4(char *place, const uint8_t *bytes);

/* As inet_ntop(3) writes it. bytes: 16, in network order. */
char *address_write_ipv6(char *place, const uint8_t *bytes);

#define ADDRESS_CACHE_BITS 8

/*
 * Texts of IPv6 addresses written before, each in the place that its hash says. To make one costs
 * half as much as the rest of a line, and most lines have those of lines not long before: a session
 * has several, and a machine few addresses of its own. Zeroed at first.
 */
struct address_cache {
	struct address_text {
		uint64_t address[2];
		char text[ADDRESS_IPV6_SIZE_MAX];
		uint8_t size; /* 0: none yet */
	} places[1 << ADDRESS_CACHE_BITS];
};

/* The same as address_write_ipv6(). */
char *address_write_cached(struct address_cache *cache, char *place, const uint8_t *bytes);

#endif
