/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of --stuck, and its fields. */
#ifndef TCPSTATES_VIEW_STUCK_ROW_H
#define TCPSTATES_VIEW_STUCK_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "field/field.h"
#include "trace/owner.h"
#include "trace/transition.h"
#include "view/stuck_count.h"

enum stuck_event {
	STUCK_EVENT_STUCK, /* limit exceeded */
	STUCK_EVENT_STILL, /* twice, four times, ... the limit exceeded */
	STUCK_EVENT_LEFT,  /* it left the state at its limit or later, or goes on */
	STUCK_EVENT_LOST,  /* it was stuck, and left the state or ended unseen */
	STUCK_EVENT_COUNT, /* at the end: how many were stuck */
};

struct stuck_row {
	const struct transition *t;      /* most recent record of the session; NULL for a count */
	const struct stuck_count *count; /* NULL unless the row is a count */
	uint64_t time_ns;                /* monotonic time of the row */
	uint64_t age_ns;                 /* time in its state, so far or total */
	uint8_t age_known;               /* enum transition_flags: how exactly age_ns is known */
	uint8_t event;                   /* enum stuck_event */
	bool is_stall;                   /* the limit of stalled: age_ns is without progress */
	uint8_t state;
};

/* The fields of struct stuck_row. */
extern const struct field_table stuck_fields;

#endif
