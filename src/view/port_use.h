/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The local port of a session, and how it counts in the pool of its ends (port_pool.h). */
#ifndef TCPSTATES_VIEW_PORT_USE_H
#define TCPSTATES_VIEW_PORT_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/transition.h"
#include "view/port_pool.h"

/* Initialize to zero: none. */
struct port_use {
	struct port_pool *pool; /* NULL: none */
	uint16_t lport;         /* 0: connect() is choosing it */
	bool is_held;           /* by a view, with its session: see ports_take_of() */
	bool is_client;
	bool is_time_wait;
	bool is_counted;
	uint8_t maker; /* its place in makers, if it is counted; PORT_MAKERS_MAX: none */
};

/* Counts it in use->pool. t: its most recent transition, for the owner; NULL: not known any more.
 */
void port_use_enter(struct port_use *use, const struct transition *t);

/* Counts it no more. */
void port_use_leave(struct port_use *use);

/* Counts it again if the ports of that network namespace have changed. */
void port_use_recount(struct port_use *use, const struct port_home *home);

#endif
