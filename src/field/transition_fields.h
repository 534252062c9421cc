/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields of a transition that other rows share. Those rows begin with a struct transition, the most
 * recent one of a session. Files that define a field table include this, after field_rows.h.
 */
#ifndef TCPSTATES_FIELD_TRANSITION_FIELDS_H
#define TCPSTATES_FIELD_TRANSITION_FIELDS_H

#include "field/field.h"
#include "field/field_rows.h"
#include "trace/owner.h"
#include "trace/transition.h"

#define DECLARE_FIELD(name)                                                                       \
	struct value get_transition_##name(const void *row, const struct field_context *context); \
	char *write_transition_##name(char *place, const void *row,                               \
				      const struct field_context *context)

DECLARE_FIELD(skaddr);
DECLARE_FIELD(ip);
DECLARE_FIELD(laddr);
DECLARE_FIELD(lport);
DECLARE_FIELD(raddr);
DECLARE_FIELD(rport);
DECLARE_FIELD(pid);
DECLARE_FIELD(owner_from);
DECLARE_FIELD(uid);
DECLARE_FIELD(netns);
DECLARE_FIELD(cgroup_id);
DECLARE_FIELD(cookie);
DECLARE_FIELD(tx_bytes);
DECLARE_FIELD(rx_bytes);
DECLARE_FIELD(rtt_ms);
DECLARE_FIELD(min_rtt_ms);
DECLARE_FIELD(retrans);
DECLARE_FIELD(cwnd);
DECLARE_FIELD(mss);
DECLARE_FIELD(segs_out);
DECLARE_FIELD(tx_queue);
DECLARE_FIELD(rx_queue);
DECLARE_FIELD(comm);
DECLARE_FIELD(cgroup);

/* The owner as text, in the notation's memory; unknown if there is none. */
static inline struct value owner_value(const struct transition *t, enum accepted accepted,
				       const struct field_context *context)
{
	char *text = context->notation->text;

	_Static_assert(OWNER_TEXT_SIZE <= NOTATION_TEXT_SIZE, "the notation has room");
	owner_text(text, t, accepted);
	if (!*text)
		return unknown;
	return (struct value){.kind = VALUE_TEXT, .text = text, .size = OWNER_TEXT_SIZE};
}

/* Groups of rows of a field table, formatted like the tables. */
/* clang-format off */

/* The socket. */
#define TRANSITION_ROW_SKADDR \
	{"skaddr", "SKADDR", "kernel address of the socket: unique while the socket exists", \
	 QUOTED(transition_skaddr), WIDTHS(16, 16)}

/* The endpoints. lport: transition_lport, or a field of its own. */
#define TRANSITION_ROWS_OF_ENDS(lport) \
	{"ip", "IP", "address family of the socket: 4 or 6", BARE(transition_ip), WIDTHS(2, 2)}, \
	{"laddr", "LADDR", "local address", QUOTED(transition_laddr), WIDTHS(15, 39)}, \
	{"lport", "LPORT", "local port", BARE(lport), WIDTHS(5, 5)}, \
	{"raddr", "RADDR", "remote address", QUOTED(transition_raddr), WIDTHS(15, 39)}, \
	{"rport", "RPORT", "remote port", BARE(transition_rport), WIDTHS(5, 5)}

/* The owner. own: transition, or the prefix of fields of their own. */
#define TRANSITION_ROWS_OF_OWNER(own) \
	{"pid", "PID", "process ID of the owner", BARE(transition_pid), WIDTHS(6, 7), \
	 IS_DETAIL}, \
	{"comm", "COMM", "process name of the owner", TEXT(transition_comm, TRANSITION_COMM_SIZE), \
	 WIDTHS(10, 16), .is_cut = true, IS_DETAIL}, \
	{"owner_from", "OWNER-FROM", \
	 "how the owner is known: connect, listen, accept, inherited (from the listener), scan " \
	 "(initial scan), use (shut down or closed), kernel", \
	 QUOTED(transition_owner_from), WIDTHS(10, 10), IS_DETAIL}, \
	{"owner", "OWNER", \
	 "process name of the owner: with ! before it if no process has accepted the session, else " \
	 "with ~ if it is a guess", \
	 TEXT(own##_owner, OWNER_TEXT_SIZE), WIDTHS(11, 17), .is_cut = true, IS_DETAIL, .is_derived = true}, \
	{"accepted", "ACCEPTED", \
	 "false: no process has accepted the session, and the owner is the listener's; true: a " \
	 "process has its socket, or had it", \
	 BARE(own##_accepted), WIDTHS(8, 8), IS_DETAIL}, \
	{"uid", "UID", "user ID of the socket's owner", BARE(transition_uid), WIDTHS(5, 5), IS_DETAIL}, \
	{"netns", "NETNS", "network namespace: inode number", BARE(transition_netns), WIDTHS(10, 10), \
	 IS_DETAIL}, \
	{"cgroup", "CGROUP", "cgroup2 of the socket's creator: path", TEXT(transition_cgroup, CGROUP_PATH_SIZE), \
	 WIDTHS(20, 40), IS_DETAIL}, \
	{"cgroup_id", "CGROUP-ID", "cgroup2 of the socket's creator: inode number", BARE(transition_cgroup_id), WIDTHS(9, 9), \
	 IS_DETAIL}, \
	{"cookie", "COOKIE", "unique ID of the socket, never reused; the cookie of ss -e", QUOTED(transition_cookie), \
	 WIDTHS(8, 8), IS_DETAIL}

/* Counters and measurements. own: transition, or the prefix of fields of their own. */
#define TRANSITION_ROWS_OF_FIGURES(own) \
	{"tx_bytes", "TX-BYTES", "payload bytes sent, not counting retransmissions", BARE(own##_tx_bytes), WIDTHS(9, 12), \
	 IS_DETAIL}, \
	{"rx_bytes", "RX-BYTES", "payload bytes received", BARE(own##_rx_bytes), WIDTHS(9, 12), IS_DETAIL}, \
	{"rtt_ms", "RTT-MS", "smoothed round-trip time, in milliseconds", BARE(own##_rtt_ms), \
	 WIDTHS(7, 8), IS_DETAIL}, \
	{"min_rtt_ms", "MIN-RTT", "recent minimum RTT, in milliseconds", \
	 BARE(own##_min_rtt_ms), WIDTHS(7, 8), IS_DETAIL}, \
	{"retrans", "RETR", "retransmitted segments, including SYN and SYN-ACK", BARE(own##_retrans), WIDTHS(4, 5), \
	 IS_DETAIL}, \
	{"cwnd", "CWND", "congestion window, in segments", BARE(own##_cwnd), WIDTHS(5, 5), IS_DETAIL}, \
	{"mss", "MSS", "maximum segment size for sending, in bytes", BARE(own##_mss), WIDTHS(5, 5), IS_DETAIL}

/* Queues. */
#define TRANSITION_ROWS_OF_QUEUES \
	{"tx_queue", "TX-QUEUE", "payload bytes that the peer has not acknowledged", \
	 BARE(transition_tx_queue), WIDTHS(8, 8), IS_DETAIL}, \
	{"rx_queue", "RX-QUEUE", "received payload bytes that no process has read", \
	 BARE(transition_rx_queue), WIDTHS(8, 8), IS_DETAIL}

/* clang-format on */

#endif
