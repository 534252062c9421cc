// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Follows listeners by the reports on them. */
#include <stdlib.h>
#include <string.h>

#include "view/listeners.h"

/* A cookie is never reused; addresses are in the upper half, where no cookie is. */
static uint64_t id_of(const struct listener *report)
{
	return report->cookie ? report->cookie : report->skaddr;
}

static bool has_id(const struct hash_entry *entry, const void *id)
{
	return id_of(&((const struct listener_history *)entry)->last) == *(const uint64_t *)id;
}

static struct listener_history *find_id(const struct listeners *listeners, uint64_t id)
{
	return (struct listener_history *)hash_find(&listeners->by_id, &id, 1, has_id, &id);
}

/*
 * Before 5.12, programs cannot ask for a cookie: the socket has none until something else does, for
 * example ss(8). Then the listener that was known by its address gets its cookie.
 */
static struct listener_history *find(struct listeners *listeners, const struct listener *report)
{
	struct listener_history *history = find_id(listeners, id_of(report));
	uint64_t id = report->cookie;

	if (history || !id)
		return history;
	history = find_id(listeners, report->skaddr);
	if (!history ||
	    (report->event != LISTENER_ACCEPTED && report->since_ns != history->last.since_ns))
		return NULL;
	history->last.cookie = id;
	hash_move(&listeners->by_id, &history->by_id, &id, 1);
	return history;
}

static struct listener_history *add(struct listeners *listeners, const struct listener *report)
{
	struct listener_history *history = NULL;
	uint64_t id = id_of(report);

	if (listeners->count < LISTENERS_SHOWN_MAX)
		history = calloc(1, sizeof(*history));
	if (!history)
		return NULL;
	history->last = history->whole.first = history->lately.first = *report;
	if (!hash_add(&listeners->by_id, &history->by_id, &id, 1)) {
		free(history);
		return NULL;
	}
	if (listeners->newest)
		listeners->newest->newer = history;
	else
		listeners->oldest = history;
	listeners->newest = history;
	listeners->count++;
	return history;
}

static void take_peak(struct listener_span *span, const struct listener *report)
{
	uint32_t peak = report->peak > report->queue ? report->peak : report->queue;

	if (peak > span->peak)
		span->peak = peak;
}

static struct listener_history *take_figures(struct listeners *listeners,
					     const struct listener *report)
{
	struct listener_history *history = find(listeners, report);

	/* Without a cookie, a new socket may have the address of one that has ended. */
	if (history && history->ended_ns && report->event == LISTENER_BEGAN) {
		hash_remove(&listeners->by_id, &history->by_id);
		history = NULL;
	}
	/* A scan and the ring buffer report in any order: its end is its last report. */
	if (history && history->ended_ns)
		return NULL;
	if (!history)
		history = add(listeners, report);
	if (!history) {
		listeners->missing++;
		return NULL;
	}
	history->last = *report;
	history->is_recent = true;
	if (report->event == LISTENER_ENDED)
		history->ended_ns = report->time_ns;
	take_peak(&history->whole, report);
	take_peak(&history->lately, report);
	return history;
}

static struct listener_history *take_accepted(struct listeners *listeners,
					      const struct listener *report)
{
	struct listener_history *history = find(listeners, report);
	unsigned int place = bucket_for(report->delay_ns);

	/* The filter rejects its listener. */
	if (!history)
		return NULL;
	history->whole.accepts++;
	history->lately.accepts++;
	if (!(report->known & LISTENER_KNOWN_DELAY))
		return history;
	if (!histogram_add(&history->whole.delays, 1, place, report->delay_ns, report->delay_ns) ||
	    !histogram_add(&history->lately.delays, 1, place, report->delay_ns, report->delay_ns))
		listeners->missing++;
	return history;
}

struct listener_history *listeners_take(struct listeners *listeners, const struct listener *report)
{
	switch ((enum listener_event)report->event) {
	case LISTENER_FOUND:
	case LISTENER_BEGAN:
	case LISTENER_ENDED:
		return take_figures(listeners, report);
	case LISTENER_ACCEPTED:
		return take_accepted(listeners, report);
	case LISTENER_EVENTS:
		break;
	}
	return NULL;
}

void listener_turn(struct listener_history *history)
{
	history->is_recent = false;
	history->lately.first = history->last;
	history->lately.peak = history->last.queue;
	history->lately.accepts = 0;
	histogram_clear(&history->lately.delays);
}

void listeners_turn(struct listeners *listeners)
{
	for (struct listener_history *one = listeners->oldest; one; one = one->newer)
		listener_turn(one);
}

/* What came into the queue, and is not there. */
static uint64_t left_queue(const struct listener *report)
{
	uint64_t queued = report->queued_before + report->queued;

	return queued > report->queue ? queued - report->queue : 0;
}

/* Counters only grow; a damaged recording may say otherwise. */
static uint64_t grown(uint64_t first, uint64_t last)
{
	return last > first ? last - first : 0;
}

struct listener_number listener_accepted(const struct listener_history *history,
					 const struct listener_span *span)
{
	const struct listener *first = &span->first, *last = &history->last;
	uint64_t accepted = grown(first->accepted, last->accepted);

	/* An accept() may be later than the last scan, or its report lost. */
	if (first->known & last->known & LISTENER_KNOWN_ACCEPTED)
		return (struct listener_number){accepted > span->accepts ? accepted : span->accepts,
						CERTAINTY_EXACT};
	return (struct listener_number){grown(left_queue(first), left_queue(last)),
					CERTAINTY_ABOUT};
}

uint64_t listener_drops(const struct listener_history *history, const struct listener_span *span)
{
	return (uint32_t)(history->last.drops - span->first.drops);
}

/*
 * Whoever counts an overflow counts a drop as well, of the listener and of its namespace
 * (tcp_listendrop(), 5.10 to 7.2). So without a drop there is no overflow; and if all drops of the
 * namespace are this listener's, so are all its overflows. Other drops are the listener's only:
 * then the numbers differ, and nothing is inferred.
 */
static struct listener_number inferred_overflows(const struct listener_history *history,
						 const struct listener_span *span)
{
	const struct listener *first = &span->first, *last = &history->last;
	bool has_netns = first->known & last->known & LISTENER_KNOWN_NETNS;
	uint64_t drops = listener_drops(history, span);
	uint64_t overflows = grown(first->netns_overflows, last->netns_overflows);

	if (!drops || (has_netns && !overflows))
		return (struct listener_number){0, CERTAINTY_EXACT};
	if (has_netns && drops == grown(first->netns_drops, last->netns_drops))
		return (struct listener_number){overflows, CERTAINTY_ABOUT};
	return (struct listener_number){0, CERTAINTY_NONE};
}

struct listener_number listener_overflows(const struct listener_history *history,
					  const struct listener_span *span)
{
	const struct listener *first = &span->first, *last = &history->last;

	if (first->known & last->known & LISTENER_KNOWN_OVERFLOWS)
		return (struct listener_number){grown(first->overflows, last->overflows),
						CERTAINTY_EXACT};
	return inferred_overflows(history, span);
}

struct listener_number listener_cookies(const struct listener_history *history,
					const struct listener_span *span)
{
	const struct listener *first = &span->first, *last = &history->last;

	if (!(first->known & last->known & LISTENER_KNOWN_COOKIES))
		return (struct listener_number){0, CERTAINTY_NONE};
	return (struct listener_number){grown(first->cookies, last->cookies), CERTAINTY_EXACT};
}

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* A row with what the sort compares. */
struct ranked {
	const struct listener_history *history;
	uint64_t drops;
	uint32_t peak;
};

/* No two are equal: at last by cookie or address. */
static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	const struct listener *la = &a->history->last, *lb = &b->history->last;
	int order = descending(a->drops, b->drops);

	if (!order)
		order = descending(a->peak, b->peak);
	if (!order)
		order = descending(lb->lport, la->lport);
	if (!order)
		order = memcmp(la->laddr, lb->laddr, sizeof(la->laddr));
	return order ? order : descending(id_of(lb), id_of(la));
}

static size_t rank(const struct listeners *listeners, bool is_whole, struct ranked *ranked)
{
	size_t count = 0;

	for (const struct listener_history *one = listeners->oldest; one; one = one->newer) {
		const struct listener_span *span = is_whole ? &one->whole : &one->lately;

		if (!is_whole && !one->is_recent)
			continue;
		ranked[count++] = (struct ranked){one, listener_drops(one, span), span->peak};
	}
	return count;
}

const struct listener_history **listeners_sort(const struct listeners *listeners, bool is_whole,
					       size_t *count)
{
	const struct listener_history **sorted;
	struct ranked *ranked;

	*count = listeners->count;
	if (!*count)
		return NULL;
	ranked = calloc(*count, sizeof(*ranked));
	sorted = calloc(*count, sizeof(*sorted));
	if (!ranked || !sorted) {
		free(ranked);
		free(sorted);
		return NULL;
	}
	*count = rank(listeners, is_whole, ranked);
	qsort(ranked, *count, sizeof(*ranked), compare);
	for (size_t i = 0; i < *count; i++)
		sorted[i] = ranked[i].history;
	free(ranked);
	return sorted;
}

void listeners_close(struct listeners *listeners)
{
	struct listener_history *one = listeners->oldest, *next;

	hash_close(&listeners->by_id);
	for (; one; one = next) {
		next = one->newer;
		histogram_free(&one->whole.delays);
		histogram_free(&one->lately.delays);
		free(one);
	}
}
