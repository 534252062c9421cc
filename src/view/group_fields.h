/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields that the rows of both summaries share: the keys. Those rows begin with a struct group_row.
 * Files that define a field table include this, after field_rows.h.
 */
#ifndef TCPSTATES_VIEW_GROUP_FIELDS_H
#define TCPSTATES_VIEW_GROUP_FIELDS_H

#include "field/field.h"
#include "view/group_row.h"
#include "view/report_fields.h"

#define DECLARE_GROUP_FIELD(name)                                                            \
	struct value get_group_##name(const void *row, const struct field_context *context); \
	char *write_group_##name(char *place, const void *row, const struct field_context *context)

DECLARE_GROUP_FIELD(pid);
DECLARE_GROUP_FIELD(comm);
DECLARE_GROUP_FIELD(laddr);
DECLARE_GROUP_FIELD(lport);
DECLARE_GROUP_FIELD(raddr);
DECLARE_GROUP_FIELD(rport);
DECLARE_GROUP_FIELD(netns);
DECLARE_GROUP_FIELD(cgroup);
DECLARE_GROUP_FIELD(cause);

/* Groups of rows of a field table, formatted like the tables. */
/* clang-format off */

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
