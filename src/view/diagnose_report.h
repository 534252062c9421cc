/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The findings of --diagnose, as they are printed: when a rule first holds, as it grows, at the
 * end. */
#ifndef TCPSTATES_VIEW_DIAGNOSE_REPORT_H
#define TCPSTATES_VIEW_DIAGNOSE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/text_sink.h"
#include "view/accept_pressure.h"
#include "view/diagnosis.h"
#include "view/listener_gap.h"
#include "view/port_scan.h"
#include "view/ports.h"
#include "view/rival.h"
#include "view/session.h"

#define PORTS_RULE "port-pressure"

struct diagnose_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct sessions sessions;
	struct diagnosis diagnosis;
	struct ports ports;
	struct listener_gaps gaps;
	struct port_scans scans;
	struct listeners listeners;
	struct rivals rivals;
	int ports_rule; /* numbers of the rules about local ports and about scans */
	int scan_rule;
	int queue_rules[QUEUE_RULES]; /* likewise, about accept queues */
	rule_set rules;               /* that were asked for */
	bool has_hints;               /* lines for people: hint and command below the row */
	bool lacks_listeners; /* the source has no reports on them, or the filter rejects all */
	bool has_losses;
	bool has_lost_details; /* reports on listeners may be among them */
	bool has_errors;       /* a finding is one */
	uint64_t now_ns;       /* newest time of transitions and ticks */
};

/* Prints what has become a finding, or has doubled, with the session that was judged last. */
void diagnose_show_new(struct diagnose_sink *sink, struct group *group);

/* The same for a pool of local ports, and for the ports that a peer scans. */
void diagnose_show_pool(struct diagnose_sink *sink, struct port_pool *pool);
void diagnose_show_scan(struct diagnose_sink *sink, struct port_scan *scan);

/* The accept queue of a listener. */
void diagnose_show_queue(struct diagnose_sink *sink, struct listener_history *history,
			 enum queue_rule rule);

/* Prints all findings, the gravest first, and what found nothing or was not judged. */
void diagnose_show_all(struct diagnose_sink *sink);

#endif
