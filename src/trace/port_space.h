/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The local ports that connect() chooses from, in one network namespace: what its sysctls say. The
 * source reads them, a recording stores them, and views get them before the first session of the
 * namespace, and again when they have changed.
 */
#ifndef TCPSTATES_TRACE_PORT_SPACE_H
#define TCPSTATES_TRACE_PORT_SPACE_H

#include <linux/types.h>
#include <stdbool.h>

enum port_space_known {
	PORT_SPACE_KNOWN_RESERVED = 1 << 0,
	PORT_SPACE_KNOWN_TW_REUSE = 1 << 1,
};

/* Values of net.ipv4.tcp_tw_reuse. */
enum port_space_tw_reuse {
	TW_REUSE_NEVER,
	TW_REUSE_ALWAYS,
	TW_REUSE_LOOPBACK, /* the default */
};

struct port_space {
	__u64 time_ns;  /* CLOCK_MONOTONIC: about when they were read */
	__u32 netns;    /* inode number of the network namespace */
	__u16 low;      /* net.ipv4.ip_local_port_range, for IPv6 as well: */
	__u16 high;     /* both ends are in it */
	__u32 reserved; /* how many of them are in net.ipv4.ip_local_reserved_ports */
	__u8 tw_reuse;  /* enum port_space_tw_reuse: net.ipv4.tcp_tw_reuse */
	__u8 known;     /* enum port_space_known */
	__u8 padding[2];
};

_Static_assert(sizeof(struct port_space) == 24, "struct port_space is a file format");

/* How many ports there are; without PORT_SPACE_KNOWN_RESERVED, at most. */
static inline __u32 port_space_count(const struct port_space *space)
{
	return (__u32)space->high - space->low + 1 - space->reserved;
}

static inline bool port_space_is_possible(const struct port_space *space)
{
	return space->low && space->low <= space->high &&
	       space->reserved <= (__u32)space->high - space->low + 1;
}

#endif
