// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values that are impossible in a recording. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "trace/recording_check.h"

static void reject(struct recording_item *item, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void reject(struct recording_item *item, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(item->why, sizeof(item->why), format, args);
	va_end(args);
	item->kind = RECORDING_CORRUPT;
}

static void check_time(struct recording_item *item, const char *what, uint64_t ns)
{
	if (ns >= RECORDING_TIME_END)
		reject(item, "impossible: %s is %" PRIu64 " ns (less than 2^60 expected)", what,
		       ns);
}

static void check_state(struct recording_item *item, unsigned int state)
{
	if (!state_is_known(state))
		reject(item, "impossible: a transition has TCP state %u (%u to %u expected)", state,
		       STATE_ESTABLISHED, STATE_NEW_SYN_RECV);
}

static void check_offset(struct recording_item *item, int64_t offset_ns)
{
	if (offset_ns > RECORDING_OFFSET_MAX || offset_ns < -RECORDING_OFFSET_MAX)
		reject(item,
		       "impossible: the wall clock is %" PRId64
		       " ns ahead of the monotonic one (less than 2^63 - 2^60 expected)",
		       offset_ns);
}

static void check_transition(struct recording_item *item, const struct transition *t)
{
	check_state(item, t->oldstate);
	check_state(item, t->newstate);
	check_time(item, "the time of a transition", t->time_ns);
}

/* Unknown reasons are from a later version: they are shown as not known. */
static void check_resets(struct recording_item *item, const struct reset_count *count)
{
	bool is_rest = count->key.flags & RESET_OF_REST;

	if (!is_rest && count->key.ip != 4 && count->key.ip != 6)
		reject(item, "impossible: a reset has address family %u (4 or 6 expected)",
		       count->key.ip);
	check_time(item, "the time of the first reset", count->first_ns);
	check_time(item, "the time of the last reset", count->last_ns);
}

/* Unknown events are from a later version: they are not shown. */
static void check_listener(struct recording_item *item, const struct listener *report)
{
	if (report->event != LISTENER_ACCEPTED && report->ip != 4 && report->ip != 6)
		reject(item, "impossible: a listener has address family %u (4 or 6 expected)",
		       report->ip);
	check_time(item, "the time of a report on a listener", report->time_ns);
	check_time(item, "the time when a listener began", report->since_ns);
}

static void check_ports(struct recording_item *item, const struct port_space *space)
{
	if (!port_space_is_possible(space))
		reject(item,
		       "impossible: local ports from %u to %u, of which %u are reserved (1 to "
		       "65535 expected)",
		       space->low, space->high, space->reserved);
	check_time(item, "the time of local ports", space->time_ns);
}

void recording_check_any(struct recording_item *item)
{
	switch (item->kind) {
	case RECORDING_HEADER:
		check_time(item, "the time when tracing began", item->origin.start_ns);
		check_offset(item, item->origin.wall_offset_ns);
		break;
	case RECORDING_TRANSITION:
	case RECORDING_SNAPSHOT:
		check_transition(item, item->transition);
		break;
	case RECORDING_RESETS:
		check_resets(item, &item->resets);
		break;
	case RECORDING_LISTENER:
		check_listener(item, &item->listener);
		break;
	case RECORDING_PORTS:
		check_ports(item, &item->ports);
		break;
	case RECORDING_OFFSET:
		check_offset(item, item->wall_offset_ns);
		break;
	case RECORDING_TICK:
		check_time(item, "the time of a tick", item->tick_ns);
		break;
	default:
		break;
	}
}
