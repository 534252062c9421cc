/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A set of Internet addresses, given as addresses and CIDR blocks. IPv4 ones are stored as
 * IPv4-mapped IPv6 addresses, ::ffff:a.b.c.d, as everywhere.
 */
#ifndef TCPSTATES_LIB_NETS_H
#define TCPSTATES_LIB_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses from first to last, in network order. */
struct net_range {
	uint8_t first[16];
	uint8_t last[16];
};

/* The prefix length of a block: how many leading bits its first and last address share. */
unsigned int net_range_prefix(const struct net_range *range);

/* Initialize to zero. Empty: no addresses were given. */
struct nets {
	struct net_range *ranges; /* after nets_sort(): sorted, not nested */
	size_t count;
	size_t room;
};

/*
 * Adds an address ("10.1.2.3", "2001:db8::1") or a block ("10.0.0.0/8", "2001:db8::/32"); bits
 * after the prefix are ignored. False: text is invalid, or out of memory.
 */
bool nets_add(struct nets *nets, const char *text);

/* Call after the last nets_add(), before the first nets_has(). */
void nets_sort(struct nets *nets);
bool nets_has(const struct nets *nets, const uint8_t address[16]);
/* Whether it has IPv4 addresses, or is empty. */
bool nets_may_be_ipv4(const struct nets *nets);

void nets_free(struct nets *nets);

#endif
