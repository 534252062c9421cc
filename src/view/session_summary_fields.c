// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of a summary of sessions. */
#include "field/field_rows.h"
#include "view/group_fields.h"
#include "view/session_summary_row.h"

static struct value role_key(const struct session_summary_row *row)
{
	if (!group_row_has(&row->group, GROUP_BY_ROLE))
		return unknown;
	if (row->group.is_other)
		return name("other");
	return name(session_role_name(row->group.key->role));
}

static struct value closer_key(const struct session_summary_row *row)
{
	if (!group_row_has(&row->group, GROUP_BY_CLOSED_BY))
		return unknown;
	if (row->group.is_other)
		return name("other");
	return name(session_closer_name(row->group.key->closed_by));
}

/* A session has ports, even if they are not known. */
static struct value port_key(const struct session_summary_row *row, enum group_by by, uint16_t port)
{
	if (!group_row_has(&row->group, by) || row->group.is_other)
		return unknown;
	return number_unless_0(port);
}

static const char *leading_name(const struct session_summary_row *row)
{
	return cause_row(session_stats_leading_cause(row->stats))->name;
}

static uint64_t leading_count(const struct session_summary_row *row)
{
	return row->stats->failures[session_stats_leading_cause(row->stats)];
}

/* Figures of which none is known are not known. */
static struct value sum(uint64_t sessions, uint64_t figure)
{
	return sessions ? number(figure) : unknown;
}

#define GETTER(name, result) DEFINE_GETTER(static, session_summary_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* A duration in milliseconds, and the same for people. */
#define TIME_FIELD(name, result) FIELD(name##_ms, result) DEFINE_WRITER_FOR_PEOPLE(name)

/* A quotient with three decimals; not known if it is of nothing. */
#define QUOTIENT_FIELD(name, quotient)                                                        \
	GETTER(name, (quotient) == NO_QUOTIENT ? unknown : number(0))                         \
	static char *write_##name(char *place, FIELD_ARGUMENTS)                               \
	{                                                                                     \
		const struct session_summary_row *row = data;                                 \
                                                                                              \
		(void)context;                                                                \
		return (quotient) == NO_QUOTIENT ? place                                      \
						 : number_write_thousandths(place, quotient); \
	}

#define NO_QUOTIENT UINT64_MAX

/* In thousandths, rounded down. */
static uint64_t quotient(uint64_t dividend, uint64_t factor, uint64_t divisor)
{
	if (!divisor)
		return NO_QUOTIENT;
	return (uint64_t)((long double)dividend * (long double)factor * 1000 /
			  (long double)divisor);
}

FIELD(lport, port_key(row, GROUP_BY_LPORT, row->group.key->lport))
FIELD(port, port_key(row, GROUP_BY_PORT, row->group.key->port))
FIELD(role, role_key(row))
FIELD(closed_by, closer_key(row))
FIELD(sessions, number(row->stats->sessions))
QUOTIENT_FIELD(rate, quotient(row->stats->sessions, NSEC_PER_SEC, row->group.report.span_ns))
FIELD(open, number(row->open))
FIELD(lost, number(row->stats->lost))
FIELD(failed, number(row->stats->failed))
FIELD(failed_cause, name(leading_name(row)))
FIELD(failed_cause_count, number(leading_count(row)))
FIELD(handshake_timed, number(row->stats->handshake.times.count))
FIELD(handshake_at_least, number(row->stats->handshake.at_least))
TIME_FIELD(handshake_p50, histogram_quantile_value(&row->stats->handshake.times, 500))
TIME_FIELD(handshake_p99, histogram_quantile_value(&row->stats->handshake.times, 990))
FIELD(handshake_max_ms, histogram_max_value(&row->stats->handshake.times))
FIELD(life_timed, number(row->stats->life.times.count))
FIELD(life_at_least, number(row->stats->life.at_least))
TIME_FIELD(life_p50, histogram_quantile_value(&row->stats->life.times, 500))
TIME_FIELD(life_p99, histogram_quantile_value(&row->stats->life.times, 990))
FIELD(life_max_ms, histogram_max_value(&row->stats->life.times))
FIELD(measured, number(row->stats->measured))
FIELD(tx_bytes, sum(row->stats->measured, row->stats->tx_bytes))
FIELD(rx_bytes, sum(row->stats->measured, row->stats->rx_bytes))
FIELD(retrans, sum(row->stats->measured, row->stats->retrans))
FIELD(segs_out, sum(row->stats->counted, row->stats->segs_out))
QUOTIENT_FIELD(retrans_percent, quotient(row->stats->counted_retrans, 100, row->stats->segs_out))
FIELD(closed_local, number(row->stats->closed[CLOSER_LOCAL]))
FIELD(closed_peer, number(row->stats->closed[CLOSER_PEER]))
FIELD(closed_none, number(row->stats->closed[CLOSER_NONE]))

/* "refused:12" */
GETTER(failed_for, row->stats->failed ? name(leading_name(row)) : unknown)

static char *write_failed_for(char *place, FIELD_ARGUMENTS)
{
	struct value cause = get_failed_for(data, context);

	if (cause.kind == VALUE_UNKNOWN)
		return place;
	place = value_write(place, &cause, context->notation);
	*place++ = ':';
	return number_write(place, leading_count(data));
}

#define IS_DERIVED .is_derived = true

static const struct field fields[] = {
	REPORT_ROWS,
	GROUP_ROWS_OF_KEYS(lport),
	{"cause", "CAUSE", "key: why it closed; --help lists the causes", QUOTED(group_cause),
	 WIDTHS(15, 15)},
	{"port", "PORT", "key: port of the service: the server's, whichever end that is",
	 BARE(port), WIDTHS(5, 5)},
	{"role", "ROLE", "key: role of this end: client or server", QUOTED(role), WIDTHS(6, 6)},
	{"closed_by", "CLOSED", "key: which end closed first: local, peer or none",
	 QUOTED(closed_by), WIDTHS(6, 6)},
	{"sessions", "SESSIONS", "sessions that ended", BARE(sessions), WIDTHS(8, 9)},
	{"rate", "RATE", "the same a second", BARE(rate), WIDTHS(8, 10)},
	{"open", "OPEN", "sessions that are open at the time of the report", BARE(open),
	 WIDTHS(5, 7)},
	{"lost", "LOST", "sessions whose end was not seen, of those that ended", BARE(lost),
	 WIDTHS(5, 7)},
	{"failed", "FAILED", "sessions that were not established, or ended by a reset or an error",
	 BARE(failed), WIDTHS(6, 7)},
	{"failed_cause", "FAILED-CAUSE", "the most frequent cause of these", QUOTED(failed_cause),
	 WIDTHS(15, 15)},
	{"failed_cause_count", "OF-CAUSE", "sessions that failed for that cause",
	 BARE(failed_cause_count), WIDTHS(8, 8)},
	{"failed_for", "FAILED-FOR", "these two combined, for example refused:12",
	 .class = FIELD_QUOTED, .get = get_failed_for, .write = write_failed_for, WIDTHS(19, 19),
	 IS_DERIVED},
	{"handshake_timed", "SHAKES", "handshake times in the statistics", BARE(handshake_timed),
	 WIDTHS(7, 9)},
	{"handshake_at_least",
	 "SHAKES>=", "handshake times known only as a lower bound (not in the statistics)",
	 BARE(handshake_at_least), WIDTHS(8, 8)},
	{"handshake_p50", "SHAKE50", "median handshake time, for example 27.1us or 60.0s",
	 FOR_PEOPLE(handshake_p50), WIDTHS(7, 7), IS_DERIVED},
	{"handshake_p99", "SHAKE99", "99th percentile of the handshake times",
	 FOR_PEOPLE(handshake_p99), WIDTHS(7, 7), IS_DERIVED},
	{"handshake_p50_ms", "SHAKE50-MS",
	 "SHAKE50 in milliseconds; exact to 2.3 %, like the other percentiles",
	 BARE(handshake_p50_ms), WIDTHS(10, 12)},
	{"handshake_p99_ms", "SHAKE99-MS", "SHAKE99 in milliseconds", BARE(handshake_p99_ms),
	 WIDTHS(10, 12)},
	{"handshake_max_ms", "SHAKE-MAX-MS", "longest handshake time, in milliseconds; exact",
	 BARE(handshake_max_ms), WIDTHS(12, 12)},
	{"life_timed", "LIVES", "life times in the statistics", BARE(life_timed), WIDTHS(7, 9)},
	{"life_at_least",
	 "LIVES>=", "life times known only as a lower bound (not in the statistics)",
	 BARE(life_at_least), WIDTHS(8, 8)},
	{"life_p50", "LIFE50", "median time from start to end without TIME_WAIT",
	 FOR_PEOPLE(life_p50), WIDTHS(6, 6), IS_DERIVED},
	{"life_p99", "LIFE99", "99th percentile of these times", FOR_PEOPLE(life_p99), WIDTHS(6, 6),
	 IS_DERIVED},
	{"life_p50_ms", "LIFE50-MS", "LIFE50 in milliseconds", BARE(life_p50_ms), WIDTHS(10, 12)},
	{"life_p99_ms", "LIFE99-MS", "LIFE99 in milliseconds", BARE(life_p99_ms), WIDTHS(10, 12)},
	{"life_max_ms", "LIFE-MAX-MS", "longest of these times, in milliseconds; exact",
	 BARE(life_max_ms), WIDTHS(12, 12)},
	{"measured", "MEASURED", "sessions whose figures are known: those of the next three",
	 BARE(measured), WIDTHS(8, 9)},
	{"tx_bytes", "TX-BYTES", "payload bytes sent, not counting retransmissions", BARE(tx_bytes),
	 WIDTHS(10, 14)},
	{"rx_bytes", "RX-BYTES", "payload bytes received", BARE(rx_bytes), WIDTHS(10, 14)},
	{"retrans", "RETR", "retransmitted segments, including SYN and SYN-ACK", BARE(retrans),
	 WIDTHS(6, 8)},
	{"segs_out", "SEGS-OUT", "segments sent, of sessions of which that is known",
	 BARE(segs_out), WIDTHS(9, 11)},
	{"retrans_percent", "RETR%", "retransmitted segments of these, per 100 segments sent",
	 BARE(retrans_percent), WIDTHS(6, 7)},
	{"closed_local", "LOCAL", "sessions that this end closed first", BARE(closed_local),
	 WIDTHS(6, 8)},
	{"closed_peer", "PEER", "sessions that the peer closed first", BARE(closed_peer),
	 WIDTHS(6, 8)},
	{"closed_none", "NONE", "sessions whose peer could not be reached", BARE(closed_none),
	 WIDTHS(5, 7)},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table session_summary_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
