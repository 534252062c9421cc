/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules backlog-full and accept-slow of --diagnose: a listener's accept queue was full, or
 * connections waited long in it.
 */
#ifndef TCPSTATES_VIEW_ACCEPT_PRESSURE_H
#define TCPSTATES_VIEW_ACCEPT_PRESSURE_H

#include <stdbool.h>

#include "trace/clock.h"
#include "trace/listener.h"
#include "view/diagnose_row.h"
#include "view/listeners.h"

/* Connections that wait for accept() this long are cases of accept-slow. */
#define ACCEPT_SLOW_NS (200 * (uint64_t)NSEC_PER_MSEC)

/* The name in the table of rules. */
const char *queue_rule_name(enum queue_rule rule);

/*
 * Takes a report. Returns its listener, which may have become a finding of *rule; NULL: it has not.
 */
struct listener_history *accept_queue_take(struct listeners *listeners,
					   const struct listener *report, enum queue_rule *rule);

bool accept_queue_holds(const struct listener_history *history, enum queue_rule rule);

/* It holds for the first time, or its number has doubled since it was last printed. */
bool accept_queue_is_new(const struct listener_history *history, enum queue_rule rule);

/* Why the rule cannot be judged at one of the listeners; NULL: it can at all. */
const char *accept_queues_lack(const struct listeners *listeners, enum queue_rule rule);

/* The listener as a group, and its overflows or connections as cases: for the fields of a row. */
struct accept_queue_finding {
	struct group group;
	struct cases cases;
};

/*
 * Fills in the text, the command, the group and the cases of a row, which points to as. Sets
 * row->is_least if the number is a lower bound, and takes note that it was printed.
 */
void accept_queue_say(struct finding_row *row, struct accept_queue_finding *as,
		      struct listener_history *history, enum queue_rule rule);

#endif
