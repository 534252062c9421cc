// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields that the rows of all periodic reports have. */
#include "field/field_rows.h"
#include "view/report_fields.h"

/* Converts the monotonic time of the traced machine to a time of day. */
static struct value wall(const struct report *row, const struct field_context *context)
{
	return (struct value){.kind = VALUE_WALL,
			      .elapsed =
				      (int64_t)(row->time_ns + (uint64_t)context->wall_offset_ns)};
}

static struct value seconds(uint64_t ns)
{
	return (struct value){.kind = VALUE_SECONDS, .elapsed = (int64_t)ns};
}

static struct value milliseconds(const struct histogram *times, uint64_t ns)
{
	if (!times->count)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = ns};
}

struct value histogram_quantile_value(const struct histogram *times, unsigned int thousandths)
{
	return milliseconds(times, histogram_quantile(times, thousandths));
}

struct value histogram_max_value(const struct histogram *times)
{
	return milliseconds(times, times->max);
}

#define GETTER(name, result) DEFINE_GETTER(, report, row, report_##name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(, report_##name)

FIELD(time, wall(row, context))
FIELD(timestamp, seconds(row->time_ns - context->first_ns))
FIELD(span, seconds(row->span_ns))
FIELD(period, name(row->is_whole ? "whole" : "interval"))
