// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view --ports: local ports in use, by destination; at the end, and for each interval. */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "view/ports.h"
#include "view/ports_row.h"
#include "view/reports.h"

static const struct row_kind ports_row = {
	.fields = &ports_fields,
	.table = "laddr,raddr,rport,in_use,of,share,live,time_wait,opened_s,failed,full_in,makers",
	.wide = "netns,laddr,raddr,rport,in_use,of,share,live,time_wait,reusable,reserved,opened,"
		"opened_s,failed,full_in,makers",
	.csv = "netns,ip,laddr,raddr,rport,in_use,of,share,live,time_wait,reusable,reserved,opened,"
	       "opened_s,failed,full_in_s,makers,span,report",
};

struct ports_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct ports ports;
	struct reports reports;
};

static int ports_check(const struct options *options)
{
	if (!options->selection.lports.is_given)
		return 0;
	log_error("--localport and --ports cannot be combined: --ports counts all local ports of a "
		  "destination; select by --local, --remote or --remoteport");
	return -1;
}

static void ports_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->rejected = wants->ports = true;
}

static struct sink *ports_open(const struct sink_setup *setup)
{
	struct ports_sink *view = (struct ports_sink *)text_sink_open(
		&ports_sink, setup, &ports_row, sizeof(struct ports_sink));

	if (!view)
		return NULL;
	reports_open(&view->reports, &view->text, setup->options->interval_ns);
	if (setup->origin->ports_lack)
		log_error("--ports: how many local ports there are is not known: %s",
			  setup->origin->ports_lack);
	return &view->text.sink;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void write_rows(struct ports_sink *view, struct ports_row *row)
{
	size_t count;
	struct port_pool **pools =
		port_pools_sort(&view->ports.pools, row->report.is_whole, &count);

	if (!pools && count)
		log_error("out of memory: a report is missing");
	for (size_t i = 0; pools && i < count; i++) {
		row->pool = pools[i];
		row->stats = row->report.is_whole ? &pools[i]->whole : &pools[i]->lately;
		ports_row_name_makers(row);
		text_sink_row(&view->text, row, row->report.time_ns);
	}
	free(pools);
}

static void report(struct ports_sink *view, bool is_whole)
{
	struct ports_row row = {.report = reports_period(&view->reports, is_whole)};

	if (reports_write_head(&view->reports, &row.report))
		write_rows(view, &row);
}

static void advance(struct ports_sink *view, uint64_t now_ns)
{
	if (!reports_are_due(&view->reports, now_ns))
		return;
	report(view, false);
	port_pools_turn(&view->ports.pools);
	reports_go_on(&view->reports);
	view->text.sink.wake_ns = view->reports.next_ns;
}

/* ---- the sink -------------------------------------------------------------------------------- */

static void ports_begin(struct sink *sink)
{
	struct ports_sink *view = (struct ports_sink *)sink;

	reports_begin(&view->reports);
	sink->wake_ns = view->reports.next_ns;
}

static void ports_observe(struct sink *sink, const struct transition *t, bool is_match)
{
	struct ports_sink *view = (struct ports_sink *)sink;

	advance(view, t->time_ns);
	ports_take(&view->ports, t, is_match);
}

/* It is ahead of the transitions that follow it, so its time is not used. */
static void ports_snapshot(struct sink *sink, const struct transition *session, bool is_match)
{
	ports_take(&((struct ports_sink *)sink)->ports, session, is_match);
}

static void ports_take_space(struct sink *sink, const struct port_space *space)
{
	ports_set_space(&((struct ports_sink *)sink)->ports, space);
}

static void ports_tick(struct sink *sink, uint64_t now_ns)
{
	advance((struct ports_sink *)sink, now_ns);
}

static void complain(const struct ports *ports)
{
	if (ports->unpooled)
		log_error("more than %d destinations: %" PRIu64
			  " sessions with the rest are not counted; select some by --remote or "
			  "--remoteport",
			  PORT_POOLS_MAX, ports->unpooled);
	if (ports->presences.untracked)
		log_error("more than %zu sessions at a time: %" PRIu64 " are not counted",
			  PRESENCES_MAX, ports->presences.untracked);
}

static void ports_end(struct sink *sink)
{
	struct ports_sink *view = (struct ports_sink *)sink;

	port_pools_turn(&view->ports.pools);
	report(view, true);
	complain(&view->ports);
}

static int ports_close_sink(struct sink *sink)
{
	ports_close(&((struct ports_sink *)sink)->ports);
	return text_sink_close(sink);
}

const struct sink_ops ports_sink = {
	.name = "ports",
	.fields = &ports_fields,
	.follows_sessions = true,
	.check = ports_check,
	.want = ports_want,
	.open = ports_open,
	.begin = ports_begin,
	.observe = ports_observe,
	.snapshot = ports_snapshot,
	.ports = ports_take_space,
	.tick = ports_tick,
	.end = ports_end,
	.close = ports_close_sink,
};
