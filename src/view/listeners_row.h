/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of --listeners: a listener in a report. Its fields are in listeners_fields.c. */
#ifndef TCPSTATES_VIEW_LISTENERS_ROW_H
#define TCPSTATES_VIEW_LISTENERS_ROW_H

#include "field/field.h"
#include "view/listeners.h"
#include "view/reports.h"

struct listener_row {
	struct report report; /* first member */
	const struct listener_history *history;
	const struct listener_span *span; /* the history's: whole, or lately */
};

extern const struct field_table listeners_fields;

#endif
