/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Local ports in use: follows each session that has one, in the pool of its ends (port_pool.h).
 *
 * Sessions of servers do not count: they have the listener's port, which connect() does not choose.
 * A session older than the trace counts if its port is in the range and is not that of a listener.
 */
#ifndef TCPSTATES_VIEW_PORTS_H
#define TCPSTATES_VIEW_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hash.h"
#include "view/port_pool.h"
#include "view/presence.h"

/* Initialized with zeros. */
struct ports {
	struct port_pools pools;
	struct presences presences; /* of sessions that have a local port */
	struct hash listeners;      /* their ports, if they are older than the trace */
	uint64_t unpooled;          /* sessions that are not counted: there was no pool for them */
};

/* The local ports of a network namespace. If they have changed, those in use are counted again. */
void ports_set_space(struct ports *ports, const struct port_space *space);

/*
 * Takes a transition or snapshot. Returns the pool of its session; NULL: it is in none, or there
 * was no room.
 */
struct port_pool *ports_take(struct ports *ports, const struct transition *t, bool is_match);

void ports_close(struct ports *ports);

#endif
