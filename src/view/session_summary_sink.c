// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The view --sessions --summary: statistics of the sessions that --sessions shows, by group; at the
 * end, and once per interval if requested.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "view/group_layout.h"
#include "view/reports.h"
#include "view/session_summary.h"
#include "view/session_summary_row.h"

#define TABLE_COLUMNS                                                                         \
	"sessions,rate,open,failed,failed_for,handshake_p50,handshake_p99,life_p50,life_p99," \
	"tx_bytes,rx_bytes,retrans_percent,closed_local,closed_peer,closed_none"
#define CSV_COLUMNS                                                                            \
	"sessions,rate,open,lost,failed,failed_cause,failed_cause_count,handshake_timed,"      \
	"handshake_p50_ms,handshake_p99_ms,handshake_max_ms,life_timed,life_p50_ms,"           \
	"life_p99_ms,life_max_ms,measured,tx_bytes,rx_bytes,retrans,segs_out,retrans_percent," \
	"closed_local,closed_peer,closed_none"

struct session_summary_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct sessions sessions;
	struct session_summary summary;
	struct reports reports;
	struct group_layout *layout;
};

static int session_summary_check(const struct options *options)
{
	if (sessions_sink.check(options))
		return -1;
	return group_layout_check(options);
}

static void session_summary_want(const struct options *options, struct wants *wants)
{
	sessions_sink.want(options, wants);
}

static void count(struct session_summary_sink *view, const struct session *session,
		  enum session_status status)
{
	struct session_row row;

	if (!session->is_match)
		return;
	session_row_fill(&row, session, status, session->last.time_ns);
	session_summary_take(&view->summary, &row);
}

static void session_summary_lose(void *context, struct session *session)
{
	count(context, session, SESSION_LOST);
}

static struct sink *session_summary_open(const struct sink_setup *setup)
{
	const struct options *options = setup->options;
	struct group_layout *layout = malloc(sizeof(*layout));
	struct session_summary_sink *view;

	if (!layout) {
		log_error("out of memory");
		return NULL;
	}
	group_layout_init(layout, options, &session_summary_fields, TABLE_COLUMNS,
			  options->interval_ns ? CSV_COLUMNS ",span,report" : CSV_COLUMNS);
	view = (struct session_summary_sink *)text_sink_open(&session_summary_sink, setup,
							     &layout->kind, sizeof(*view));
	if (!view) {
		free(layout);
		return NULL;
	}
	view->layout = layout;
	view->sessions = (struct sessions){.has_steps = true,
					   .end_in_time_wait = !options->minisocks,
					   .lose = session_summary_lose,
					   .context = view};
	session_summary_init(&view->summary, &options->grouping, setup->origin->cgroups);
	reports_open(&view->reports, &view->text, options->interval_ns);
	return &view->text.sink;
}

static void write_rows(struct session_summary_sink *view, struct session_summary_row *row)
{
	bool is_whole = row->group.report.is_whole;
	size_t groups = 0;
	const struct keyed_group **sorted =
		session_summary_sort(&view->summary, !is_whole, &groups);

	if (!sorted)
		log_error("out of memory: a report is missing");
	for (size_t i = 0; i < groups; i++) {
		const struct session_group *group = (const struct session_group *)sorted[i];

		row->group.key = &sorted[i]->key;
		row->group.is_other = sorted[i] == view->summary.table.other;
		row->stats = is_whole ? &group->whole : &group->lately;
		row->open = group->open;
		text_sink_row(&view->text, row, row->group.report.time_ns);
	}
	free(sorted);
}

static void report(struct session_summary_sink *view, bool is_whole)
{
	struct session_summary_row row = {
		.group = {.grouping = view->summary.grouping,
			  .report = reports_period(&view->reports, is_whole)},
	};

	if (!reports_write_head(&view->reports, &row.group.report))
		return;
	session_summary_count_open(&view->summary, &view->sessions);
	write_rows(view, &row);
}

static void session_summary_begin(struct sink *sink)
{
	reports_begin(&((struct session_summary_sink *)sink)->reports);
}

static void session_summary_tick(struct sink *sink, uint64_t now_ns)
{
	struct session_summary_sink *view = (struct session_summary_sink *)sink;

	if (!reports_are_due(&view->reports, now_ns))
		return;
	report(view, false);
	session_summary_turn(&view->summary);
	reports_go_on(&view->reports);
}

/* It is ahead of the transitions that follow it, so its time is not used. */
static void session_summary_snapshot(struct sink *sink, const struct transition *transition,
				     bool is_match)
{
	struct session_summary_sink *view = (struct session_summary_sink *)sink;
	struct session *session = sessions_take(&view->sessions, transition, is_match);

	if (!session || !session_has_ended(&view->sessions, session))
		return;
	count(view, session, SESSION_ENDED);
	sessions_remove(&view->sessions, session);
}

static void session_summary_observe(struct sink *sink, const struct transition *transition,
				    bool is_match)
{
	session_summary_tick(sink, transition->time_ns);
	session_summary_snapshot(sink, transition, is_match);
}

/* Logs what is missing from the summary. */
static void complain(const struct session_summary_sink *view)
{
	uint64_t others = session_summary_others(&view->summary);

	if (others)
		log_error("more than %d groups: %" PRIu64
			  " sessions of the rest are in one group, \"other\"; use fewer keys or "
			  "shorter prefixes in --by",
			  SESSION_GROUPS_MAX, others);
	if (view->summary.unheard)
		log_error("out of memory: %" PRIu64 " sessions are missing from the summary",
			  view->summary.unheard);
	if (view->sessions.untracked)
		log_error("--sessions: ignored %" PRIu64
			  " transitions of sessions that are not counted: out of memory, or more "
			  "than %zu sessions at a time",
			  view->sessions.untracked, SESSIONS_MAX);
}

static void session_summary_end(struct sink *sink)
{
	struct session_summary_sink *view = (struct session_summary_sink *)sink;

	session_summary_turn(&view->summary);
	report(view, true);
	complain(view);
}

static int session_summary_close_sink(struct sink *sink)
{
	struct session_summary_sink *view = (struct session_summary_sink *)sink;
	struct group_layout *layout = view->layout;
	int err;

	sessions_close(&view->sessions);
	session_summary_close(&view->summary);
	err = text_sink_close(sink);
	free(layout);
	return err;
}

const struct sink_ops session_summary_sink = {
	.name = OPTIONS_SESSION_SUMMARY,
	.fields = &session_summary_fields,
	.follows_sessions = true,
	.check = session_summary_check,
	.want = session_summary_want,
	.open = session_summary_open,
	.begin = session_summary_begin,
	.observe = session_summary_observe,
	.snapshot = session_summary_snapshot,
	.tick = session_summary_tick,
	.end = session_summary_end,
	.close = session_summary_close_sink,
};
