// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view --diagnose: what is wrong, when a rule first holds and as it grows, and at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "trace/state.h"
#include "view/diagnose_report.h"
#include "view/diagnose_row.h"

static const struct row_kind finding_row = {
	.fields = &diagnose_fields,
	.table = "severity,rule,text",
	.wide = "time,event,severity,rule,count,of,text,sample",
	.csv = "time,event,severity,rule,comm,uid,role,ip,raddr,port,count,of,at_least,first,last,"
	       "text,"
	       "hint,command,sample",
};

/* What is kept of a session, in session.view. */
struct notes {
	struct port_use port;
	bool has_fin;         /* its peer has closed: */
	uint64_t fin_ns;      /* monotonic: when */
	uint64_t fin_sent;    /* payload bytes sent before, */
	uint64_t fin_unacked; /* and not acknowledged */
};

/* ---- sessions -------------------------------------------------------------------------------- */

static struct group *judge(struct diagnose_sink *sink, const struct session *session,
			   enum session_status status)
{
	const struct notes *notes = session->view;
	struct session_row row;
	struct judged_session judged_session = {
		.row = &row,
		.has_fin = notes->has_fin,
		.fin_ns = notes->fin_ns,
		.sent_before = notes->fin_sent,
		.unacked = notes->fin_unacked,
	};

	if (!session->is_match)
		return NULL;
	session_row_fill(&row, session, status, sink->now_ns);
	if (session->cause == CAUSE_CLOSE && session->last.oldstate == STATE_SYN_SENT)
		judged_session.rival_ns = rivals_find(&sink->rivals, session);
	return diagnosis_take(&sink->diagnosis, &judged_session);
}

static void drop_port(struct diagnose_sink *sink, struct session *session)
{
	ports_drop(&sink->ports, &((struct notes *)session->view)->port, &session->last);
}

static void diagnose_lose(void *context, struct session *session)
{
	drop_port(context, session);
}

static void note_fin(struct session *session, const struct transition *t)
{
	struct notes *notes = session->view;

	if (notes->has_fin)
		return;
	notes->has_fin = true;
	notes->fin_ns = t->time_ns;
	notes->fin_sent = t->tx_bytes;
	notes->fin_unacked = t->tx_queue;
}

static void finish(struct diagnose_sink *sink, struct session *session)
{
	struct group *group = judge(sink, session, SESSION_ENDED);

	drop_port(sink, session);
	sessions_remove(&sink->sessions, session);
	if (group)
		diagnose_show_new(sink, group);
}

/* ---- the sink -------------------------------------------------------------------------------- */

static void diagnose_want(const struct options *options, struct wants *wants)
{
	wants->resets |= !selection_excludes_resets(&options->selection);
	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->listeners |= !selection_excludes_listeners(&options->selection);
	wants->rejected = wants->owners = wants->scan_at_end = wants->ports = true;
}

static int diagnose_check(const struct options *options)
{
	return rules_choose(options->rules) ? 0 : -1;
}

static struct sink *diagnose_open(const struct sink_setup *setup)
{
	const struct options *options = setup->options;
	struct diagnose_sink *sink = (struct diagnose_sink *)text_sink_open(
		&diagnose_sink, setup, &finding_row, sizeof(struct diagnose_sink));

	if (!sink)
		return NULL;
	sink->sessions = (struct sessions){
		.has_steps = true,
		.end_in_time_wait = true,
		.view_size = sizeof(struct notes),
		.lose = diagnose_lose,
		.context = sink,
	};
	sink->rules = rules_choose(options->rules);
	sink->ports_rule = rule_find(PORTS_RULE, strlen(PORTS_RULE));
	sink->scan_rule = rule_find(PORT_SCAN_RULE, strlen(PORT_SCAN_RULE));
	for (enum queue_rule rule = 0; rule < QUEUE_RULES; rule++)
		sink->queue_rules[rule] =
			rule_find(queue_rule_name(rule), strlen(queue_rule_name(rule)));
	sink->lacks_listeners =
		setup->origin->listeners_lack || selection_excludes_listeners(&options->selection);
	sink->has_hints = !options->csv && !options->json && !options->fields.count;
	return &sink->text.sink;
}

static void diagnose_tick(struct sink *sink, uint64_t now_ns)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;

	if (now_ns > view->now_ns)
		view->now_ns = now_ns;
}

/* NULL: the session is not followed. */
static struct port_use *port_of(struct session *session)
{
	return session ? &((struct notes *)session->view)->port : NULL;
}

static void diagnose_observe(struct sink *sink, const struct transition *t, bool is_match)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	struct session *session;
	struct port_pool *pool;

	diagnose_tick(sink, t->time_ns);
	session = sessions_take(&view->sessions, t, is_match);
	pool = ports_take_of(&view->ports, port_of(session), t, is_match);
	if (pool)
		diagnose_show_pool(view, pool);
	if (!session) {
		listener_gaps_take(&view->gaps, t);
		return;
	}
	if (t->oldstate == STATE_SYN_SENT && t->newstate == STATE_ESTABLISHED)
		rivals_note(&view->rivals, session);
	if (t->newstate == STATE_CLOSE_WAIT && !transition_is_snapshot(t))
		note_fin(session, t);
	if (session_has_ended(&view->sessions, session))
		finish(view, session);
}

static void diagnose_ports(struct sink *sink, const struct port_space *space)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	const struct port_home *home = ports_set_space(&view->ports, space);
	struct session *session = home ? view->sessions.oldest : NULL;

	for (; session; session = session->newer)
		port_use_recount(port_of(session), home);
}

static void diagnose_resets(struct sink *sink, const struct reset_count *count)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	struct port_scan *scan = port_scans_add(&view->scans, count);

	if (!scan)
		return;
	diagnose_tick(sink, count->last_ns);
	diagnose_show_scan(view, scan);
}

static void diagnose_listener(struct sink *sink, const struct listener *report)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	enum queue_rule rule;
	struct listener_history *history = accept_queue_take(&view->listeners, report, &rule);

	if (!history)
		return;
	diagnose_tick(sink, report->time_ns);
	diagnose_show_queue(view, history, rule);
}

static void diagnose_losses(struct sink *sink, const struct losses *losses, bool is_end)
{
	(void)is_end;
	((struct diagnose_sink *)sink)->has_losses |= losses->transitions > 0;
	((struct diagnose_sink *)sink)->has_lost_details |= losses->details > 0;
}

static void complain(const struct diagnose_sink *view)
{
	if (view->diagnosis.ungrouped || view->sessions.untracked)
		log_error("--diagnose: %" PRIu64
			  " sessions were not judged: more than %d groups; and "
			  "%" PRIu64 " transitions were ignored: more than %zu sessions at a time",
			  view->diagnosis.ungrouped, DIAGNOSIS_GROUPS_MAX, view->sessions.untracked,
			  SESSIONS_MAX);
	if (view->scans.missing && view->rules & RULE_BIT(view->scan_rule))
		log_error("--diagnose: " PORT_SCAN_RULE " did not judge %" PRIu64
			  " resets: more than %d peers, or out of memory",
			  view->scans.missing, PORT_SCANS_MAX);
	if (view->listeners.missing)
		log_error("--diagnose: %" PRIu64
			  " reports on listeners were not judged: more than %d listeners, or out "
			  "of memory",
			  view->listeners.missing, LISTENERS_SHOWN_MAX);
	if (view->rules & RULE_BIT(view->ports_rule) && view->ports.unpooled)
		log_error("--diagnose: " PORTS_RULE " did not judge %" PRIu64
			  " sessions: more than %d destinations",
			  view->ports.unpooled, PORT_POOLS_MAX);
}

static void diagnose_end(struct sink *sink)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;

	for (struct session *session = view->sessions.oldest; session; session = session->newer)
		judge(view, session, SESSION_OPEN);
	port_pools_turn(&view->ports.pools);
	diagnose_show_all(view);
	complain(view);
}

static bool diagnose_has_found(const struct sink *sink)
{
	return ((const struct diagnose_sink *)sink)->has_errors;
}

static int diagnose_sink_close(struct sink *sink)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;

	sessions_close(&view->sessions);
	diagnosis_close(&view->diagnosis);
	ports_close(&view->ports);
	port_scans_close(&view->scans);
	listeners_close(&view->listeners);
	rivals_close(&view->rivals);
	listener_gaps_close(&view->gaps);
	return text_sink_close(sink);
}

const struct sink_ops diagnose_sink = {
	.name = "diagnose",
	.fields = &diagnose_fields,
	.follows_sessions = true,
	.check = diagnose_check,
	.want = diagnose_want,
	.open = diagnose_open,
	.begin = text_sink_begin,
	.observe = diagnose_observe,
	.snapshot = diagnose_observe,
	.ports = diagnose_ports,
	.resets = diagnose_resets,
	.listener = diagnose_listener,
	.tick = diagnose_tick,
	.losses = diagnose_losses,
	.end = diagnose_end,
	.has_found = diagnose_has_found,
	.close = diagnose_sink_close,
};
