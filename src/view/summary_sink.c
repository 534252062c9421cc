// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A summary: a report at the end, and one per interval if requested. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/terminal.h"
#include "sink/text_sink.h"
#include "view/drawing.h"
#include "view/group_layout.h"
#include "view/reports.h"
#include "view/summary.h"
#include "view/summary_row.h"

/* The columns depend on the keys, and the histogram on the terminal. */
struct layout {
	struct group_layout group;
	char axis[DRAWING_SIZE_MAX];
};

struct summary_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct summary summary;
	struct reports reports;
	struct layout *layout;
	struct drawing drawing;
	struct terminal terminal;
};

/* ---- layout ---------------------------------------------------------------------------------- */

static void summary_want(const struct options *options, struct wants *wants)
{
	wants->details = wants->minisocks = wants->snapshots = true;
	wants->rejected = true;
	wants->grouping = &options->grouping;
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
	group_layout_init(&layout->group, options, &summary_fields,
			  grouping_has_now(&options->grouping) ? TABLE_COLUMNS("now,")
							       : TABLE_COLUMNS(""),
			  options->interval_ns ? CSV_COLUMNS ",span,report" : CSV_COLUMNS);
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
	for (int i = 0; i < summary->layout->group.table.count; i++)
		if (is_histogram(&summary->layout->group.fields[i]))
			summary->layout->group.fields[i].heading = summary->layout->axis;
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
	summary = (struct summary_sink *)text_sink_open(&summary_sink, setup, &layout->group.kind,
							sizeof(*summary));
	if (!summary) {
		free(layout);
		return NULL;
	}
	summary->layout = layout;
	summary_init(&summary->summary, &options->grouping, setup->origin->cgroups);
	reports_open(&summary->reports, &summary->text, options->interval_ns);
	summary->summary.is_tallied = setup->origin->has_tallies;
	summary->summary.has_syn_sent = options->selection.lports.is_given ||
					grouping_has(&options->grouping, GROUP_BY_LPORT);
	summary->terminal = terminal_of(summary->text.output.fd);
	summary->drawing =
		(struct drawing){.width = DRAWING_WIDTH_MIN, .is_utf8 = summary->terminal.is_utf8};
	if (summary->reports.is_table)
		lay_out_histogram(summary, options->fields.count);
	return &summary->text.sink;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void write_rows(struct summary_sink *summary, struct summary_row *row)
{
	const struct summary *model = &summary->summary;
	bool is_whole = row->group.report.is_whole;
	size_t count = 0;
	const struct keyed_group **sorted = summary_sort(model, !is_whole, &count);

	if (!sorted)
		log_error("out of memory: a report is missing");
	for (size_t i = 0; i < count; i++) {
		const struct summary_group *group = (const struct summary_group *)sorted[i];

		row->group.key = &sorted[i]->key;
		row->group.is_other = sorted[i] == model->table.other;
		row->stats = is_whole ? &group->whole : &group->lately;
		row->now = group->now;
		drawing_draw(&summary->drawing, &row->stats->times, row->drawn);
		text_sink_row(&summary->text, row, row->group.report.time_ns);
	}
	free(sorted);
}

static void report(struct summary_sink *summary, bool is_whole)
{
	struct summary_row row = {
		.group = {.grouping = summary->summary.grouping,
			  .report = reports_period(&summary->reports, is_whole)},
	};

	if (reports_write_head(&summary->reports, &row.group.report))
		write_rows(summary, &row);
}

/* Tallies are read from the kernel this often, so that there is room for more. */
#define TALLY_INTERVAL_NS NSEC_PER_SEC

static void set_wake(struct summary_sink *summary)
{
	uint64_t tally_ns = summary->reports.now_ns + TALLY_INTERVAL_NS;

	summary->text.sink.wake_ns = summary->reports.next_ns;
	if (summary->summary.is_tallied && tally_ns < summary->reports.next_ns)
		summary->text.sink.wake_ns = tally_ns;
}

static void advance(struct summary_sink *summary, uint64_t now_ns)
{
	if (!reports_are_due(&summary->reports, now_ns))
		return;
	report(summary, false);
	summary_turn(&summary->summary);
	reports_go_on(&summary->reports);
	set_wake(summary);
}

static void summary_begin(struct sink *sink)
{
	struct summary_sink *summary = (struct summary_sink *)sink;

	reports_begin(&summary->reports);
	set_wake(summary);
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
	report(summary, true);
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
	.check = group_layout_check,
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
