// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view --diagnose: what is wrong, when a rule first holds and as it grows, and at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/text.h"
#include "sink/text_sink.h"
#include "trace/state.h"
#include "view/diagnose_row.h"

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

/* Of the two lines below a row. */
#define HINT_SIZE_MAX 256

struct diagnose_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct sessions sessions;
	struct diagnosis diagnosis;
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

static void show(struct diagnose_sink *sink, const struct rule *rule, const struct group *group,
		 struct cases *cases, enum finding_event event)
{
	struct finding_row row = {
		.rule = rule,
		.group = group,
		.cases = cases,
		.time_ns = sink->now_ns,
		.event = event,
		.is_least = event == FINDING_TOTAL && sink->has_losses,
	};
	uint64_t lines = sink->text.sink.lines;

	sink->has_errors |= rule->severity == SEVERITY_ERROR;
	finding_say(&row);
	text_sink_row(&sink->text, &row, sink->now_ns);
	if (sink->text.sink.lines > lines)
		say_hint(sink, &row);
	cases->reported = cases->count;
}

/* A rule that needs to have seen all is not judged when some was lost. */
static bool may_judge(const struct diagnose_sink *sink, int number)
{
	return sink->rules & 1u << number && !(sink->has_losses && rule_at(number)->needs_all);
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
	wants->rejected = wants->owners = wants->scan_at_end = true;
}

static void complain_rule(const char *name, size_t size)
{
	char all[RULES_MAX * 24], plain[TEXT_GROWTH * 64 + TEXT_EXTRA];
	size_t length = 0, chars = SIZE_MAX;
	const struct rule *rule;

	for (int i = 0; (rule = rule_at(i)); i++)
		length += snprintf(all + length, sizeof(all) - length, "%s%s", i ? ", " : "",
				   rule->name);
	*text_write_plain(plain, name, size < 64 ? size : 64, &chars) = '\0';
	log_error("--diagnose: \"%s\" is no rule; these are: %s", plain, all);
}

/* The rules of --diagnose=RULES; 0 after a report. */
static uint32_t chosen(const char *names)
{
	uint32_t rules = 0;

	if (!names)
		return ~0u;
	while (*names) {
		size_t size = strcspn(names, ",");
		int number = rule_find(names, size);

		if (number < 0) {
			complain_rule(names, size);
			return 0;
		}
		rules |= 1u << number;
		names += size + (names[size] == ',');
	}
	return rules;
}

static int diagnose_check(const struct options *options)
{
	return chosen(options->rules) ? 0 : -1;
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
	sink->rules = chosen(options->rules);
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

	diagnose_tick(sink, t->time_ns);
	session = sessions_take(&view->sessions, t, is_match);
	if (!session)
		return;
	if (t->newstate == STATE_CLOSE_WAIT && !transition_is_snapshot(t))
		note_fin(session, t);
	if (session_has_ended(&view->sessions, session))
		finish(view, session);
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

static void show_none(struct diagnose_sink *sink, unsigned int silent, uint32_t unjudged)
{
	struct finding_row row = {.event = FINDING_NONE, .time_ns = sink->now_ns};
	size_t length = snprintf(row.text, sizeof(row.text), "%u rules found nothing", silent);
	const char *before = "; not judged, as transitions were lost: ";
	const struct rule *rule;

	for (int i = 0; (rule = rule_at(i)); i++) {
		if (!(unjudged & 1u << i) || length >= sizeof(row.text))
			continue;
		length += snprintf(row.text + length, sizeof(row.text) - length, "%s%s", before,
				   rule->name);
		before = ", ";
	}
	text_sink_row(&sink->text, &row, sink->now_ns);
}

static void diagnose_end(struct sink *sink)
{
	struct diagnose_sink *view = (struct diagnose_sink *)sink;
	unsigned int silent = 0;
	uint32_t unjudged = 0;

	for (struct session *session = view->sessions.oldest; session; session = session->newer)
		judge(view, session, SESSION_OPEN);
	for (enum severity severity = 0; severity < SEVERITY_OK; severity++) {
		const struct rule *rule;

		for (int i = 0; (rule = rule_at(i)); i++) {
			if (rule->severity != severity || !(view->rules & 1u << i))
				continue;
			if (!may_judge(view, i))
				unjudged |= 1u << i;
			else if (!show_total(view, i))
				silent++;
		}
	}
	show_none(view, silent, unjudged);
	if (view->diagnosis.ungrouped || view->sessions.untracked)
		log_error("--diagnose: %" PRIu64
			  " sessions were not judged: more than %d groups; and "
			  "%" PRIu64 " transitions were ignored: more than %zu sessions at a time",
			  view->diagnosis.ungrouped, DIAGNOSIS_GROUPS_MAX, view->sessions.untracked,
			  SESSIONS_MAX);
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
	.tick = diagnose_tick,
	.losses = diagnose_losses,
	.end = diagnose_end,
	.has_found = diagnose_has_found,
	.close = diagnose_sink_close,
};
