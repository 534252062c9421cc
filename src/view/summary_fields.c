// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a summary's row. */
#include "field/field_rows.h"
#include "lib/duration.h"
#include "trace/cause.h"
#include "trace/state.h"
#include "view/summary_row.h"

/* The name of the group of the rest. */
static struct value other(void)
{
	return name("other");
}

static bool has(const struct summary_row *row, enum group_by by)
{
	return grouping_has(row->grouping, by);
}

/* A numeric key; 0, or in the group of the rest: not known. */
static struct value number_key(const struct summary_row *row, enum group_by by, uint64_t key)
{
	return has(row, by) && key && !row->is_other ? number(key) : unknown;
}

/* A numeric key for which 0 is valid. */
static struct value port_key(const struct summary_row *row, enum group_by by, uint64_t key)
{
	return has(row, by) && !row->is_other ? number(key) : unknown;
}

static struct value state_key(const struct summary_row *row, enum group_by by, uint8_t state)
{
	if (!has(row, by))
		return unknown;
	if (row->is_other)
		return other();
	return state_value(state);
}

static struct value cause_key(const struct summary_row *row)
{
	if (!has(row, GROUP_BY_CAUSE))
		return unknown;
	return row->is_other ? other() : name(cause_row(row->group->key.cause)->name);
}

static struct value text(const char *text, size_t size)
{
	if (!*text)
		return unknown;
	return (struct value){.kind = VALUE_TEXT, .text = text, .size = (uint32_t)size};
}

static struct value comm_key(const struct summary_row *row)
{
	if (!has(row, GROUP_BY_COMM))
		return unknown;
	return row->is_other ? text("other", 5)
			     : text(row->group->key.comm, sizeof(row->group->key.comm));
}

static struct value cgroup_key(const struct summary_row *row, const struct field_context *context)
{
	const char *path;

	if (!has(row, GROUP_BY_CGROUP))
		return unknown;
	if (row->is_other)
		return text("other", 5);
	path = cgroups_find(context->cgroups, row->group->key.cgroup);
	return text(path, strlen(path));
}

static struct value address_key(const struct summary_row *row, enum group_by by,
				const uint8_t *bytes)
{
	if (!has(row, by))
		return unknown;
	if (row->is_other)
		return other();
	return address_value(address_is_ipv4(bytes) ? 4 : 6, bytes);
}

/* The prefix length after a block's address. */
static char *write_prefix(char *place, struct group_prefix prefix, const struct value *address)
{
	if (address->kind == VALUE_IPV4 && prefix.ipv4 < 32) {
		*place++ = '/';
		return number_write(place, prefix.ipv4);
	}
	if (address->kind == VALUE_IPV6 && prefix.ipv6 < 128) {
		*place++ = '/';
		return number_write(place, prefix.ipv6);
	}
	return place;
}

static struct value time_of(const struct summary_row *row, uint64_t ns)
{
	if (!row->stats->times.count)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = ns};
}

static uint64_t quantile(const struct summary_row *row, unsigned int thousandths)
{
	return histogram_quantile(&row->stats->times, thousandths);
}

/* Converts the monotonic time of the traced machine to a time of day. */
static struct value wall(const struct summary_row *row, const struct field_context *context)
{
	return (struct value){.kind = VALUE_WALL,
			      .elapsed =
				      (int64_t)(row->time_ns + (uint64_t)context->wall_offset_ns)};
}

static struct value seconds(int64_t ns)
{
	return (struct value){.kind = VALUE_SECONDS, .elapsed = ns};
}

static struct value now(const struct summary_row *row)
{
	if (!grouping_has_now(row->grouping))
		return unknown;
	if (row->group->key.state == STATE_CLOSE)
		return unknown;
	return number(row->group->now > 0 ? (uint64_t)row->group->now : 0);
}

static struct value drawn(const struct summary_row *row)
{
	return text(row->drawn, strlen(row->drawn));
}

#define GETTER(name, result) DEFINE_GETTER(static, summary_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* An address, or a block of them. */
#define ADDRESS_FIELD(name, by)                                                      \
	GETTER(name, address_key(row, by, row->group->key.name))                     \
	static char *write_##name(char *place, FIELD_ARGUMENTS)                      \
	{                                                                            \
		const struct summary_row *row = data;                                \
		struct value written = get_##name(data, context);                    \
                                                                                     \
		return write_prefix(value_write(place, &written, context->notation), \
				    row->grouping->name, &written);                  \
	}

/* A duration in milliseconds, and the same for people. */
#define TIME_FIELD(name, ns)                                           \
	FIELD(name##_ms, time_of(row, ns))                             \
	static char *write_##name(char *place, FIELD_ARGUMENTS)        \
	{                                                              \
		struct value written = get_##name##_ms(data, context); \
                                                                       \
		if (written.kind == VALUE_UNKNOWN)                     \
			return place;                                  \
		return duration_write(place, written.number);          \
	}

FIELD(time, wall(row, context))
FIELD(timestamp, seconds((int64_t)(row->time_ns - context->first_ns)))
FIELD(span, seconds((int64_t)row->span_ns))
FIELD(report, name(row->is_whole ? "whole" : "interval"))
FIELD(pid, number_key(row, GROUP_BY_PID, row->group->key.pid))
FIELD(comm, comm_key(row))
ADDRESS_FIELD(laddr, GROUP_BY_LADDR)
FIELD(lport, port_key(row, GROUP_BY_LPORT, row->group->key.lport))
ADDRESS_FIELD(raddr, GROUP_BY_RADDR)
FIELD(rport, port_key(row, GROUP_BY_RPORT, row->group->key.rport))
FIELD(netns, number_key(row, GROUP_BY_NETNS, row->group->key.netns))
FIELD(cgroup, cgroup_key(row, context))
FIELD(cause, cause_key(row))
FIELD(state, state_key(row, GROUP_BY_STATE, row->group->key.state))
FIELD(oldstate, state_key(row, GROUP_BY_EDGE, row->group->key.oldstate))
FIELD(newstate, state_key(row, GROUP_BY_EDGE, row->group->key.newstate))
FIELD(entered, number(row->stats->entered))
FIELD(now, now(row))
FIELD(timed, number(row->stats->times.count))
FIELD(at_least, number(row->stats->at_least))
FIELD(unknown, number(row->stats->unknown))
TIME_FIELD(p50, quantile(row, 500))
TIME_FIELD(p90, quantile(row, 900))
TIME_FIELD(p99, quantile(row, 990))
TIME_FIELD(max, row->stats->times.max)
TIME_FIELD(total, row->stats->times.sum)
FIELD(histogram, drawn(row))

/* An array of pairs: the upper bound of a bucket in milliseconds, and its count. */
static char *write_buckets(char *place, FIELD_ARGUMENTS)
{
	const struct histogram *times = &((const struct summary_row *)data)->stats->times;

	(void)context;
	*place++ = '[';
	for (unsigned int i = 0; i < times->used; i++) {
		*place++ = '[';
		place = number_write_millionths(place, bucket_last(times->buckets[i].place));
		*place++ = ',';
		place = number_write(place, times->buckets[i].count);
		*place++ = ']';
		*place++ = ',';
	}
	place -= place[-1] == ',';
	*place++ = ']';
	return place;
}

/* One pair, with brackets and commas. */
#define BUCKET_SIZE_MAX (2 * NUMBER_SIZE_MAX + 6)
#define BUCKETS_SIZE    (BUCKET_COUNT * BUCKET_SIZE_MAX)

_Static_assert(BUCKETS_SIZE <= UINT16_MAX && DRAWING_SIZE_MAX <= BUCKETS_SIZE,
	       "a histogram has room");

#define IS_DERIVED       .is_derived = true
#define FOR_PEOPLE(name) .class = FIELD_QUOTED, .get = get_##name##_ms, .write = write_##name

static const struct field fields[] = {
	{"time", "TIME", "time of the report: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WALL(time), WIDTHS(8, 8)},
	{"timestamp", "TIME(s)", "seconds since the first report", BARE(timestamp), WIDTHS(9, 9)},
	{"span", "SPAN(s)", "seconds that the report covers", BARE(span), WIDTHS(9, 9)},
	{"report", "REPORT", "what it covers: an interval or the whole run", QUOTED(report),
	 WIDTHS(8, 8)},
	{"pid", "PID", "key: process ID of the owner", BARE(pid), WIDTHS(7, 7)},
	{"comm", "COMM", "key: process name of the owner", TEXT(comm, TRANSITION_COMM_SIZE),
	 WIDTHS(10, 16), .is_cut = true},
	{"laddr", "LADDR", "key: local address or CIDR block", QUOTED(laddr), WIDTHS(15, 39)},
	{"lport", "LPORT", "key: local port", BARE(lport), WIDTHS(5, 5)},
	{"raddr", "RADDR", "key: remote address or CIDR block", QUOTED(raddr), WIDTHS(15, 39)},
	{"rport", "RPORT", "key: remote port", BARE(rport), WIDTHS(5, 5)},
	{"netns", "NETNS", "key: network namespace, inode number", BARE(netns), WIDTHS(10, 10)},
	{"cgroup", "CGROUP", "key: cgroup2 of the socket's creator, path",
	 TEXT(cgroup, CGROUP_PATH_SIZE), WIDTHS(20, 40)},
	{"cause", "CAUSE", "key: why the state changed; --help lists the causes", QUOTED(cause),
	 WIDTHS(15, 15)},
	{"state", "STATE", "key: state that the row describes", QUOTED(state), WIDTHS(11, 11)},
	{"oldstate", "OLDSTATE", "key edge: old state", QUOTED(oldstate), WIDTHS(11, 11)},
	{"newstate", "NEWSTATE", "key edge: new state", QUOTED(newstate), WIDTHS(11, 11),
	 .has_arrow = true},
	{"entered", "ENTERED", "transitions into the state or along the edge", BARE(entered),
	 WIDTHS(7, 9)},
	{"now", "NOW", "sessions in this group at the time of the report", BARE(now), WIDTHS(5, 7)},
	{"timed", "TIMED", "durations in the statistics", BARE(timed), WIDTHS(7, 9)},
	{"at_least", ">=", "durations known only as a lower bound (not in the statistics)",
	 BARE(at_least), WIDTHS(3, 5)},
	{"unknown", "UNKNOWN", "durations not known at all (not in the statistics)", BARE(unknown),
	 WIDTHS(7, 7)},
	{"p50", "P50", "median duration, for example 27.1us or 60.0s", FOR_PEOPLE(p50),
	 WIDTHS(6, 6), IS_DERIVED},
	{"p90", "P90", "90th percentile", FOR_PEOPLE(p90), WIDTHS(6, 6), IS_DERIVED},
	{"p99", "P99", "99th percentile", FOR_PEOPLE(p99), WIDTHS(6, 6), IS_DERIVED},
	{"max", "MAX", "longest duration", FOR_PEOPLE(max), WIDTHS(6, 6), IS_DERIVED},
	{"total", "TOTAL", "sum of all durations", FOR_PEOPLE(total), WIDTHS(6, 6), IS_DERIVED},
	{"p50_ms", "P50-MS", "P50 in milliseconds; exact to 2.3 %, like P90 and P99", BARE(p50_ms),
	 WIDTHS(10, 12)},
	{"p90_ms", "P90-MS", "P90 in milliseconds", BARE(p90_ms), WIDTHS(10, 12)},
	{"p99_ms", "P99-MS", "P99 in milliseconds", BARE(p99_ms), WIDTHS(10, 12)},
	{"max_ms", "MAX-MS", "MAX in milliseconds; exact", BARE(max_ms), WIDTHS(10, 12)},
	{"total_ms", "TOTAL-MS", "TOTAL in milliseconds; exact", BARE(total_ms), WIDTHS(12, 14)},
	{"histogram", "HISTOGRAM",
	 "distribution of the durations; in JSON [[upper bound in milliseconds, count], ...]",
	 TEXT(histogram, BUCKETS_SIZE), WIDTHS(8, 8), .write_json = write_buckets},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table summary_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
