// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --stuck: reports sessions that stay in a state longer than they should, while they are in it.
 * Each has a deadline: its limit, then twice, four times, ... the limit.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/heap.h"
#include "lib/log.h"
#include "sink/text_sink.h"
#include "trace/state.h"
#include "view/session.h"
#include "view/stuck.h"
#include "view/stuck_count.h"
#include "view/stuck_row.h"

/*
 * Transitions from several CPUs are slightly out of order, and some arrive late: without ticks,
 * deadlines are LATE_NS later. The source scans sessions before a tick, at most once a second: with
 * ticks, transitions trigger reports only if ticks are LATE_OF_TICK_NS late.
 */
#define LATE_NS         (100 * NSEC_PER_MSEC)
#define LATE_OF_TICK_NS (2 * NSEC_PER_SEC)

/* A session in a state that has a limit. */
struct watch {
	struct heap_entry turn; /* first member: cast from struct heap_entry * */
	struct session *session;
	uint64_t since_ns;         /* when it entered the state; if is_older, at the latest */
	struct stuck_count *count; /* NULL: not stuck yet, or filtered out */
	uint8_t state;
	bool is_older;
};

struct stuck_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct state_limits limits;
	struct sessions sessions;
	struct heap deadlines;
	struct stuck_counts counts;
	uint64_t now_ns;     /* newest known time: everything before it is known */
	uint64_t scanned_ns; /* time of the newest snapshot, ahead of the transitions after it */
	uint64_t late_ns;    /* LATE_NS, or LATE_OF_TICK_NS */
	uint64_t unwatched;  /* no memory for a deadline */
};

static const struct row_kind stuck_kind = {
	.fields = &stuck_fields,
	.table = "event,state,age,pid,comm,laddr,lport,raddr,rport,tx_queue,rx_queue,retrans,note",
	.csv = "event,state,ms,ms_about,ms_at_least,count,now,pid,comm,ip,laddr,lport,raddr,rport,"
	       "tx_queue,rx_queue,retrans,newstate,cause,hint",
};

static void stuck_want(const struct options *options, struct wants *wants)
{
	struct state_limits limits = stuck_limits(&options->stuck_limits);

	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->requests = wants->rejected = true;
	state_limits_lower(&wants->scan_limits, &limits);
}

static void print_row(struct stuck_sink *stuck, const struct stuck_row *row)
{
	text_sink_row(&stuck->text, row, row->time_ns);
}

static uint8_t age_known(const struct watch *watch)
{
	return watch->is_older ? TRANSITION_DURATION_AT_LEAST : TRANSITION_DURATION_KNOWN;
}

static void print_here(struct stuck_sink *stuck, const struct watch *watch, enum stuck_event event)
{
	const struct stuck_row row = {
		.t = &watch->session->last,
		.time_ns = stuck->now_ns,
		.age_ns = stuck->now_ns - watch->since_ns,
		.age_known = age_known(watch),
		.event = event,
		.state = watch->state,
	};

	print_row(stuck, &row);
}

static void watch_remove(struct stuck_sink *stuck, struct session *session)
{
	struct watch *watch = session->view;

	if (!watch)
		return;
	if (watch->count)
		watch->count->now--;
	heap_remove(&stuck->deadlines, &watch->turn);
	session->view = NULL;
	free(watch);
}

/* Its end was not seen: it was stuck, but its time in the state is only a lower bound. */
static void stuck_lose(void *context, struct session *session)
{
	struct stuck_sink *stuck = context;
	struct watch *watch = session->view;

	if (watch && watch->count) {
		watch->is_older = true;
		print_here(stuck, watch, STUCK_EVENT_LOST);
	}
	watch_remove(stuck, session);
}

static struct sink *stuck_open(const struct sink_setup *setup)
{
	struct sink *sink =
		text_sink_open(&stuck_sink, setup, &stuck_kind, sizeof(struct stuck_sink));
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	if (!stuck)
		return NULL;
	stuck->late_ns = LATE_NS;
	stuck->limits = stuck_limits(&setup->options->stuck_limits);
	stuck->sessions.lose = stuck_lose;
	stuck->sessions.context = stuck;
	return sink;
}

static uint64_t due_ns(const struct stuck_sink *stuck, const struct watch *watch, uint64_t after_ns)
{
	return stuck_due_ns(stuck->limits.ns[watch->state], watch->since_ns, after_ns);
}

static void watch_add(struct stuck_sink *stuck, struct session *session)
{
	uint8_t state = session->last.newstate;
	struct watch *watch;

	if (state >= STATE_COUNT || !stuck->limits.ns[state])
		return;
	watch = calloc(1, sizeof(*watch));
	if (watch) {
		watch->session = session;
		watch->since_ns = session->since_ns;
		watch->state = state;
		watch->is_older = session->is_older;
		session->view = watch;
	}
	if (watch && heap_add(&stuck->deadlines, &watch->turn, due_ns(stuck, watch, 0)))
		return;
	stuck->unwatched++;
	session->view = NULL;
	free(watch);
}

static void report(struct stuck_sink *stuck, struct watch *watch)
{
	const struct session *session = watch->session;

	if (session->is_match) {
		print_here(stuck, watch, watch->count ? STUCK_EVENT_STILL : STUCK_EVENT_STUCK);
		if (!watch->count)
			watch->count =
				stuck_counts_add(&stuck->counts, &session->last, watch->state);
	}
	heap_move(&stuck->deadlines, &watch->turn, due_ns(stuck, watch, stuck->now_ns));
}

/* Reports the sessions that are due at by_ns. */
static void report_due(struct stuck_sink *stuck, uint64_t by_ns)
{
	struct heap_entry *first;

	while ((first = heap_first(&stuck->deadlines)) && first->due_ns <= by_ns &&
	       first->due_ns != UINT64_MAX)
		report(stuck, (struct watch *)first);
}

static void ask_for_tick(struct stuck_sink *stuck)
{
	const struct heap_entry *first = heap_first(&stuck->deadlines);

	stuck->text.sink.wake_ns = first ? first->due_ns : UINT64_MAX;
}

/* The time in the state that it left: as watched, or else as the transition reports it. */
static void measure_left(struct stuck_row *row, const struct watch *watch,
			 const struct transition *t)
{
	row->age_ns = t->duration_ns;
	row->age_known = t->flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT |
				     TRANSITION_DURATION_AT_LEAST);
	if (!watch || watch->state != t->oldstate)
		return;
	row->age_ns = t->time_ns > watch->since_ns ? t->time_ns - watch->since_ns : 0;
	if (watch->is_older || !row->age_known)
		row->age_known = age_known(watch);
}

/* Reports that it left a state if it was stuck there, even if that is known only now. */
static void leave(struct stuck_sink *stuck, const struct session *session,
		  const struct transition *t)
{
	const struct watch *watch = session->view;
	uint64_t limit_ns = t->oldstate < STATE_COUNT ? stuck->limits.ns[t->oldstate] : 0;
	struct stuck_row row = {
		.t = t,
		.time_ns = stuck->now_ns,
		.event = STUCK_EVENT_LEFT,
		.state = t->oldstate,
	};

	measure_left(&row, watch, t);
	if (!session->is_match || !limit_ns || !row.age_known || row.age_ns < limit_ns)
		return;
	print_row(stuck, &row);
	if (!watch || !watch->count)
		stuck_counts_add(&stuck->counts, t, t->oldstate)->now--;
}

static bool has_moved(const struct session *session)
{
	const struct watch *watch = session->view;

	return !watch || watch->state != session->last.newstate ||
	       watch->since_ns != session->since_ns;
}

static void take_time(uint64_t *newest_ns, uint64_t time_ns)
{
	if (time_ns > *newest_ns)
		*newest_ns = time_ns;
}

/* newest_ns: the newest time of this kind of record; updated. */
static void follow(struct stuck_sink *stuck, const struct transition *t, bool is_match,
		   uint64_t *newest_ns)
{
	struct session *session = sessions_take(&stuck->sessions, t, is_match);

	take_time(newest_ns, t->time_ns);
	if (session && has_moved(session)) {
		if (t->oldstate != t->newstate)
			leave(stuck, session, t);
		watch_remove(stuck, session);
		watch_add(stuck, session);
	}
	if (session && session->last.newstate == STATE_CLOSE)
		sessions_remove(&stuck->sessions, session);
}

static void stuck_observe(struct sink *sink, const struct transition *t, bool is_match)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	follow(stuck, t, is_match, &stuck->now_ns);
	if (stuck->now_ns > stuck->late_ns)
		report_due(stuck, stuck->now_ns - stuck->late_ns);
	ask_for_tick(stuck);
}

/* All snapshots of a scan must be known before any is reported: a tick follows them. */
static void stuck_snapshot(struct sink *sink, const struct transition *t, bool is_match)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	follow(stuck, t, is_match, &stuck->scanned_ns);
	ask_for_tick(stuck);
}

static void stuck_tick(struct sink *sink, uint64_t now_ns)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	stuck->late_ns = LATE_OF_TICK_NS;
	take_time(&stuck->now_ns, now_ns);
	report_due(stuck, stuck->now_ns);
	ask_for_tick(stuck);
}

static void stuck_end(struct sink *sink)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;
	size_t count;

	take_time(&stuck->now_ns, stuck->scanned_ns);
	report_due(stuck, stuck->now_ns);
	count = stuck_counts_sort(&stuck->counts);
	for (size_t i = 0; i < count; i++) {
		const struct stuck_row row = {
			.count = stuck->counts.sorted[i],
			.time_ns = stuck->now_ns,
			.event = STUCK_EVENT_COUNT,
			.state = stuck->counts.sorted[i]->state,
		};

		print_row(stuck, &row);
	}
	if (stuck->sessions.untracked || stuck->unwatched)
		log_error("--stuck: ignored %" PRIu64
			  " transitions of sessions beyond the limit or the available memory; "
			  "stuck sessions may be missing",
			  stuck->sessions.untracked + stuck->unwatched);
}

static int stuck_close(struct sink *sink)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	for (struct session *session = stuck->sessions.oldest; session; session = session->newer)
		free(session->view);
	sessions_close(&stuck->sessions);
	heap_close(&stuck->deadlines);
	stuck_counts_close(&stuck->counts);
	return text_sink_close(sink);
}

const struct sink_ops stuck_sink = {
	.name = "stuck",
	.fields = &stuck_fields,
	.follows_sessions = true,
	.want = stuck_want,
	.open = stuck_open,
	.begin = text_sink_begin,
	.observe = stuck_observe,
	.snapshot = stuck_snapshot,
	.tick = stuck_tick,
	.end = stuck_end,
	.close = stuck_close,
};
