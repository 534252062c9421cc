// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of --listeners. */
#include "field/field_rows.h"
#include "trace/owner.h"
#include "view/listeners_row.h"
#include "view/report_fields.h"

static struct value text(const char *text, size_t size)
{
	return *text ? (struct value){.kind = VALUE_TEXT, .text = text, .size = (uint32_t)size}
		     : unknown;
}

static struct value wall_unless_0(uint64_t ns, const struct field_context *context)
{
	if (!ns)
		return unknown;
	return (struct value){.kind = VALUE_WALL,
			      .elapsed = (int64_t)(ns + (uint64_t)context->wall_offset_ns)};
}

static const struct listener *last(const struct listener_row *row)
{
	return &row->history->last;
}

static struct value number_if(struct listener_number number_of, enum certainty certainty)
{
	return number_of.certainty == certainty ? number(number_of.number) : unknown;
}

/* For people: 12, ~12 if it is inferred. */
static char *write_number(char *place, struct listener_number number)
{
	if (number.certainty == CERTAINTY_NONE)
		return place;
	if (number.certainty == CERTAINTY_ABOUT)
		*place++ = '~';
	return number_write(place, number.number);
}

static struct value delays(const struct listener_row *row)
{
	return last(row)->known & LISTENER_KNOWN_ACCEPTED ? number(row->span->delays.count)
							  : unknown;
}

static struct value queue(const struct listener_row *row)
{
	return row->history->ended_ns ? unknown : number(last(row)->queue);
}

#define GETTER(name, result) DEFINE_GETTER(static, listener_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* A number that may be inferred: exact, about, and both for people. */
#define NUMBER_FIELD(name, of)                                                       \
	FIELD(name, number_if(of(row->history, row->span), CERTAINTY_EXACT))         \
	FIELD(name##_about, number_if(of(row->history, row->span), CERTAINTY_ABOUT)) \
	static char *write_##name##_marked(char *place, FIELD_ARGUMENTS)             \
	{                                                                            \
		const struct listener_row *row = data;                               \
                                                                                     \
		(void)context;                                                       \
		return write_number(place, of(row->history, row->span));             \
	}

/* A delay in milliseconds, and the same for people. */
#define DELAY_FIELD(name, result) FIELD(name##_ms, result) DEFINE_WRITER_FOR_PEOPLE(name)

FIELD(pid, number_unless_0(last(row)->pid))
FIELD(comm, text(last(row)->comm, sizeof(last(row)->comm)))
FIELD(owner_from, name(owner_from_name(last(row)->owner_from)))
FIELD(uid, number(last(row)->uid))
FIELD(netns, number_unless_0(last(row)->netns))
FIELD(cgroup, text(cgroups_find(context->cgroups, last(row)->cgroup), CGROUP_PATH_SIZE))
FIELD(cookie, hex_unless_0(last(row)->cookie))
FIELD(ip, number(last(row)->ip))
FIELD(laddr, address_value(last(row)->ip, last(row)->laddr))
FIELD(lport, number(last(row)->lport))
FIELD(queue, queue(row))
FIELD(peak, number(row->span->peak))
FIELD(limit, number(last(row)->limit))
NUMBER_FIELD(overflows, listener_overflows)
FIELD(drops, number(listener_drops(row->history, row->span)))
FIELD(syn_cookies, number_if(listener_cookies(row->history, row->span), CERTAINTY_EXACT))
NUMBER_FIELD(accepted, listener_accepted)
FIELD(delays, delays(row))
DELAY_FIELD(p50, histogram_quantile_value(&row->span->delays, 500))
DELAY_FIELD(p99, histogram_quantile_value(&row->span->delays, 990))
DELAY_FIELD(max, histogram_max_value(&row->span->delays))
FIELD(since, wall_unless_0(last(row)->since_ns, context))
FIELD(ended, wall_unless_0(row->history->ended_ns, context))

#define IS_DERIVED   .is_derived = true
#define MARKED(name) .class = FIELD_QUOTED, .get = get_##name, .write = write_##name##_marked

static const struct field fields[] = {
	REPORT_ROWS,
	{"pid", "PID", "process ID of the owner", BARE(pid), WIDTHS(7, 7)},
	{"comm", "COMM", "process name of the owner", TEXT(comm, TRANSITION_COMM_SIZE),
	 WIDTHS(10, 16), .is_cut = true},
	{"owner_from", "OWNER-FROM", "how the owner is known: listen, scan or kernel",
	 QUOTED(owner_from), WIDTHS(10, 10)},
	{"uid", "UID", "user ID of the socket's owner", BARE(uid), WIDTHS(5, 5)},
	{"netns", "NETNS", "network namespace: inode number", BARE(netns), WIDTHS(10, 10)},
	{"cgroup", "CGROUP", "cgroup2 of the socket's creator: path",
	 TEXT(cgroup, CGROUP_PATH_SIZE), WIDTHS(20, 40)},
	{"cookie", "COOKIE", "unique ID of the socket, never reused; the cookie of ss -e",
	 QUOTED(cookie), WIDTHS(8, 8)},
	{"ip", "IP", "address family of the socket: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"lport", "LPORT", "local port", BARE(lport), WIDTHS(5, 5)},
	{"queue", "QUEUE", "accept queue: connections that wait for accept() now", BARE(queue),
	 WIDTHS(5, 5)},
	{"peak", "PEAK", "longest accept queue", BARE(peak), WIDTHS(5, 5)},
	{"limit", "LIMIT", "limit of the accept queue, which takes one more", BARE(limit),
	 WIDTHS(5, 5)},
	{"overflows", "OVERFLOWS", "SYNs and ACKs dropped because the accept queue was full",
	 BARE(overflows), WIDTHS(9, 9)},
	{"overflows_about", "OVERFLOWS~", "the same if it is inferred", BARE(overflows_about),
	 WIDTHS(10, 10)},
	{"full", "FULL", "these two combined: 12, ~12 (inferred)", MARKED(overflows), WIDTHS(5, 7),
	 IS_DERIVED},
	{"drops", "DROPS", "packets dropped at the listener, for any reason", BARE(drops),
	 WIDTHS(5, 7)},
	{"syn_cookies", "SYN-COOKIES", "SYNs answered with a SYN cookie", BARE(syn_cookies),
	 WIDTHS(11, 11)},
	{"accepted", "ACCEPTED", "connections that accept() returned", BARE(accepted),
	 WIDTHS(8, 9)},
	{"accepted_about", "ACCEPTED~", "the same if it is inferred", BARE(accepted_about),
	 WIDTHS(9, 9)},
	{"accepts", "ACCEPTS", "these two combined: 12, ~12 (inferred)", MARKED(accepted),
	 WIDTHS(8, 9), IS_DERIVED},
	{"delays", "DELAYS", "accepted connections whose delay is known", BARE(delays),
	 WIDTHS(8, 9)},
	{"p50", "P50", "median time from ESTABLISHED until accept(), for example 27.1us",
	 FOR_PEOPLE(p50), WIDTHS(6, 6), IS_DERIVED},
	{"p99", "P99", "99th percentile", FOR_PEOPLE(p99), WIDTHS(6, 6), IS_DERIVED},
	{"max", "MAX", "longest time", FOR_PEOPLE(max), WIDTHS(6, 6), IS_DERIVED},
	{"p50_ms", "P50-MS", "P50 in milliseconds; exact to 2.3 %, like P99", BARE(p50_ms),
	 WIDTHS(10, 12)},
	{"p99_ms", "P99-MS", "P99 in milliseconds", BARE(p99_ms), WIDTHS(10, 12)},
	{"max_ms", "MAX-MS", "MAX in milliseconds; exact", BARE(max_ms), WIDTHS(10, 12)},
	{"since", "SINCE", "when it began to listen; not known if it did before the trace",
	 WALL(since), WIDTHS(8, 8)},
	{"ended", "ENDED", "when it stopped; not known as long as it listens", WALL(ended),
	 WIDTHS(8, 8)},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table listeners_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
