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
#include "view/port_use.h"
#include "view/presence.h"

/* Initialized with zeros. */
struct ports {
	struct port_pools pools;
	struct presences presences; /* of sessions that have a local port, which no view holds */
	struct hash listeners;      /* their ports, if they are older than the trace */
	uint64_t unpooled;          /* sessions that are not counted: there was no pool for them */
};

/*
 * The local ports of a network namespace. If they have changed, those in use are counted again. The
 * caller does the same for those that it holds: port_use_recount(). Returns the namespace; NULL:
 * out of memory.
 */
const struct port_home *ports_set_space(struct ports *ports, const struct port_space *space);

/*
 * Takes a transition or snapshot. Returns the pool of its session; NULL: it is in none, or there
 * was no room.
 */
struct port_pool *ports_take(struct ports *ports, const struct transition *t, bool is_match);

/*
 * The same for a view that follows sessions until TIME_WAIT: it holds their ports, so that nothing
 * has to be searched for. held: of that transition's session, initially zeros; NULL: the view does
 * not follow it, or not any more. From TIME_WAIT on, the port is in the table of struct ports.
 * Returns NULL as well if nothing has changed by which the pool could be judged.
 */
struct port_pool *ports_take_of(struct ports *ports, struct port_use *held,
				const struct transition *t, bool is_match);

/*
 * The view does not follow the session any more, whose most recent record is last. It counts no
 * more, unless it is in TIME_WAIT. Does nothing if ports_take_of() has seen the end.
 */
void ports_drop(struct ports *ports, struct port_use *held, const struct transition *last);

void ports_close(struct ports *ports);

#endif
