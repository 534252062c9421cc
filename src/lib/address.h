/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet addresses as text, written at place without a final NUL. Functions return its end. */
#ifndef TCPSTATES_LIB_ADDRESS_H
#define TCPSTATES_LIB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes that a function may write to. The text may end earlier. */
#define ADDRESS_IPV6_SIZE_MAX 47 /* six groups of four digits, an IPv4 address and a dot: 46 */

#define ADDRESS_SIZE        16
#define ADDRESS_IPV4_OFFSET 12 /* offset of the IPv4 address in ::ffff:a.b.c.d */

/* The prefix of IPv4-mapped IPv6 addresses. */
static const uint8_t address_mapped[ADDRESS_IPV4_OFFSET] = {[10] = 0xff, [11] = 0xff};

/* Whether the 16 bytes are an IPv4 or an IPv4-mapped address: both mean the same machine. */
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
 * A cache of IPv6 addresses as text, indexed by hash. Formatting an address costs half as much as
 * the rest of a line, and most lines repeat recent addresses: a session has several lines, and a
 * machine has few addresses. Initialize to zero.
 */
struct address_cache {
	struct address_text {
		uint64_t address[2];
		char text[ADDRESS_IPV6_SIZE_MAX];
		uint8_t size; /* 0: none yet */
	} places[1 << ADDRESS_CACHE_BITS];
};

/* Same text as address_write_ipv6(). */
char *address_write_cached(struct address_cache *cache, char *place, const uint8_t *bytes);

#endif
