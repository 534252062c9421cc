/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rule port-scan of --diagnose: a peer has sent SYNs to many ports that nobody listens at,
 * which the kernel has answered with resets. Such a peer has no sessions here.
 */
#ifndef TCPSTATES_VIEW_PORT_SCAN_H
#define TCPSTATES_VIEW_PORT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/reset_count.h"
#include "view/diagnose_row.h"

#define PORT_SCAN_RULE "port-scan"

/* At most this many peers; the resets to further ones are counted. */
#define PORT_SCANS_MAX 1024

/* A client that is configured wrongly tries fewer closed ports. */
#define PORT_SCAN_PORTS 20

/* The SYNs of one peer in one network namespace. */
struct port_scan {
	struct hash_entry by_peer; /* first: cast from struct hash_entry * */
	struct port_scan *older;   /* in the order of their first reset */
	uint64_t *has_port;        /* a bit for each port number; NULL: few has them */
	uint64_t resets;
	uint64_t first_ns; /* monotonic */
	uint64_t last_ns;
	uint32_t ports;    /* different ones */
	uint32_t reported; /* the same when it was last printed; 0: never */
	uint32_t netns;
	uint16_t low; /* ports from low to high */
	uint16_t high;
	uint16_t few[PORT_SCAN_PORTS - 1];
	uint8_t ip;
	uint8_t raddr[16];
};

/* Initialize to zero. */
struct port_scans {
	struct hash by_peer;
	struct port_scan *newest;
	uint64_t
		missing; /* resets that found no room for their peer, or no memory for their port */
	bool is_partial; /* others were counted without their addresses: there may be more ports */
};

/*
 * Adds resets, if they answer SYNs to closed ports. Returns the peer's; NULL: they do not, or there
 * is no room.
 */
struct port_scan *port_scans_add(struct port_scans *scans, const struct reset_count *count);

bool port_scan_holds(const struct port_scan *scan);

/* It holds for the first time, or has twice as many ports as when it was last printed. */
bool port_scan_is_new(const struct port_scan *scan);

/* The peer as a group, and its ports as cases: for the fields of a row. */
struct port_scan_finding {
	struct group group;
	struct cases cases;
};

/* Fills in the text, the command, the group and the cases of a row, which points to as. */
void port_scan_say(struct finding_row *row, struct port_scan_finding *as,
		   const struct port_scan *scan);

void port_scans_close(struct port_scans *scans);

#endif
