// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The view --listeners: listeners and their accept queues, at the end, and at the end of each
 * interval if requested. Only ticks end an interval: before one, a scan reports all listeners.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "view/listeners.h"
#include "view/listeners_row.h"
#include "view/reports.h"

static const struct row_kind listeners_row = {
	.fields = &listeners_fields,
	.table = "laddr,lport,pid,comm,queue,peak,limit,full,drops,accepts,p50,p99,max,since,ended",
	.wide = "netns,laddr,lport,pid,comm,uid,queue,peak,limit,full,drops,syn_cookies,accepts,"
		"p50,"
		"p99,max,since,ended,cgroup",
	.csv = "time,span,report,pid,comm,uid,netns,ip,laddr,lport,queue,peak,limit,overflows,"
	       "overflows_about,drops,syn_cookies,accepted,accepted_about,delays,p50_ms,p99_ms,"
	       "max_ms,since,ended,cookie,cgroup",
};

struct listeners_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct listeners listeners;
	struct reports reports;
	bool has_losses;
};

static int listeners_check(const struct options *options)
{
	const char *option = selection_excludes_listeners(&options->selection);

	if (!option)
		return 0;
	log_error("%s and --listeners cannot be combined: a listener has neither peer, state nor "
		  "cause; select by owner, local port, address, namespace or cgroup",
		  option);
	return -1;
}

static void listeners_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->details = wants->listeners = wants->listener_scans = true;
}

static struct sink *listeners_open(const struct sink_setup *setup)
{
	struct listeners_sink *view;

	if (setup->origin->listeners_lack) {
		log_error("--listeners: no listeners to show: %s", setup->origin->listeners_lack);
		return NULL;
	}
	view = (struct listeners_sink *)text_sink_open(&listeners_sink, setup, &listeners_row,
						       sizeof(*view));
	if (!view)
		return NULL;
	reports_open(&view->reports, &view->text, setup->options->interval_ns);
	return &view->text.sink;
}

/* An interval without a report on any listener is not shown. */
static void report(struct listeners_sink *view, bool is_whole)
{
	struct listener_row row = {.report = reports_period(&view->reports, is_whole)};
	size_t count;
	const struct listener_history **sorted = listeners_sort(&view->listeners, is_whole, &count);

	if (count && !sorted)
		log_error("out of memory: a report is missing");
	if (!count && !is_whole) {
		free(sorted);
		return;
	}
	if (!reports_write_head(&view->reports, &row.report))
		count = 0;
	for (size_t i = 0; sorted && i < count; i++) {
		row.history = sorted[i];
		row.span = is_whole ? &sorted[i]->whole : &sorted[i]->lately;
		text_sink_row(&view->text, &row, row.report.time_ns);
	}
	free(sorted);
}

static void listeners_begin(struct sink *sink)
{
	reports_begin(&((struct listeners_sink *)sink)->reports);
}

/* Transitions are not shown. */
static void listeners_ignore(struct sink *sink, const struct transition *transition)
{
	(void)sink, (void)transition;
}

static void listeners_listener(struct sink *sink, const struct listener *report)
{
	listeners_take(&((struct listeners_sink *)sink)->listeners, report);
}

static void listeners_tick(struct sink *sink, uint64_t now_ns)
{
	struct listeners_sink *view = (struct listeners_sink *)sink;

	if (!reports_are_due(&view->reports, now_ns))
		return;
	report(view, false);
	listeners_turn(&view->listeners);
	reports_go_on(&view->reports);
}

static void listeners_losses(struct sink *sink, const struct losses *losses, bool is_end)
{
	(void)is_end;
	((struct listeners_sink *)sink)->has_losses |= losses->details > 0;
}

static void listeners_end(struct sink *sink)
{
	struct listeners_sink *view = (struct listeners_sink *)sink;

	report(view, true);
	if (view->has_losses)
		log_error("--listeners: details were lost: accepted connections and their delays, "
			  "or listeners, may be missing");
	if (view->listeners.missing)
		log_error("more than %d listeners, or out of memory: %" PRIu64
			  " reports on them are missing",
			  LISTENERS_SHOWN_MAX, view->listeners.missing);
}

static int listeners_sink_close(struct sink *sink)
{
	listeners_close(&((struct listeners_sink *)sink)->listeners);
	return text_sink_close(sink);
}

const struct sink_ops listeners_sink = {
	.name = "listeners",
	.fields = &listeners_fields,
	.check = listeners_check,
	.want = listeners_want,
	.open = listeners_open,
	.begin = listeners_begin,
	.transition = listeners_ignore,
	.listener = listeners_listener,
	.tick = listeners_tick,
	.losses = listeners_losses,
	.end = listeners_end,
	.close = listeners_sink_close,
};
