/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rule port-pressure of --diagnose: the local ports of a pool run out, or have run out. */
#ifndef TCPSTATES_VIEW_PORT_PRESSURE_H
#define TCPSTATES_VIEW_PORT_PRESSURE_H

#include "view/diagnose_row.h"
#include "view/diagnosis.h"
#include "view/port_pool.h"
#include "view/rule.h"

/*
 * SEVERITY_WARNING: 60 % of its ports could not be chosen at a time; SEVERITY_ERROR: 90 %, or
 * connect() found none; SEVERITY_OK: neither.
 */
enum severity port_pressure_of(const struct port_pool *pool);

/* The pool as a group, and its ports as cases: for the fields of a row. */
struct port_pressure {
	struct group group;
	struct cases cases;
};

/* Fills in the row but for its event and time. The row points to as. */
void port_pressure_say(struct finding_row *row, struct port_pressure *as,
		       const struct port_pool *pool);

#endif
