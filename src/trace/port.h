/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of TCP ports, with the same layout in the kernel program and in user space. */
#ifndef TCPSTATES_TRACE_PORT_H
#define TCPSTATES_TRACE_PORT_H

/* Port p is bit p % 64 of word p / 64. */
#define PORT_SET_WORDS (65536 / 64)

#ifndef __bpf__
#include <stdbool.h>
#include <stdint.h>

struct port_set {
	uint64_t words[PORT_SET_WORDS];
	bool is_given; /* false: no ports were given, every port matches */
};

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

/*
 * Adds one port ("80") or an inclusive range ("8000-8099"). False if text is neither or the range
 * is empty; the set is then unchanged.
 */
bool port_set_add(struct port_set *set, const char *text);
#endif

#endif
