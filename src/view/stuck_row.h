/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What --stuck has to say: a row, and its fields. */
#ifndef TCPSTATES_VIEW_STUCK_ROW_H
#define TCPSTATES_VIEW_STUCK_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "field/field.h"
#include "trace/transition.h"
#include "view/stuck_count.h"

enum stuck_event {
	STUCK_EVENT_STUCK, /* it has passed its limit, */
	STUCK_EVENT_STILL, /* and twice, four times, ... that */
	STUCK_EVENT_LEFT,  /* it has left the state, after longer than the limit */
	STUCK_EVENT_LOST,  /* it was stuck, and how it ended was not seen */
	STUCK_EVENT_COUNT, /* at the end: how many were stuck */
};

struct stuck_row {
	const struct transition *t;      /* the newest word of the session; of a count, NULL */
	const struct stuck_count *count; /* NULL, but for a count */
	uint64_t time_ns;                /* monotonic, of the row */
	uint64_t age_ns;                 /* how long it has been, or was, in its state */
	uint8_t age_known;               /* enum transition_flags: what is known of age_ns */
	uint8_t event;                   /* enum stuck_event */
	uint8_t state;
};

/* Of a struct stuck_row. */
extern const struct field_table stuck_fields;

#endif
