/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules of --diagnose: for each, which sessions are its cases, when their number in a group is
 * a finding, and what is said then. A rule draws no conclusion from missing information.
 */
#ifndef TCPSTATES_VIEW_RULE_H
#define TCPSTATES_VIEW_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/session_row.h"

#define RULES_MAX      40
#define RULE_NAME_SIZE 24

struct group;
struct cases;

/* A bit for each rule, by its number. */
typedef uint64_t rule_set;

#define RULE_BIT(number) ((rule_set)1 << (number))

_Static_assert(RULES_MAX <= 64, "each rule has a bit");

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_NOTE,
	SEVERITY_OK, /* of the last line: which rules found nothing */
};

/* A session: its row, and facts that the row lacks. */
struct judged_session {
	const struct session_row *row;
	bool has_fin;         /* the peer's FIN was seen */
	uint64_t fin_ns;      /* monotonic: when */
	uint64_t sent_before; /* payload bytes sent before the peer's FIN */
	uint64_t unacked;     /* of these, not acknowledged when it came */
	/* It was given up for a connection that began this long after it (rival.h); 0: not. */
	uint64_t rival_ns;
};

/* Two numbers per case, whose meaning depends on the rule. */
struct case_numbers {
	uint64_t number;
	uint64_t other;
};

/* How a session has ended: a bit for each cause, and one if it is still open. */
#define RULE_ENDED(cause) (1ull << (cause))
#define RULE_OPEN         (1ull << 63)
#define RULE_NO_SESSION                                                                 \
	(1ull << 62) /* the rule's cases are no sessions: port_scan.h, port_pressure.h, \
			accept_pressure.h */

_Static_assert(CAUSE_COUNT < 62, "each cause has a bit");

struct rule {
	const char *name;
	enum severity severity;
	/* It assumes that an open session is still open: not judged after a loss. */
	bool needs_all;
	/* Called for the sessions that ends leaves. NULL: each of them is a case. */
	bool (*is_case)(const struct judged_session *session, struct case_numbers *numbers);
	/* Whether its cases are a finding. NULL: 5 of them, and 1 % of the group's sessions. */
	bool (*holds)(const struct group *group, const struct cases *cases);
	/* Follows "N of M sessions of OWNER to PEER"; see finding.c. "": its cases are no sessions.
	 */
	const char *sentence;
	const char *hint;  /* what to do */
	const char *shown; /* options of --sessions that show the cases; NULL: the group's only */
	uint64_t ends;     /* its cases have ended, or not, like this: RULE_ bits; 0: any way */
};

/* All of them; the rest have no name. */
extern const struct rule rule_table[RULES_MAX];

/* The rule with this number; NULL: number is too large. */
static inline const struct rule *rule_at(int number)
{
	return number >= 0 && number < RULES_MAX && rule_table[number].name ? &rule_table[number]
									    : NULL;
}

/* The number of the rule with this name of size bytes; -1: there is none. */
int rule_find(const char *name, size_t size);

/* The rules that a list names; NULL: all. 0 after a report: the list is invalid. */
rule_set rules_choose(const char *names);

/* Whether the cases of that rule in the group are a finding. */
bool rule_holds(const struct rule *rule, const struct group *group, const struct cases *cases);

#endif
