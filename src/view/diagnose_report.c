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

/* What the source does not have, so that the rule cannot judge; NULL: it has all. */
static const char *lack_of(const struct diagnose_sink *sink, int number)
{
	const struct origin *origin = sink->text.sink.origin;

	if (number == sink->ports_rule && origin->ports_lack)
		return "the recording has no local ports";
	if (number == sink->scan_rule && origin->resets_lack)
		return "no resets were counted";
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

/* Appends the rules that were not judged, and why. */
static void say_unjudged(const struct diagnose_sink *sink, char text[FINDING_TEXT_SIZE])
{
	const char *before = "; not judged, as transitions were lost: ";
	size_t length = strlen(text);

	for (int i = 0; rule_at(i) && length < FINDING_TEXT_SIZE; i++) {
		if (!(sink->rules & RULE_BIT(i)) || may_judge(sink, i) || lack_of(sink, i))
			continue;
		length += snprintf(text + length, FINDING_TEXT_SIZE - length, "%s%s", before,
				   rule_at(i)->name);
		before = ", ";
	}
	for (int i = 0; rule_at(i) && length < FINDING_TEXT_SIZE; i++) {
		if (!(sink->rules & RULE_BIT(i)) || !lack_of(sink, i))
			continue;
		length += snprintf(text + length, FINDING_TEXT_SIZE - length,
				   "; not judged, as %s: %s", lack_of(sink, i), rule_at(i)->name);
	}
}

static void show_none(struct diagnose_sink *sink, rule_set found)
{
	struct finding_row row = {
		.event = FINDING_NONE, .severity = SEVERITY_OK, .time_ns = sink->now_ns};
	unsigned int silent = 0;

	for (int i = 0; rule_at(i); i++)
		silent += sink->rules & RULE_BIT(i) && !(found & RULE_BIT(i)) && may_judge(sink, i);
	snprintf(row.text, sizeof(row.text), "%u rules found nothing", silent);
	say_unjudged(sink, row.text);
	text_sink_row(&sink->text, &row, sink->now_ns);
}

/* Those of a severity. Returns the rules that found something. */
static rule_set show_totals(struct diagnose_sink *sink, enum severity severity)
{
	const struct rule *rule;
	rule_set found = 0;

	for (int i = 0; (rule = rule_at(i)); i++) {
		unsigned int findings = 0;

		if (!may_judge(sink, i))
			continue;
		if (i == sink->ports_rule)
			findings = show_pools(sink, severity);
		else if (rule->severity == severity)
			findings = i == sink->scan_rule ? show_scans(sink) : show_total(sink, i);
		found |= findings ? RULE_BIT(i) : 0;
	}
	return found;
}

void diagnose_show_all(struct diagnose_sink *sink)
{
	rule_set found = 0;

	for (enum severity severity = 0; severity < SEVERITY_OK; severity++)
		found |= show_totals(sink, severity);
	show_none(sink, found);
}
