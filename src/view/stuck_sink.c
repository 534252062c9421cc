// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --stuck: reports sessions that stay in a state longer than they should, while they are in it, and
 * those that make no progress. Each has a deadline: its limit, then twice, four times, ... the
 * limit.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/heap.h"
#include "lib/log.h"
#include "sink/text_sink.h"
#include "trace/owner.h"
#include "trace/state.h"
#include "view/session.h"
#include "view/stuck.h"
#include "view/stuck_count.h"
#include "view/stuck_row.h"
#include "view/stuck_watch.h"

/*
 * Transitions from several CPUs are slightly out of order, and some arrive late: without ticks,
 * deadlines are LATE_NS later. The source scans sessions before a tick, at most once a second: with
 * ticks, transitions trigger reports only if ticks are LATE_OF_TICK_NS late.
 */
#define LATE_NS         (100 * NSEC_PER_MSEC)
#define LATE_OF_TICK_NS (15 * NSEC_PER_SEC)

struct stuck_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct state_limits limits;
	struct sessions sessions;
	struct heap deadlines;
	struct stuck_counts counts;
	uint64_t now_ns;     /* newest known time: everything before it is known */
	uint64_t scanned_ns; /* time of the newest snapshot, ahead of the transitions after it */
	uint64_t late_ns;    /* LATE_NS, or LATE_OF_TICK_NS */
	uint64_t stalls_ns;  /* when to scan for stalled sessions; UINT64_MAX: not yet */
	uint64_t unwatched;  /* no memory for a deadline */
};

static const struct row_kind stuck_kind = {
	.fields = &stuck_fields,
	.table = "event,state,age,pid,owner,laddr,lport,raddr,rport,tx_queue,rx_queue,retrans,note",
	.csv = "event,state,ms,ms_about,ms_at_least,count,now,pid,comm,ip,laddr,lport,raddr,rport,"
	       "tx_queue,rx_queue,retrans,newstate,cause,hint,limit,owner_from,accepted",
};

static void stuck_want(const struct options *options, struct wants *wants)
{
	struct state_limits limits = stuck_limits(&options->stuck_limits);

	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->requests = wants->rejected = wants->owners = true;
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

/* until_ns: until when it has been in its state, or stalled. */
static void print_watch(struct stuck_sink *stuck, const struct watch *watch, enum stuck_event event,
			uint64_t until_ns)
{
	struct stuck_row row = {
		.t = &watch->session->last,
		.time_ns = stuck->now_ns,
		.age_ns = until_ns > watch->since_ns ? until_ns - watch->since_ns : 0,
		.age_known = age_known(watch),
		.event = event,
		.state = watch->state,
		.is_stall = watch->is_stall,
	};

	print_row(stuck, &row);
}

/* When it was seen in its state last, or reported in it. */
static uint64_t last_ns(const struct watch *watch)
{
	uint64_t seen_ns = watch->session->last.time_ns;

	return watch->told_ns > seen_ns ? watch->told_ns : seen_ns;
}

/* It left its state unseen: it was stuck, but its time in the state is only a lower bound. */
static void lose(struct stuck_sink *stuck, struct session *session)
{
	for (struct watch *watch = session->view; watch; watch = watch->next) {
		if (!watch->count)
			continue;
		watch->is_older = true;
		print_watch(stuck, watch, STUCK_EVENT_LOST, last_ns(watch));
	}
	watches_remove(&stuck->deadlines, session);
}

static void stuck_lose(void *stuck, struct session *session)
{
	lose(stuck, session);
}

static struct sink *stuck_open(const struct sink_setup *setup)
{
	struct sink *sink =
		text_sink_open(&stuck_sink, setup, &stuck_kind, sizeof(struct stuck_sink));
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	if (!stuck)
		return NULL;
	stuck->late_ns = LATE_NS;
	stuck->stalls_ns = UINT64_MAX;
	stuck->limits = stuck_limits(&setup->options->stuck_limits);
	stuck->sessions.lose = stuck_lose;
	stuck->sessions.context = stuck;
	return sink;
}

static uint64_t limit_ns(const struct stuck_sink *stuck, const struct watch *watch)
{
	return watch->is_stall ? stuck->limits.stalled_ns : stuck->limits.ns[watch->state];
}

static uint64_t due_ns(const struct stuck_sink *stuck, const struct watch *watch, uint64_t after_ns)
{
	return stuck_due_ns(limit_ns(stuck, watch), watch->since_ns, after_ns);
}

static void add(struct stuck_sink *stuck, const struct watch *model)
{
	if (!watch_add(&stuck->deadlines, model, due_ns(stuck, model, 0)))
		stuck->unwatched++;
}

static void watch_state(struct stuck_sink *stuck, struct session *session)
{
	const struct watch watch = {
		.session = session,
		.since_ns = session->since_ns,
		.state = session->last.newstate,
		.is_older = session->is_older,
	};

	if (watch.state < STATE_COUNT && stuck->limits.ns[watch.state])
		add(stuck, &watch);
}

static bool is_stalled(const struct stuck_sink *stuck, const struct transition *t)
{
	return transition_is_snapshot(t) && t->newstate == STATE_ESTABLISHED &&
	       t->facts & FACT_STALLED && t->due_ns < t->time_ns &&
	       t->time_ns - t->due_ns >= stuck->limits.stalled_ns;
}

/* Data has been acknowledged, or the window has opened. */
static void recover(struct stuck_sink *stuck, struct watch *watch)
{
	if (watch->count)
		print_watch(stuck, watch, STUCK_EVENT_LEFT, watch->session->last.time_ns);
	watch_remove(&stuck->deadlines, watch);
}

/* A snapshot shows whether the session is stalled. */
static void watch_stall(struct stuck_sink *stuck, struct session *session)
{
	struct watch *known = watch_find(session, true);
	const struct watch watch = {
		.session = session,
		.since_ns = session->last.due_ns,
		.state = session->last.newstate,
		.is_older = true,
		.is_stall = true,
	};

	if (!is_stalled(stuck, &session->last)) {
		if (known)
			recover(stuck, known);
	} else if (known) {
		known->since_ns = watch.since_ns;
	} else {
		add(stuck, &watch);
	}
}

/* Counts its session once, and takes note if its owner is no guess any more, or has accepted it. */
static void count_watch(struct stuck_sink *stuck, struct watch *watch, const struct transition *t)
{
	if (!watch->count) {
		watch->count = stuck_counts_add(&stuck->counts, t, watch->state, watch->is_stall);
		watch->is_guess = owner_is_guess(t);
		watch->is_unaccepted = stuck_accepted(t, watch->state) == ACCEPTED_NO;
		return;
	}
	if (watch->is_guess)
		watch->is_guess = stuck_count_confirm(watch->count, t);
	if (watch->is_unaccepted)
		watch->is_unaccepted = stuck_count_accept(watch->count, t);
}

static void report(struct stuck_sink *stuck, struct watch *watch)
{
	const struct session *session = watch->session;

	if (session->is_match) {
		print_watch(stuck, watch, watch->count ? STUCK_EVENT_STILL : STUCK_EVENT_STUCK,
			    stuck->now_ns);
		watch->told_ns = stuck->now_ns;
		count_watch(stuck, watch, &session->last);
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
	uint64_t next_ns = first ? first->due_ns : UINT64_MAX;

	stuck->text.sink.wake_ns = next_ns < stuck->stalls_ns ? next_ns : stuck->stalls_ns;
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

/*
 * Reports that it left a state if it was stuck there, even if that is known only now. t: the
 * transition, with the owner as the session has it.
 */
static void leave_state(struct stuck_sink *stuck, const struct session *session,
			const struct transition *t)
{
	struct watch *watch = watch_find(session, false);
	uint64_t least_ns = t->oldstate < STATE_COUNT ? stuck->limits.ns[t->oldstate] : 0;
	struct stuck_row row = {
		.t = t,
		.time_ns = stuck->now_ns,
		.event = STUCK_EVENT_LEFT,
		.state = t->oldstate,
	};

	measure_left(&row, watch, t);
	if (!session->is_match || !least_ns || !row.age_known || row.age_ns < least_ns)
		return;
	print_row(stuck, &row);
	if (watch && watch->count)
		count_watch(stuck, watch, t);
	else
		stuck_counts_add(&stuck->counts, t, t->oldstate, false)->now--;
}

/* It was stalled until it left the state. */
static void leave_stall(struct stuck_sink *stuck, const struct session *session)
{
	const struct watch *watch = watch_find(session, true);

	if (watch && watch->count)
		print_watch(stuck, watch, STUCK_EVENT_LEFT, session->last.time_ns);
}

static bool has_moved(const struct session *session)
{
	const struct watch *any = session->view, *watch = watch_find(session, false);

	return !any || any->state != session->last.newstate ||
	       (watch && watch->since_ns != session->since_ns);
}

/* It has another state: by a transition, or because a scan found it there. */
static void move(struct stuck_sink *stuck, struct session *session, const struct transition *t)
{
	if (t->oldstate != t->newstate) {
		leave_state(stuck, session, &session->last);
		leave_stall(stuck, session);
	} else {
		lose(stuck, session);
	}
	watches_remove(&stuck->deadlines, session);
	watch_state(stuck, session);
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
	if (session && has_moved(session))
		move(stuck, session, t);
	if (session && transition_is_snapshot(t))
		watch_stall(stuck, session);
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

	stuck->late_ns = LATE_OF_TICK_NS;
	follow(stuck, t, is_match, &stuck->scanned_ns);
	ask_for_tick(stuck);
}

/* Has passed its deadline, and the scan at now_ns has reported no newer state of it. */
static bool is_doubtful(const struct watch *watch, uint64_t now_ns)
{
	return (watch->turn.due_ns <= now_ns || (watch->is_stall && watch->count)) &&
	       !watch->session->is_minisock && watch->session->last.time_ns < now_ns;
}

static void stuck_doubt(const struct sink *sink, uint64_t now_ns, struct doubts *doubts)
{
	const struct stuck_sink *stuck = (const struct stuck_sink *)sink;

	for (size_t i = 0; i < stuck->deadlines.count; i++) {
		const struct watch *watch = (struct watch *)stuck->deadlines.entries[i];

		if (is_doubtful(watch, now_ns))
			doubts_add(doubts, &watch->session->last);
	}
}

/* Looks for stalled sessions at once, and then twice in the time that they may be stalled. */
static void stuck_begin(struct sink *sink)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	text_sink_begin(sink);
	stuck->stalls_ns = 1;
	ask_for_tick(stuck);
}

static void stuck_tick(struct sink *sink, uint64_t now_ns)
{
	struct stuck_sink *stuck = (struct stuck_sink *)sink;

	stuck->late_ns = LATE_OF_TICK_NS;
	stuck->stalls_ns = now_ns + stuck->limits.stalled_ns / 2;
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
		struct stuck_row row = {
			.count = stuck->counts.sorted[i],
			.time_ns = stuck->now_ns,
			.event = STUCK_EVENT_COUNT,
			.state = stuck->counts.sorted[i]->state,
			.is_stall = stuck->counts.sorted[i]->is_stall,
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
		watches_remove(&stuck->deadlines, session);
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
	.begin = stuck_begin,
	.observe = stuck_observe,
	.snapshot = stuck_snapshot,
	.tick = stuck_tick,
	.doubt = stuck_doubt,
	.end = stuck_end,
	.close = stuck_close,
};
