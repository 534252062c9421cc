// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prints the findings of --diagnose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/diagnose_report.h"
#include "view/diagnose_row.h"
#include "view/port_pressure.h"

/* Of the two lines below a row. */
#define HINT_SIZE_MAX 256

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

/* NULL: the cases are not explained by a listener of this host. */
static const struct listener_gap *gap_of(const struct diagnose_sink *sink,
					 const struct group *group, const struct cases *cases)
{
	struct listener_place place = {.netns = group->netns, .port = group->port};

	if (!group->is_local || sink->has_losses)
		return NULL;
	memcpy(place.address, group->raddr, sizeof(place.address));
	return listener_gaps_find(&sink->gaps, &place, cases->first_ns, cases->last_ns);
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
		.gap = gap_of(sink, group, cases),
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

static void show_scan(struct diagnose_sink *sink, struct port_scan *scan, enum finding_event event)
{
	struct finding_row row = {
		.rule = rule_at(sink->scan_rule),
		.time_ns = sink->now_ns,
		.event = event,
		.severity = rule_at(sink->scan_rule)->severity,
		.is_least =
			event == FINDING_TOTAL && (sink->scans.is_partial || sink->scans.missing),
	};
	struct port_scan_finding as;

	port_scan_say(&row, &as, scan);
	print(sink, &row);
	scan->reported = scan->ports;
}

static void show_queue(struct diagnose_sink *sink, struct listener_history *history,
		       enum queue_rule rule, enum finding_event event)
{
	const struct rule *as_rule = rule_at(sink->queue_rules[rule]);
	struct finding_row row = {
		.rule = as_rule,
		.time_ns = sink->now_ns,
		.event = event,
		.severity = as_rule->severity,
		.is_least = event == FINDING_TOTAL &&
			    (sink->has_lost_details || sink->listeners.missing),
	};
	struct accept_queue_finding as;

	accept_queue_say(&row, &as, history, rule);
	print(sink, &row);
}

/* The rule's place among those about accept queues; QUEUE_RULES: it is none. */
static enum queue_rule queue_rule_of(const struct diagnose_sink *sink, int number)
{
	enum queue_rule rule = 0;

	while (rule < QUEUE_RULES && sink->queue_rules[rule] != number)
		rule++;
	return rule;
}

/* What the source does not have, so that the rule cannot judge; NULL: it has all. */
static const char *lack_of(const struct diagnose_sink *sink, int number)
{
	const struct origin *origin = sink->text.sink.origin;

	if (number == sink->ports_rule && origin->ports_lack)
		return "the recording has no local ports";
	if (number == sink->scan_rule && origin->resets_lack)
		return "no resets were counted";
	if (sink->lacks_listeners && queue_rule_of(sink, number) != QUEUE_RULES)
		return "no listeners were followed";
	return NULL;
}

/* A rule that needs to have seen all is not judged when some was lost. */
static bool may_judge(const struct diagnose_sink *sink, int number)
{
	return sink->rules & RULE_BIT(number) && !lack_of(sink, number) &&
	       !(sink->has_losses && rule_at(number)->needs_all);
}

/* A finding begins or grows with a session that is a case. */
void diagnose_show_new(struct diagnose_sink *sink, struct group *group)
{
	for (rule_set rules = group->latest; rules; rules &= rules - 1) {
		int number = __builtin_ctzll(rules);
		const struct rule *rule = rule_at(number);
		struct cases *cases = group->cases[number];

		if (!cases || cases->count < 2 * cases->reported || !may_judge(sink, number) ||
		    !rule_holds(rule, group, cases))
			continue;
		show(sink, rule, group, cases, cases->reported ? FINDING_GREW : FINDING_FOUND);
	}
}

/* The first time that it is pressing, and when it becomes worse. */
void diagnose_show_pool(struct diagnose_sink *sink, struct port_pool *pool)
{
	unsigned int level = SEVERITY_OK - port_pressure_of(pool);

	if (level <= pool->told || !may_judge(sink, sink->ports_rule))
		return;
	show_pool(sink, pool, pool->told ? FINDING_GREW : FINDING_FOUND);
	pool->told = level;
}

void diagnose_show_scan(struct diagnose_sink *sink, struct port_scan *scan)
{
	if (port_scan_is_new(scan) && may_judge(sink, sink->scan_rule))
		show_scan(sink, scan, scan->reported ? FINDING_GREW : FINDING_FOUND);
}

void diagnose_show_queue(struct diagnose_sink *sink, struct listener_history *history,
			 enum queue_rule rule)
{
	if (may_judge(sink, sink->queue_rules[rule]))
		show_queue(sink, history, rule,
			   history->marks.reported[rule] ? FINDING_GREW : FINDING_FOUND);
}

/* ---- at the end ------------------------------------------------------------------------------ */

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

/* The scans, the oldest peer first. */
static unsigned int show_scans(struct diagnose_sink *sink)
{
	unsigned int findings = 0;

	for (struct port_scan *scan = sink->scans.newest; scan; scan = scan->older) {
		if (!port_scan_holds(scan))
			continue;
		show_scan(sink, scan, FINDING_TOTAL);
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

/* The listeners, in the order of their first report. */
static unsigned int show_queues(struct diagnose_sink *sink, enum queue_rule rule)
{
	unsigned int findings = 0;

	for (struct listener_history *one = sink->listeners.oldest; one; one = one->newer) {
		if (!accept_queue_holds(one, rule))
			continue;
		show_queue(sink, one, rule, FINDING_TOTAL);
		findings++;
	}
	return findings;
}

/* Why a rule was not judged, or found nothing but was not judged everywhere; NULL: it was. */
static const char *why_unjudged(const struct diagnose_sink *sink, int number, rule_set found)
{
	enum queue_rule queue_rule = queue_rule_of(sink, number);

	if (lack_of(sink, number))
		return lack_of(sink, number);
	if (!may_judge(sink, number))
		return "transitions were lost";
	if (queue_rule == QUEUE_RULES || found & RULE_BIT(number))
		return NULL;
	return accept_queues_lack(&sink->listeners, queue_rule);
}

/* Appends the rules that were not judged for that reason. */
static void say_unjudged(char text[FINDING_TEXT_SIZE], const char *const whys[RULES_MAX],
			 const char *why)
{
	size_t length = strlen(text);
	const char *before = "";

	length += snprintf(text + length, FINDING_TEXT_SIZE - length, "; not judged, as %s: ", why);
	for (int i = 0; i < RULES_MAX && length < FINDING_TEXT_SIZE; i++) {
		if (!whys[i] || strcmp(whys[i], why))
			continue;
		length += snprintf(text + length, FINDING_TEXT_SIZE - length, "%s%s", before,
				   rule_at(i)->name);
		before = ", ";
	}
}

static bool is_among(const char *const whys[], int count, const char *why)
{
	for (int i = 0; i < count; i++)
		if (whys[i] && !strcmp(whys[i], why))
			return true;
	return false;
}

static void show_none(struct diagnose_sink *sink, rule_set found)
{
	struct finding_row row = {
		.event = FINDING_NONE, .severity = SEVERITY_OK, .time_ns = sink->now_ns};
	const char *whys[RULES_MAX] = {NULL};
	unsigned int silent = 0;

	for (int i = 0; rule_at(i); i++) {
		if (!(sink->rules & RULE_BIT(i)))
			continue;
		whys[i] = why_unjudged(sink, i, found);
		silent += !whys[i] && !(found & RULE_BIT(i));
	}
	snprintf(row.text, sizeof(row.text), "%u rules found nothing", silent);
	for (int i = 0; i < RULES_MAX; i++)
		if (whys[i] && !is_among(whys, i, whys[i]))
			say_unjudged(row.text, whys, whys[i]);
	text_sink_row(&sink->text, &row, sink->now_ns);
}

/* Those of a rule, if they are of that severity. Returns how many there are. */
static unsigned int show_rule(struct diagnose_sink *sink, int number, enum severity severity)
{
	enum queue_rule queue_rule = queue_rule_of(sink, number);

	if (number == sink->ports_rule)
		return show_pools(sink, severity);
	if (rule_at(number)->severity != severity)
		return 0;
	if (number == sink->scan_rule)
		return show_scans(sink);
	if (queue_rule != QUEUE_RULES)
		return show_queues(sink, queue_rule);
	return show_total(sink, number);
}

/* Those of a severity. Returns the rules that found something. */
static rule_set show_totals(struct diagnose_sink *sink, enum severity severity)
{
	rule_set found = 0;

	for (int i = 0; rule_at(i); i++)
		if (may_judge(sink, i) && show_rule(sink, i, severity))
			found |= RULE_BIT(i);
	return found;
}

void diagnose_show_all(struct diagnose_sink *sink)
{
	rule_set found = 0;

	for (enum severity severity = 0; severity < SEVERITY_OK; severity++)
		found |= show_totals(sink, severity);
	show_none(sink, found);
}
