/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields that the rows of both summaries share: the report and the keys. Those rows begin with a
 * struct group_row. Files that define a field table include this, after field_rows.h.
 */
#ifndef TCPSTATES_VIEW_GROUP_FIELDS_H
#define TCPSTATES_VIEW_GROUP_FIELDS_H

#include "field/field.h"
#include "lib/duration.h"
#include "lib/histogram.h"
#include "view/group_row.h"

#define DECLARE_GROUP_FIELD(name)                                                            \
	struct value get_group_##name(const void *row, const struct field_context *context); \
	char *write_group_##name(char *place, const void *row, const struct field_context *context)

DECLARE_GROUP_FIELD(time);
DECLARE_GROUP_FIELD(timestamp);
DECLARE_GROUP_FIELD(span);
DECLARE_GROUP_FIELD(report);
DECLARE_GROUP_FIELD(pid);
DECLARE_GROUP_FIELD(comm);
DECLARE_GROUP_FIELD(laddr);
DECLARE_GROUP_FIELD(lport);
DECLARE_GROUP_FIELD(raddr);
DECLARE_GROUP_FIELD(rport);
DECLARE_GROUP_FIELD(netns);
DECLARE_GROUP_FIELD(cgroup);
DECLARE_GROUP_FIELD(cause);

/* A quantile of durations; not known without any. */
struct value group_quantile(const struct histogram *times, unsigned int thousandths);
/* The longest one, likewise. */
struct value group_longest(const struct histogram *times);

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

/* Groups of rows of a field table, formatted like the tables. */
/* clang-format off */

#define GROUP_ROWS_OF_REPORT \
	{"time", "TIME", "time of the report: HH:MM:SS, local time; in JSON RFC 3339, UTC", \
	 WALL(group_time), WIDTHS(8, 8)}, \
	{"timestamp", "TIME(s)", "seconds since the first report", BARE(group_timestamp), WIDTHS(9, 9)}, \
	{"span", "SPAN(s)", "seconds that the report covers", BARE(group_span), WIDTHS(9, 9)}, \
	{"report", "REPORT", "what it covers: an interval or the whole run", QUOTED(group_report), \
	 WIDTHS(8, 8)}

/* lport: group_lport, or a field of its own. */
#define GROUP_ROWS_OF_KEYS(own_lport) \
	{"pid", "PID", "key: process ID of the owner", BARE(group_pid), WIDTHS(7, 7)}, \
	{"comm", "COMM", "key: process name of the owner", TEXT(group_comm, TRANSITION_COMM_SIZE), \
	 WIDTHS(10, 16), .is_cut = true}, \
	{"laddr", "LADDR", "key: local address or CIDR block", QUOTED(group_laddr), WIDTHS(15, 39)}, \
	{"lport", "LPORT", "key: local port", BARE(own_lport), WIDTHS(5, 5)}, \
	{"raddr", "RADDR", "key: remote address or CIDR block", QUOTED(group_raddr), WIDTHS(15, 39)}, \
	{"rport", "RPORT", "key: remote port", BARE(group_rport), WIDTHS(5, 5)}, \
	{"netns", "NETNS", "key: network namespace, inode number", BARE(group_netns), WIDTHS(10, 10)}, \
	{"cgroup", "CGROUP", "key: cgroup2 of the socket's creator, path", \
	 TEXT(group_cgroup, CGROUP_PATH_SIZE), WIDTHS(20, 40)}

/* clang-format on */

#endif
