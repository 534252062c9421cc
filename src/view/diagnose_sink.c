// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view --diagnose: what is wrong, when a rule first holds and as it grows, and at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "trace/state.h"
#include "view/diagnose_row.h"
#include "view/port_pressure.h"
#include "view/ports.h"

static const struct row_kind finding_row = {
	.fields = &diagnose_fields,
	.table = "severity,rule,text",
	.wide = "time,event,severity,rule,count,of,text,sample",
	.csv = "time,event,severity,rule,comm,uid,role,ip,raddr,port,count,of,at_least,first,last,"
	       "text,"
	       "hint,command,sample",
};

/* What is kept of a session whose peer has closed; in session.view. */
struct peer_fin {
	uint64_t time_ns;
	uint64_t sent;
};

#define PORTS_RULE "port-pressure"

/* Of the two lines below a row. */
#define HINT_SIZE_MAX 256

struct diagnose_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct sessions sessions;
	struct diagnosis diagnosis;
	struct ports ports;
	int ports_rule; /* number of the rule about local ports */
	uint32_t rules; /* bits of those that were asked for */
	bool has_hints; /* lines for people: hint and command below the row */
	bool has_losses;
	bool has_errors; /* a finding is one */
	uint64_t now_ns; /* newest time of transitions and ticks */
};

/* ---- rows ------------------------------------------------------------------------------------ */

static void say_hint(struct diagnose_sink *sink, const struct finding_row *row)
{
	char text[HINT_SIZE_MAX + FINDING_COMMAND_SIZE];
	int size;

	if (!sink->has_hints)
		return;
	size = snprintf(text, sizeof(text), "         hint: %s\n         see:  %s\n",
			row->rule->hint, row->command);
	buffer_append(&sink->text.output.buffer, text, (size_t)size);
}

static void print(struct diagnose_sink *sink, const struct finding_row *row)
{
	uint64_t lines = sink->text.sink.lines;

	sink->has_errors |= row->severity == SEVERITY_ERROR;
	text_sink_row(&sink->text, row, sink->now_ns);
	if (sink->text.sink.lines > lines)
		say_hint(sink, row);
}

static void show(struct diagnose_sink *sink, const struct rule *rule, const struct group *group,
		 struct cases *cases, enum finding_event event)
{
	struct finding_row row = {
		.rule = rule,
		.group = group,
		.cases = cases,
		.time_ns = sink->now_ns,
		.event = event,
		.severity = rule->severity,
		.is_least = event == FINDING_TOTAL && sink->has_losses,
	};

	finding_say(&row);
	print(sink, &row);
	cases->reported = cases->count;
}

static void show_pool(struct diagnose_sink *sink, const struct port_pool *pool,
		      enum finding_event event)
{
	struct finding_row row = {
		.rule = rule_at(sink->ports_rule), .time_ns = sink->now_ns, .event = event};
	struct port_pressure as;

	port_pressure_say(&row, &as, pool);
	print(sink, &row);
}

/* An older recording does not have what a rule judges by. */
static bool is_lacking(const struct diagnose_sink *sink, int number)
{
	return number == sink->ports_rule && sink->text.sink.origin->ports_lack;
}

/* A rule that needs to have seen all is not judged when some was lost. */
static bool may_judge(const struct diagnose_sink *sink, int number)
{
	return sink->rules & 1u << number && !is_lacking(sink, number) &&
	       !(sink->has_losses && rule_at(number)->needs_all);
}

/* A finding begins or grows with a session that is a case. */
static void show_new(struct diagnose_sink *sink, struct group *group)
{
	for (uint32_t rules = group->latest; rules; rules &= rules - 1) {
		int number = __builtin_ctz(rules);
		const struct rule *rule = rule_at(number);
		struct cases *cases = group->cases[number];

		if (!cases || cases->count < 2 * cases->reported || !may_judge(sink, number) ||
		    !rule_holds(rule, group, cases))
			continue;
		show(sink, rule, group, cases, cases->reported ? FINDING_GREW : FINDING_FOUND);
	}
}

/* The first time that it is pressing, and when it becomes worse. */
static void show_new_pressure(struct diagnose_sink *sink, struct port_pool *pool)
{
	unsigned int level = SEVERITY_OK - port_pressure_of(pool);

	if (level <= pool->told || !may_judge(sink, sink->ports_rule))
		return;
	show_pool(sink, pool, pool->told ? FINDING_GREW : FINDING_FOUND);
	pool->told = level;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static struct group *judge(struct diagnose_sink *sink, const struct session *session,
			   enum session_status status)
{
	const struct peer_fin *fin = session->view;
	struct session_row row;
	struct judged_session judged_session = {.row = &row};

	if (!session->is_match)
		return NULL;
	session_row_fill(&row, session, status, sink->now_ns);
	if (fin) {
		judged_session.has_fin = true;
		judged_session.fin_ns = fin->time_ns;
		judged_session.sent_before = fin->sent;
	}
	return diagnosis_take(&sink->diagnosis, &judged_session);
}

static void forget(struct session *session)
{
	free(session->view);
	session->view = NULL;
}

static void diagnose_lose(void *context, struct session *session)
{
	(void)context;
	forget(session);
}

/* Without memory, the rules that ask for it find nothing. */
static void note_fin(struct session *session, const struct transition *t)
{
	struct peer_fin *fin = session->view ? NULL : malloc(sizeof(*fin));

	if (!fin)
		return;
	*fin = (struct peer_fin){.time_ns = t->time_ns, .sent = t->tx_bytes};
	session->view = fin;
}

static void finish(struct diagnose_sink *sink, struct session *session)
{
	struct group *group = judge(sink, session, SESSION_ENDED);

	forget(session);
	sessions_remove(&sink->sessions, session);
	if (group)
		show_new(sink, group);
}

/* ---- the sink -------------------------------------------------------------------------------- */

static void diagnose_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
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
		.has_steps = true, .end_in_time_wait = true, .lose = diagnose_lose};
	sink->rules = rules_choose(options->rules);
	sink->ports_rule = rule_find(PORTS_RULE, strlen(PORTS_RULE));
	sink->has_hints = !options->csv && !options->json && !options->fields.count;
	return &sink->text.sink;
}

static void diagnose_tick(struct sink *sink, uint64_t now_ns)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;

	if (now_ns > view->now_ns)
		view->now_ns = now_ns;
}

static void diagnose_observe(struct sink *sink, const struct transition *t, bool is_match)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	struct session *session;
	struct port_pool *pool;

	diagnose_tick(sink, t->time_ns);
	pool = ports_take(&view->ports, t, is_match);
	if (pool)
		show_new_pressure(view, pool);
	session = sessions_take(&view->sessions, t, is_match);
	if (!session)
		return;
	if (t->newstate == STATE_CLOSE_WAIT && !transition_is_snapshot(t))
		note_fin(session, t);
	if (session_has_ended(&view->sessions, session))
		finish(view, session);
}

static void diagnose_ports(struct sink *sink, const struct port_space *space)
{
	ports_set_space(&((struct diagnose_sink *)sink)->ports, space);
}

static void diagnose_losses(struct sink *sink, const struct losses *losses, bool is_end)
{
	(void)is_end;
	((struct diagnose_sink *)sink)->has_losses |= losses->transitions > 0;
}

/* The findings of a severity, the oldest group first. */
static unsigned int show_total(struct diagnose_sink *sink, int number)
{
	const struct rule *rule = rule_at(number);
	unsigned int findings = 0;

	for (struct group *group = sink->diagnosis.newest; group; group = group->older) {
		struct cases *cases = group->cases[number];

		if (!rule_holds(rule, group, cases))
			continue;
		show(sink, rule, group, cases, FINDING_TOTAL);
		findings++;
	}
	return findings;
}

static unsigned int show_pools(struct diagnose_sink *sink, enum severity severity)
{
	size_t count;
	struct port_pool **pools = port_pools_sort(&sink->ports.pools, true, &count);
	unsigned int findings = 0;

	for (size_t i = 0; pools && i < count; i++) {
		if (port_pressure_of(pools[i]) != severity)
			continue;
		show_pool(sink, pools[i], FINDING_TOTAL);
		findings++;
	}
	free(pools);
	return findings;
}

static void show_none(struct diagnose_sink *sink, uint32_t found)
{
	const char *lost = "; not judged, as transitions were lost: ";
	struct finding_row row = {
		.event = FINDING_NONE, .severity = SEVERITY_OK, .time_ns = sink->now_ns};
	char unjudged[RULES_MAX * RULE_NAME_SIZE] = "";
	size_t length = 0;
	unsigned int silent = 0;
	const struct rule *rule;

	for (int i = 0; (rule = rule_at(i)); i++) {
		if (!(sink->rules & 1u << i) || found & 1u << i)
			continue;
		silent += may_judge(sink, i);
		if (may_judge(sink, i) || is_lacking(sink, i))
			continue;
		length += snprintf(unjudged + length, sizeof(unjudged) - length, "%s%s",
				   length ? ", " : lost, rule->name);
	}
	snprintf(row.text, sizeof(row.text), "%u rules found nothing%s%s", silent, unjudged,
		 sink->rules & 1u << sink->ports_rule && is_lacking(sink, sink->ports_rule)
			 ? "; not judged, as the recording has no local ports: " PORTS_RULE
			 : "");
	text_sink_row(&sink->text, &row, sink->now_ns);
}

/* Those of a severity. Returns the rules that found something. */
static uint32_t show_totals(struct diagnose_sink *sink, enum severity severity)
{
	const struct rule *rule;
	uint32_t found = 0;

	for (int i = 0; (rule = rule_at(i)); i++) {
		unsigned int findings = 0;

		if (!may_judge(sink, i))
			continue;
		if (i == sink->ports_rule)
			findings = show_pools(sink, severity);
		else if (rule->severity == severity)
			findings = show_total(sink, i);
		found |= (uint32_t)(findings > 0) << i;
	}
	return found;
}

static void complain(const struct diagnose_sink *view)
{
	if (view->diagnosis.ungrouped || view->sessions.untracked)
		log_error("--diagnose: %" PRIu64
			  " sessions were not judged: more than %d groups; and "
			  "%" PRIu64 " transitions were ignored: more than %zu sessions at a time",
			  view->diagnosis.ungrouped, DIAGNOSIS_GROUPS_MAX, view->sessions.untracked,
			  SESSIONS_MAX);
	if (view->rules & 1u << view->ports_rule && view->ports.unpooled)
		log_error("--diagnose: " PORTS_RULE " did not judge %" PRIu64
			  " sessions: more than %d destinations",
			  view->ports.unpooled, PORT_POOLS_MAX);
}

static void diagnose_end(struct sink *sink)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	uint32_t found = 0;

	for (struct session *session = view->sessions.oldest; session; session = session->newer)
		judge(view, session, SESSION_OPEN);
	port_pools_turn(&view->ports.pools);
	for (enum severity severity = 0; severity < SEVERITY_OK; severity++)
		found |= show_totals(view, severity);
	show_none(view, found);
	complain(view);
}

static bool diagnose_has_found(const struct sink *sink)
{
	return ((const struct diagnose_sink *)sink)->has_errors;
}

static int diagnose_sink_close(struct sink *sink)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;

	for (struct session *session = view->sessions.oldest; session; session = session->newer)
		forget(session);
	sessions_close(&view->sessions);
	diagnosis_close(&view->diagnosis);
	ports_close(&view->ports);
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
	.tick = diagnose_tick,
	.losses = diagnose_losses,
	.end = diagnose_end,
	.has_found = diagnose_has_found,
	.close = diagnose_sink_close,
};
