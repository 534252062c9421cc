// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a summary's row. */
#include "field/field_rows.h"
#include "trace/state.h"
#include "view/group_fields.h"
#include "view/summary_row.h"

static struct value state_key(const struct summary_row *row, enum group_by by, uint8_t state)
{
	if (!group_row_has(&row->group, by))
		return unknown;
	if (row->group.is_other)
		return name("other");
	return state_value(state);
}

static struct value total(const struct histogram *times)
{
	if (!times->count)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = times->sum};
}

static struct value now(const struct summary_row *row)
{
	if (!grouping_has_now(row->group.grouping))
		return unknown;
	if (row->group.key->state == STATE_CLOSE)
		return unknown;
	return number(row->now > 0 ? (uint64_t)row->now : 0);
}

static struct value drawn(const struct summary_row *row)
{
	if (!*row->drawn)
		return unknown;
	return (struct value){
		.kind = VALUE_TEXT, .text = row->drawn, .size = (uint32_t)strlen(row->drawn)};
}

#define GETTER(name, result) DEFINE_GETTER(static, summary_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* A duration in milliseconds, and the same for people. */
#define TIME_FIELD(name, result) FIELD(name##_ms, result) DEFINE_WRITER_FOR_PEOPLE(name)

FIELD(state, state_key(row, GROUP_BY_STATE, row->group.key->state))
FIELD(oldstate, state_key(row, GROUP_BY_EDGE, row->group.key->oldstate))
FIELD(newstate, state_key(row, GROUP_BY_EDGE, row->group.key->newstate))
FIELD(entered, number(row->stats->entered))
FIELD(now, now(row))
FIELD(timed, number(row->stats->times.count))
FIELD(at_least, number(row->stats->at_least))
FIELD(unknown, number(row->stats->unknown))
TIME_FIELD(p50, histogram_quantile_value(&row->stats->times, 500))
TIME_FIELD(p90, histogram_quantile_value(&row->stats->times, 900))
TIME_FIELD(p99, histogram_quantile_value(&row->stats->times, 990))
TIME_FIELD(max, histogram_max_value(&row->stats->times))
TIME_FIELD(total, total(&row->stats->times))
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

#define IS_DERIVED .is_derived = true

static const struct field fields[] = {
	REPORT_ROWS,
	GROUP_ROWS_OF_KEYS(group_lport),
	{"cause", "CAUSE", "key: why the state changed; --help lists the causes",
	 QUOTED(group_cause), WIDTHS(15, 15)},
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
