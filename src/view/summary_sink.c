// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A summary: a report at the end, and one per interval if requested. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"
#include "lib/log.h"
#include "lib/terminal.h"
#include "lib/text.h"
#include "sink/text_sink.h"
#include "view/drawing.h"
#include "view/summary.h"
#include "view/summary_row.h"

#define COLUMNS_SIZE 256

/* The columns depend on the keys, and the histogram on the terminal. */
struct layout {
	struct field fields[FIELDS_MAX];
	struct field_table table;
	struct row_kind kind;
	char columns[COLUMNS_SIZE];
	char csv[COLUMNS_SIZE];
	char axis[DRAWING_SIZE_MAX];
};

struct summary_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct summary summary;
	struct layout *layout;
	struct drawing drawing;
	struct terminal terminal;
	bool is_table;
	uint64_t interval_ns; /* 0: none */
	uint64_t now_ns;      /* the newest known time */
	uint64_t start_ns;
	uint64_t next_ns; /* end of the current interval; UINT64_MAX: no intervals */
	bool has_reported;
};

/* ---- layout ---------------------------------------------------------------------------------- */

/* A key in --fields must also be a key of --by. */
static int summary_check(const struct options *options)
{
	const struct grouping *grouping = &options->grouping;

	for (enum group_by by = 0; by < GROUP_BY_COUNT; by++) {
		const char *name = group_by_name(by);
		const char *field = by == GROUP_BY_EDGE ? "oldstate" : name;

		if (grouping_has(grouping, by) ||
		    !(field_list_has(&options->fields, field) ||
		      (by == GROUP_BY_EDGE && field_list_has(&options->fields, "newstate"))))
			continue;
		log_error("--fields: %s is not a key of this summary; add %s to --by, or remove it",
			  field, name);
		return -1;
	}
	return 0;
}

static void summary_want(const struct options *options, struct wants *wants)
{
	wants->details = wants->minisocks = wants->snapshots = true;
	wants->rejected = true;
	wants->grouping = &options->grouping;
}

/* The key that a field shows; GROUP_BY_COUNT: none. */
static enum group_by key_of(const char *field)
{
	enum group_by by = 0;

	if (!strcmp(field, "oldstate") || !strcmp(field, "newstate"))
		return GROUP_BY_EDGE;
	while (by < GROUP_BY_COUNT && strcmp(group_by_name(by), field) != 0)
		by++;
	return by;
}

/* Omits the fields of keys that were not requested: JSON prints all fields. */
static void choose_fields(struct layout *layout, const struct grouping *grouping)
{
	for (int i = 0; i < summary_fields.count; i++) {
		enum group_by by = key_of(summary_fields.fields[i].key);

		if (by == GROUP_BY_COUNT || grouping_has(grouping, by))
			layout->fields[layout->table.count++] = summary_fields.fields[i];
	}
	layout->table.fields = layout->fields;
}

static void write_columns(char *columns, const struct grouping *grouping, const char *rest)
{
	size_t size = 0;

	for (unsigned int i = 0; i < grouping->count; i++) {
		enum group_by by = grouping->order[i];
		const char *key = by == GROUP_BY_EDGE ? "oldstate,newstate" : group_by_name(by);

		size += (size_t)snprintf(columns + size, COLUMNS_SIZE - size, "%s,", key);
	}
	snprintf(columns + size, COLUMNS_SIZE - size, "%s", rest);
}

/* By edge or cause, no session is in a group now: there is no column NOW. */
#define TABLE_COLUMNS(now) "entered," now "p50,p90,p99,max,total,at_least,histogram"
#define CSV_COLUMNS        "entered,now,timed,p50_ms,p90_ms,p99_ms,max_ms,total_ms,at_least,unknown"

static struct layout *layout_open(const struct options *options)
{
	struct layout *layout = calloc(1, sizeof(*layout));

	if (!layout) {
		log_error("out of memory");
		return NULL;
	}
	choose_fields(layout, &options->grouping);
	write_columns(layout->columns, &options->grouping,
		      grouping_has_now(&options->grouping) ? TABLE_COLUMNS("now,")
							   : TABLE_COLUMNS(""));
	write_columns(layout->csv, &options->grouping,
		      options->interval_ns ? CSV_COLUMNS ",span,report" : CSV_COLUMNS);
	layout->kind = (struct row_kind){
		.fields = &layout->table, .table = layout->columns, .csv = layout->csv};
	return layout;
}

static bool is_histogram(const struct field *field)
{
	return !strcmp(field->key, "histogram");
}

/* The terminal width left by the other columns, at most DRAWING_WIDTH_MAX. */
static unsigned int width_left(const struct summary_sink *summary)
{
	const struct text_sink *text = &summary->text;
	unsigned int width = summary->terminal.width;

	for (int i = 0; i < text->writer.columns.count; i++) {
		const struct table_column *column = &text->writer.layout.table[i];
		unsigned int used = column->width + 1 + (column->has_arrow ? 3 : 0);

		if (is_histogram(text->writer.columns.field[i]))
			continue;
		width = width > used ? width - used : 0;
	}
	return width < DRAWING_WIDTH_MAX ? width : DRAWING_WIDTH_MAX;
}

/* The histogram's heading is the axis, as wide as the terminal allows. */
static void lay_out_histogram(struct summary_sink *summary, bool is_asked_for)
{
	struct text_sink *text = &summary->text;
	unsigned int width = width_left(summary);
	int last = text->writer.columns.count - 1;

	if (width < DRAWING_WIDTH_MIN && !is_asked_for &&
	    is_histogram(text->writer.columns.field[last])) {
		text->writer.columns.count--;
		text->writer.layout.table[last - 1].width = 0;
		return;
	}
	summary->drawing.width = width < DRAWING_WIDTH_MIN ? DRAWING_WIDTH_MIN : width;
	drawing_axis(&summary->drawing, summary->layout->axis);
	for (int i = 0; i < summary->layout->table.count; i++)
		if (is_histogram(&summary->layout->fields[i]))
			summary->layout->fields[i].heading = summary->layout->axis;
	for (int i = 0; i < last; i++)
		if (is_histogram(text->writer.columns.field[i]))
			text->writer.layout.table[i].width = summary->drawing.width;
}

static struct sink *summary_open(const struct sink_setup *setup)
{
	const struct options *options = setup->options;
	struct layout *layout = layout_open(options);
	struct summary_sink *summary;

	if (!layout)
		return NULL;
	summary = (struct summary_sink *)text_sink_open(&summary_sink, setup, &layout->kind,
							sizeof(*summary));
	if (!summary) {
		free(layout);
		return NULL;
	}
	summary->layout = layout;
	summary->summary.grouping = &options->grouping;
	summary->summary.cgroups = setup->origin->cgroups;
	summary->summary.is_tallied = setup->origin->has_tallies;
	summary->summary.has_syn_sent = options->selection.lports.is_given ||
					grouping_has(&options->grouping, GROUP_BY_LPORT);
	summary->terminal = terminal_of(summary->text.output.fd);
	summary->drawing =
		(struct drawing){.width = DRAWING_WIDTH_MIN, .is_utf8 = summary->terminal.is_utf8};
	summary->is_table = summary->text.writer.format == &table_format;
	summary->interval_ns = options->interval_ns;
	if (summary->is_table)
		lay_out_histogram(summary, options->fields.count);
	return &summary->text.sink;
}

/* ---- reports --------------------------------------------------------------------------------- */

#define BOLD   "\033[1m"
#define NORMAL "\033[0m"

/* "12:30:05, 5.00s" */
static void write_head(struct summary_sink *summary, uint64_t time_ns, uint64_t span_ns,
		       bool is_whole)
{
	struct text_sink *text = &summary->text;
	struct buffer *buffer = &text->output.buffer;
	int64_t offset_ns = summary->text.sink.origin->clock->wall_offset_ns;
	char time[32], span[DURATION_SIZE_MAX];

	*text_write_time_of_day(&text->writer.notation, time,
				(int64_t)(time_ns + (uint64_t)offset_ns)) = '\0';
	*duration_write(span, span_ns) = '\0';
	if (summary->has_reported)
		buffer_append_byte(buffer, '\n');
	if (summary->terminal.has_colour)
		buffer_append_text(buffer, BOLD);
	buffer_append_text(buffer, time);
	buffer_append_text(buffer, is_whole ? ", the whole run of " : ", the last ");
	buffer_append_text(buffer, span);
	if (summary->terminal.has_colour)
		buffer_append_text(buffer, NORMAL);
	buffer_append_byte(buffer, '\n');
}

static bool has_enough(const struct text_sink *text)
{
	return text->sink.lines >= text->lines_max;
}

static void write_rows(struct summary_sink *summary, struct summary_row *row)
{
	size_t count = 0;
	const struct summary_group **groups =
		summary_sort(&summary->summary, !row->is_whole, &count);

	if (!groups)
		log_error("out of memory: a report is missing");
	for (size_t i = 0; i < count; i++) {
		row->group = groups[i];
		row->stats = row->is_whole ? &groups[i]->whole : &groups[i]->lately;
		row->is_other = summary_is_other(&summary->summary, groups[i]);
		drawing_draw(&summary->drawing, &row->stats->times, row->drawn);
		text_sink_row(&summary->text, row, row->time_ns);
	}
	free(groups);
}

static void report(struct summary_sink *summary, uint64_t time_ns, bool is_whole)
{
	uint64_t begin_ns = is_whole ? summary->start_ns : summary->next_ns - summary->interval_ns;
	struct summary_row row = {
		.grouping = summary->summary.grouping,
		.time_ns = time_ns,
		.span_ns = time_ns > begin_ns ? time_ns - begin_ns : 0,
		.is_whole = is_whole,
	};

	if (has_enough(&summary->text))
		return;
	if (summary->is_table && summary->interval_ns && summary->text.has_header)
		write_head(summary, time_ns, row.span_ns, is_whole);
	if (summary->is_table)
		text_sink_begin(&summary->text.sink);
	write_rows(summary, &row);
	summary->has_reported = true;
}

/* Tallies are read from the kernel this often, so that there is room for more. */
#define TALLY_INTERVAL_NS NSEC_PER_SEC

static void set_wake(struct summary_sink *summary)
{
	uint64_t tally_ns = summary->now_ns + TALLY_INTERVAL_NS;

	summary->text.sink.wake_ns = summary->next_ns;
	if (summary->summary.is_tallied && tally_ns < summary->next_ns)
		summary->text.sink.wake_ns = tally_ns;
}

/* If several intervals end at once, the first one reports everything. */
static void advance(struct summary_sink *summary, uint64_t now_ns)
{
	if (now_ns > summary->now_ns)
		summary->now_ns = now_ns;
	if (now_ns < summary->next_ns || !summary->interval_ns)
		return;
	report(summary, summary->next_ns, false);
	summary_turn(&summary->summary);
	summary->next_ns +=
		((now_ns - summary->next_ns) / summary->interval_ns + 1) * summary->interval_ns;
	set_wake(summary);
}

/* A table repeats its heading above each report. */
static void summary_begin(struct sink *sink)
{
	struct summary_sink *summary = (struct summary_sink *)sink;

	summary->start_ns = summary->now_ns = sink->origin->clock->start_ns;
	summary->next_ns = UINT64_MAX;
	if (summary->interval_ns && summary->interval_ns < UINT64_MAX - summary->start_ns)
		summary->next_ns = summary->start_ns + summary->interval_ns;
	set_wake(summary);
	if (!summary->is_table)
		text_sink_begin(sink);
}

static void summary_observe(struct sink *sink, const struct transition *transition, bool is_match)
{
	struct summary_sink *summary = (struct summary_sink *)sink;

	advance(summary, transition->time_ns);
	summary_take(&summary->summary, transition, is_match);
}

/* It is ahead of the transitions that follow it, so its time is not used. */
static void summary_snapshot(struct sink *sink, const struct transition *session, bool is_match)
{
	summary_take(&((struct summary_sink *)sink)->summary, session, is_match);
}

static void summary_tick(struct sink *sink, uint64_t now_ns)
{
	struct summary_sink *summary = (struct summary_sink *)sink;

	advance(summary, now_ns);
	set_wake(summary);
}

static void summary_tally(struct sink *sink, const struct tally *tally)
{
	summary_take_tally(&((struct summary_sink *)sink)->summary, tally);
}

/* Logs what is missing from the summary. */
static void complain(const struct summary *summary)
{
	if (summary->others)
		log_error("more than %d groups: %" PRIu64
			  " transitions of the rest are in one group, \"other\"; use fewer keys or "
			  "shorter prefixes in --by",
			  SUMMARY_GROUPS_MAX, summary->others);
	if (summary->unheard)
		log_error("out of memory: %" PRIu64 " transitions are missing from the summary",
			  summary->unheard);
	if (summary->presences.untracked)
		log_error("more than %zu sessions at a time: %" PRIu64 " are missing from NOW",
			  PRESENCES_MAX, summary->presences.untracked);
}

static void summary_end(struct sink *sink)
{
	struct summary_sink *summary = (struct summary_sink *)sink;

	summary_turn(&summary->summary);
	report(summary, summary->now_ns, true);
	complain(&summary->summary);
}

static int summary_close_sink(struct sink *sink)
{
	struct summary_sink *summary = (struct summary_sink *)sink;
	struct layout *layout = summary->layout;
	int err;

	summary_close(&summary->summary);
	err = text_sink_close(sink);
	free(layout);
	return err;
}

const struct sink_ops summary_sink = {
	.name = "summary",
	.fields = &summary_fields,
	.follows_sessions = true,
	.takes_tallies = true,
	.check = summary_check,
	.want = summary_want,
	.open = summary_open,
	.begin = summary_begin,
	.observe = summary_observe,
	.snapshot = summary_snapshot,
	.tally = summary_tally,
	.tick = summary_tick,
	.end = summary_end,
	.close = summary_close_sink,
};
