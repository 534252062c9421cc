/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields that the rows of all periodic reports share: its time and span. Those rows begin with a
 * struct report. Files that define a field table include this, after field_rows.h.
 */
#ifndef TCPSTATES_VIEW_REPORT_FIELDS_H
#define TCPSTATES_VIEW_REPORT_FIELDS_H

#include "field/field.h"
#include "lib/duration.h"
#include "lib/histogram.h"
#include "view/reports.h"

#define DECLARE_REPORT_FIELD(name)                                                            \
	struct value get_report_##name(const void *row, const struct field_context *context); \
	char *write_report_##name(char *place, const void *row, const struct field_context *context)

DECLARE_REPORT_FIELD(time);
DECLARE_REPORT_FIELD(timestamp);
DECLARE_REPORT_FIELD(span);
DECLARE_REPORT_FIELD(period);

#undef DECLARE_REPORT_FIELD

/* A quantile of durations; not known without any. */
struct value histogram_quantile_value(const struct histogram *times, unsigned int thousandths);
/* The longest one, likewise. */
struct value histogram_max_value(const struct histogram *times);

/* The writer of NAME: as get_NAME_ms(), with three digits and a unit. */
#define DEFINE_WRITER_FOR_PEOPLE(name)                                 \
	static char *write_##name(char *place, FIELD_ARGUMENTS)        \
	{                                                              \
		struct value written = get_##name##_ms(data, context); \
                                                                       \
		if (written.kind == VALUE_UNKNOWN)                     \
			return place;                                  \
		return duration_write(place, written.number);          \
	}

#define FOR_PEOPLE(name) .class = FIELD_QUOTED, .get = get_##name##_ms, .write = write_##name

/* clang-format off */

#define REPORT_ROWS \
	{"time", "TIME", "time of the report: HH:MM:SS, local time; in JSON RFC 3339, UTC", \
	 WALL(report_time), WIDTHS(8, 8)}, \
	{"timestamp", "TIME(s)", "seconds since the first report", BARE(report_timestamp), WIDTHS(9, 9)}, \
	{"span", "SPAN(s)", "seconds that the report covers", BARE(report_span), WIDTHS(9, 9)}, \
	{"report", "REPORT", "what it covers: an interval or the whole run", QUOTED(report_period), \
	 WIDTHS(8, 8)}

/* clang-format on */

#endif
