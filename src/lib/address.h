/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Internet addresses as text, written where there is room for them. No final NUL; the end is
 * returned.
 */
#ifndef TCPSTATES_LIB_ADDRESS_H
#define TCPSTATES_LIB_ADDRESS_H

#include <stdint.h>

/* Room to write in; more than the text may need, which ends earlier. */
#define ADDRESS_IPV4_SIZE_MAX 16 /* 255.255.255.255 and a dot */
#define ADDRESS_IPV6_SIZE_MAX 46 /* six groups of four digits, an IPv4 address and a dot */

/* Dotted decimal. bytes: 4, in network order. */
char *address_write_ipv4(char *place, const uint8_t *bytes);

/* As inet_ntop(3) writes it. bytes: 16, in network order. */
char *address_write_ipv6(char *place, const uint8_t *bytes);

#endif
