// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When an accept queue was full or slow, and what is said then. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/address.h"
#include "lib/duration.h"
#include "view/accept_pressure.h"

/* Connections that waited long are a finding: at least this many, and a hundredth of all. */
#define SLOW_LEAST 5

const char *queue_rule_name(enum queue_rule rule)
{
	static const char *const names[] = {
		[QUEUE_FULL] = "backlog-full",
		[QUEUE_SLOW] = "accept-slow",
	};

	return names[rule];
}

/* ---- what is counted ------------------------------------------------------------------------- */

static void note(struct listener_marks *marks, enum queue_rule rule, uint64_t time_ns)
{
	if (!marks->first_ns[rule])
		marks->first_ns[rule] = time_ns;
	marks->last_ns[rule] = time_ns;
}

/*
 * Where those of the whole run are not known, those of a part of it may be. The reverse is possible
 * as well: the counters of the socket and of its namespace are not read at the same instant.
 */
static struct listener_number overflows_of(const struct listener_history *history, bool *is_least)
{
	struct listener_number whole = listener_overflows(history, &history->whole);

	*is_least = whole.certainty == CERTAINTY_NONE;
	if (*is_least && history->marks.overflows)
		return (struct listener_number){history->marks.overflows, CERTAINTY_ABOUT};
	return whole;
}

/* Overflows since the previous report on the listener are added, as far as they are known. */
static void take_figures(struct listener_history *history)
{
	uint64_t overflows = listener_overflows(history, &history->lately).number;
	struct listener_marks *marks = &history->marks;
	bool is_least;

	listener_turn(history);
	marks->overflows += overflows;
	if (overflows || (!marks->first_ns[QUEUE_FULL] && overflows_of(history, &is_least).number))
		note(marks, QUEUE_FULL, history->last.time_ns);
}

static void take_accepted(struct listener_history *history, const struct listener *report)
{
	if (!(report->known & LISTENER_KNOWN_DELAY) || report->delay_ns < ACCEPT_SLOW_NS)
		return;
	history->marks.slow++;
	note(&history->marks, QUEUE_SLOW, report->time_ns);
}

struct listener_history *accept_queue_take(struct listeners *listeners,
					   const struct listener *report, enum queue_rule *rule)
{
	struct listener_history *history = listeners_take(listeners, report);

	if (!history)
		return NULL;
	*rule = report->event == LISTENER_ACCEPTED ? QUEUE_SLOW : QUEUE_FULL;
	if (*rule == QUEUE_SLOW)
		take_accepted(history, report);
	else
		take_figures(history);
	return accept_queue_is_new(history, *rule) ? history : NULL;
}

/* CERTAINTY_NONE: not known. */
static struct listener_number number_of(const struct listener_history *history,
					enum queue_rule rule, bool *is_least)
{
	if (rule == QUEUE_FULL)
		return overflows_of(history, is_least);
	*is_least = false;
	if (!(history->last.known & LISTENER_KNOWN_ACCEPTED))
		return (struct listener_number){0, CERTAINTY_NONE};
	return (struct listener_number){history->marks.slow, CERTAINTY_EXACT};
}

static bool holds(const struct listener_history *history, enum queue_rule rule, uint64_t number)
{
	if (rule == QUEUE_FULL)
		return number;
	return number >= SLOW_LEAST && number * 100 >= history->whole.delays.count;
}

bool accept_queue_holds(const struct listener_history *history, enum queue_rule rule)
{
	bool is_least;

	return holds(history, rule, number_of(history, rule, &is_least).number);
}

bool accept_queue_is_new(const struct listener_history *history, enum queue_rule rule)
{
	bool is_least;
	uint64_t number = number_of(history, rule, &is_least).number;

	return holds(history, rule, number) && number >= 2 * history->marks.reported[rule];
}

const char *accept_queues_lack(const struct listeners *listeners, enum queue_rule rule)
{
	bool is_least;

	for (const struct listener_history *one = listeners->oldest; one; one = one->newer)
		if (number_of(one, rule, &is_least).certainty == CERTAINTY_NONE)
			return rule == QUEUE_FULL ? "why a listener dropped packets is not known"
						  : "accept() was not seen";
	return NULL;
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* "nginx at 10.0.0.1:80" */
static size_t say_listener(char *text, size_t size, const struct listener *listener)
{
	const char *owner = *listener->comm ? listener->comm : "an unknown owner";
	char address[ADDRESS_IPV6_SIZE_MAX + 1];
	bool is_ipv4 = listener->ip == 4;

	*(is_ipv4 ? address_write_ipv4(address, listener->laddr + ADDRESS_IPV4_OFFSET)
		  : address_write_ipv6(address, listener->laddr)) = '\0';
	return snprintf(text, size, is_ipv4 ? "%.*s at %s:%u" : "%.*s at [%s]:%u",
			(int)sizeof(listener->comm), owner, address, listener->lport);
}

static void say_full(struct finding_row *row, const struct listener_history *history,
		     const struct listener_number *overflows)
{
	size_t size = sizeof(row->text), length;

	length = snprintf(row->text, size, "the accept queue of ");
	length += say_listener(row->text + length, size - length, &history->last);
	snprintf(row->text + length, size - length,
		 " was full (longest %" PRIu32 ", limit %" PRIu32 "): %s%s%" PRIu64
		 " SYNs and last ACKs were dropped",
		 history->whole.peak, history->last.limit, row->is_least ? "at least " : "",
		 overflows->certainty == CERTAINTY_ABOUT ? "~" : "", overflows->number);
}

static void say_slow(struct finding_row *row, const struct listener_history *history)
{
	const struct histogram *delays = &history->whole.delays;
	char most[DURATION_SIZE_MAX + 1], longest[DURATION_SIZE_MAX + 1];
	size_t size = sizeof(row->text), length;

	*duration_write(most, histogram_quantile(delays, 990)) = '\0';
	*duration_write(longest, delays->max) = '\0';
	length = snprintf(row->text, size, "%s%" PRIu64 " of %" PRIu64 " connections to ",
			  row->is_least ? "at least " : "", history->marks.slow, delays->count);
	length += say_listener(row->text + length, size - length, &history->last);
	length +=
		snprintf(row->text + length, size - length,
			 " waited 200 ms or more for accept() (p99 %s, longest %s)", most, longest);
	/* The longest queue comes with the next report, not with an accept(). */
	if (row->event == FINDING_TOTAL)
		snprintf(row->text + length, size - length,
			 "; the longest queue was %" PRIu32 ", its limit is %" PRIu32,
			 history->whole.peak, history->last.limit);
}

static void describe(struct accept_queue_finding *as, const struct listener_history *history,
		     enum queue_rule rule, uint64_t number)
{
	const struct listener *last = &history->last;

	*as = (struct accept_queue_finding){
		.group = {.uid = last->uid,
			  .role = SESSION_SERVER,
			  .ip = last->ip,
			  .port = last->lport,
			  .sessions = rule == QUEUE_SLOW ? history->whole.delays.count : 0},
		.cases = {.count = number,
			  .first_ns = history->marks.first_ns[rule],
			  .last_ns = history->marks.last_ns[rule],
			  .cookies = {last->cookie}},
	};
	memcpy(as->group.comm, last->comm, sizeof(as->group.comm));
}

void accept_queue_say(struct finding_row *row, struct accept_queue_finding *as,
		      struct listener_history *history, enum queue_rule rule)
{
	bool is_least;
	struct listener_number number = number_of(history, rule, &is_least);

	row->is_least |= is_least;
	describe(as, history, rule, number.number);
	row->group = &as->group;
	row->cases = &as->cases;
	if (rule == QUEUE_FULL)
		say_full(row, history, &number);
	else
		say_slow(row, history);
	snprintf(row->command, sizeof(row->command), "tcpstates --listeners=1 -L %u",
		 history->last.lport);
	history->marks.reported[rule] = number.number;
}
