/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of --diagnose: a finding, or at the end what was not found. */
#ifndef TCPSTATES_VIEW_DIAGNOSE_ROW_H
#define TCPSTATES_VIEW_DIAGNOSE_ROW_H

#include "field/field.h"
#include "view/diagnosis.h"
#include "view/listener_gap.h"

#define FINDING_TEXT_SIZE    512
#define FINDING_COMMAND_SIZE 192

enum finding_event {
	FINDING_FOUND, /* its rule holds for the first time */
	FINDING_GREW,  /* twice as many cases as when it was last printed */
	FINDING_TOTAL, /* at the end */
	FINDING_NONE,  /* at the end: the rules that found nothing */
};

struct finding_row {
	const struct rule *rule; /* NULL for FINDING_NONE, like the next two */
	const struct group *group;
	const struct cases *cases;
	const struct listener_gap *gap; /* of a listener that should have been there; or NULL */
	uint64_t time_ns;               /* monotonic time of the row */
	uint8_t event;                  /* enum finding_event */
	uint8_t severity;               /* enum severity */
	bool is_least; /* at the end: transitions were lost, so there may be more cases */
	char text[FINDING_TEXT_SIZE];
	char command[FINDING_COMMAND_SIZE]; /* shows the sessions; "": none */
};

/*
 * Writes the sentence and the command, if the cases are sessions. In the sentence of a rule, "%"
 * and a letter stand for a number of the cases or of the group: see write_place() in finding.c.
 */
void finding_say(struct finding_row *row);

/* The fields of struct finding_row. */
extern const struct field_table diagnose_fields;

#endif
