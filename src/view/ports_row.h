/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of --ports: a pool of local ports in a report. Its fields are in ports_fields.c. */
#ifndef TCPSTATES_VIEW_PORTS_ROW_H
#define TCPSTATES_VIEW_PORTS_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "field/field.h"
#include "view/port_pool.h"
#include "view/reports.h"

/* Names and counts, the highest first, and the count of the rest. */
#define PORTS_MAKERS_SIZE ((PORT_MAKERS_MAX + 1) * (TRANSITION_COMM_SIZE + 16))

struct ports_row {
	struct report report; /* first member */
	const struct port_pool *pool;
	const struct port_stats *stats; /* the pool's statistics for this report */
	char makers[PORTS_MAKERS_SIZE]; /* NUL-terminated */
};

/* Writes the makers of the row's pool. */
void ports_row_name_makers(struct ports_row *row);

/*
 * When the last free port will be taken if it goes on as in the period: *ns from now. A port in
 * TIME_WAIT is free again after a minute, so a rate of connections that needs fewer ports than
 * there are takes them all never. False: it is not growing, will stop before, or is not known;
 * or less than a tenth is taken.
 */
bool ports_row_full_in(const struct ports_row *row, uint64_t *ns);

/* The fields of struct ports_row. */
extern const struct field_table ports_fields;

#endif
