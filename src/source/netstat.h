/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's counters of TCP in a network namespace, from /proc/net/netstat. */
#ifndef TCPSTATES_SOURCE_NETSTAT_H
#define TCPSTATES_SOURCE_NETSTAT_H

#include <stdbool.h>
#include <stdint.h>

/* Since the namespace was created. */
struct netstat {
	uint64_t cookies_sent;     /* SYNs answered with a SYN cookie */
	uint64_t cookies_received; /* valid cookies that came back: the handshake was completed */
	uint64_t listen_overflows; /* SYNs and ACKs dropped because an accept queue was full */
	uint64_t listen_drops;     /* the same for any reason */
};

/* Takes the counters from the text of such a file, which it changes. False: one is missing. */
bool netstat_parse(char *text, struct netstat *netstat);

/* Of the namespace that the file is in, for example /proc/1/net/netstat. False on failure. */
bool netstat_read(const char *path, struct netstat *netstat);

#endif
