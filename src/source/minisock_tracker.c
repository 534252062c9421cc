// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * When minisocks end: reported by the kernel, found by a check, or inferred from the next session.
 */
#include <stdlib.h>
#include <string.h>

#include "source/minisock_tracker.h"
#include "trace/clock.h"
#include "trace/state.h"

/*
 * The first interval between checks of an orphan in FIN_WAIT2: its peer's FIN can arrive any time.
 */
#define FIRST_LOOK_NS (50 * NSEC_PER_MSEC)
#define LAST_LOOK_NS  NSEC_PER_SEC

/* The interval between checks of a request socket, as a part of its age: floods create many. */
#define PARTS_OF_AGE 32

/* A timer may be late. */
#define LOOK_AGAIN_NS (10 * NSEC_PER_MSEC)

/* The kernel's record of an end may be late, or lost: then a check finds the end. */
#define TOLD_LATE_NS NSEC_PER_SEC

/* The child of a request socket that is gone may be reported slightly later. */
#define CHILD_LATE_NS (20 * NSEC_PER_MSEC)

/* Ends are reported in batches of this duration, so that many ends cause few wake-ups. */
#define BATCH_NS (10 * NSEC_PER_MSEC)

/* The kernel reports an end by its cookie, which a minisock without a known address lacks. */
static bool end_is_reported(const struct minisocks *m, const struct transition *t)
{
	return m->has_exact_ends && t->minisock;
}

static uint64_t first_look(const struct minisocks *m, const struct transition *t)
{
	if (transition_is_half_open(t))
		return t->time_ns;
	if (end_is_reported(m, t))
		return t->due_ns + TOLD_LATE_NS;
	if (t->newstate == STATE_FIN_WAIT2 && m->look && t->minisock)
		return t->time_ns + FIRST_LOOK_NS;
	return t->due_ns;
}

void minisocks_add(struct minisocks *m, const struct transition *t)
{
	struct watched *found = watchlist_find_cookie(&m->watched, t->cookie);

	/* The initial scan has found it before this transition was reported. */
	if (found)
		watchlist_remove(&m->watched, found);
	watchlist_add(&m->watched, t, first_look(m, t));
}

/*
 * An orphan was in its state before the minisock replaced it, and has not left it as far as known.
 */
static bool is_orphan(const struct transition *t)
{
	return t->oldstate == t->newstate;
}

void minisocks_add_found(struct minisocks *m, const struct transition *found, uint64_t since_ns)
{
	struct transition t = *found;

	t.time_ns = since_ns;
	t.duration_ns = 0;
	t.oldstate = 0;
	t.flags = TRANSITION_TO_MINISOCK | (found->flags & TRANSITION_DURATION_AT_LEAST);
	t.facts = FACT_FOUND;
	/* Its memory may have been reused, which only a cookie would show. */
	if (!t.cookie)
		t.minisock = 0;
	minisocks_add(m, &t);
}

/* The transition of a minisock at time_ns, with what is known of its socket, but no CPU. */
static struct transition transition_of(const struct watched *entry, uint64_t time_ns,
				       enum transition_flags known)
{
	struct transition t = entry->t;
	uint64_t before_ns = is_orphan(&t) ? t.duration_ns : 0;
	bool is_known =
		!is_orphan(&t) || t.flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT);

	/* If it is older than the trace, its start may not be known. */
	if (t.flags & TRANSITION_DURATION_AT_LEAST || !is_known)
		known = TRANSITION_DURATION_AT_LEAST;
	t.oldstate = t.newstate;
	t.duration_ns = before_ns + (time_ns > t.time_ns ? time_ns - t.time_ns : 0);
	t.time_ns = time_ns;
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK | known;
	t.facts = FACT_ORPHAN | (t.facts & FACT_FOUND);
	t.c_pid = 0;
	memset(t.c_comm, 0, sizeof(t.c_comm));
	t.minisock = t.due_ns = 0;
	t.idle_ms = 0;
	t.signal = t.reset_reason = 0;
	return t;
}

static void end(struct minisocks *m, struct watched *entry, uint64_t time_ns,
		enum transition_facts why, enum transition_flags known)
{
	struct transition t = transition_of(entry, time_ns, known);

	t.newstate = STATE_CLOSE;
	t.facts |= why;
	watchlist_remove(&m->watched, entry);
	m->emit(m->context, &t);
}

/* An orphan has received its peer's FIN: the same minisock continues in TIME_WAIT. */
static void rearm(struct minisocks *m, struct watched *entry, uint64_t time_ns, uint64_t due_ns,
		  enum transition_flags known)
{
	struct transition t = transition_of(entry, time_ns, known);

	t.newstate = STATE_TIME_WAIT;
	t.due_ns = due_ns;
	entry->t.newstate = STATE_TIME_WAIT;
	entry->t.flags &= ~TRANSITION_DURATION_AT_LEAST;
	entry->t.time_ns = t.time_ns;
	entry->t.due_ns = due_ns;
	watchlist_look_at(&m->watched, entry,
			  due_ns + (end_is_reported(m, &entry->t) ? TOLD_LATE_NS : 0));
	m->emit(m->context, &t);
}

/* A request that never became a session. */
static void end_request(struct minisocks *m, struct watched *entry)
{
	struct transition begin = transition_of(entry, entry->t.time_ns, 0);
	struct transition t = transition_of(entry, entry->gone_ns, TRANSITION_DURATION_ABOUT);

	begin.oldstate = STATE_LISTEN;
	begin.newstate = STATE_SYN_RECV;
	t.newstate = STATE_CLOSE;
	watchlist_remove(&m->watched, entry);
	m->emit(m->context, &begin);
	m->emit(m->context, &t);
}

/* When a session began: its SYN, or for an active open, connect(). 0: t does not begin one. */
static uint64_t begin_of_session(const struct transition *t)
{
	if (t->newstate == STATE_SYN_RECV || t->newstate == STATE_SYN_SENT)
		return t->time_ns;
	if (t->oldstate == STATE_SYN_SENT)
		return t->time_ns - t->duration_ns;
	return 0;
}

void minisocks_see(struct minisocks *m, const struct transition *t)
{
	uint64_t begin_ns = m->watched.turns.count ? begin_of_session(t) : 0;
	struct watched *entry = begin_ns ? watchlist_find_ends(&m->watched, t) : NULL;

	if (entry && transition_is_half_open(&entry->t))
		watchlist_remove(&m->watched, entry);
	else if (entry && !end_is_reported(m, &entry->t))
		end(m, entry, begin_ns, FACT_RECYCLED, TRANSITION_DURATION_ABOUT);
}

/* The interval to the next check of an orphan: it grows with its age. */
static uint64_t look_interval(const struct watched *entry, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - entry->t.time_ns;

	return age_ns < LAST_LOOK_NS ? FIRST_LOOK_NS : LAST_LOOK_NS;
}

static uint64_t look_interval_of_request(const struct watched *entry, uint64_t now_ns)
{
	uint64_t part_ns = (now_ns - entry->t.time_ns) / PARTS_OF_AGE;

	if (part_ns < FIRST_LOOK_NS)
		return FIRST_LOOK_NS;
	return part_ns < LAST_LOOK_NS ? part_ns : LAST_LOOK_NS;
}

/* Handles the result of checking a request; NULL: the kernel could not be asked. */
static void take_look_at_request(struct minisocks *m, struct watched *entry,
				 const struct minisock_peek *seen, uint64_t now_ns)
{
	if (!seen || seen->state == STATE_NEW_SYN_RECV) {
		watchlist_look_at(&m->watched, entry,
				  now_ns + look_interval_of_request(entry, now_ns));
	} else if (!entry->gone_ns) {
		entry->gone_ns = now_ns;
		watchlist_look_at(&m->watched, entry, now_ns + CHILD_LATE_NS);
	} else {
		end_request(m, entry);
	}
}

/* Handles the result of checking a minisock. */
static void take_look(struct minisocks *m, struct watched *entry, const struct minisock_peek *seen,
		      uint64_t now_ns)
{
	if (!seen->state) {
		if (entry->t.due_ns <= now_ns)
			end(m, entry, entry->t.due_ns, FACT_TIMER, TRANSITION_DURATION_ABOUT);
		else
			end(m, entry, now_ns, 0, TRANSITION_DURATION_ABOUT);
	} else if (seen->state == STATE_TIME_WAIT && entry->t.newstate == STATE_FIN_WAIT2) {
		rearm(m, entry, now_ns + seen->left_ns - TIME_WAIT_NS, seen->due_ns,
		      TRANSITION_DURATION_ABOUT);
	} else if (seen->state == STATE_FIN_WAIT2 && entry->t.due_ns > now_ns) {
		uint64_t next_ns = now_ns + look_interval(entry, now_ns);

		watchlist_look_at(&m->watched, entry,
				  next_ns < entry->t.due_ns ? next_ns : entry->t.due_ns);
	} else {
		/* Its timer is late, or was restarted. */
		entry->t.due_ns = seen->due_ns > now_ns ? seen->due_ns : now_ns + LOOK_AGAIN_NS;
		watchlist_look_at(&m->watched, entry, entry->t.due_ns);
	}
}

/* The kernel could not be asked: only the time of the timer is known. */
static void take_no_look(struct minisocks *m, struct watched *entry, uint64_t now_ns)
{
	uint64_t next_ns = now_ns + look_interval(entry, now_ns);

	if (entry->t.due_ns <= now_ns)
		end(m, entry, entry->t.due_ns, FACT_TIMER, TRANSITION_DURATION_ABOUT);
	else
		watchlist_look_at(&m->watched, entry,
				  next_ns < entry->t.due_ns ? next_ns : entry->t.due_ns);
}

/* Takes up to PEEKS_MAX due entries, and moves them to the end of the heap meanwhile. */
static size_t choose(struct minisocks *m, struct watched **chosen, uint64_t now_ns)
{
	size_t count = 0;

	struct watched *first;

	while (count < PEEKS_MAX && (first = watchlist_first(&m->watched)) &&
	       first->turn.due_ns <= now_ns) {
		chosen[count++] = first;
		watchlist_look_at(&m->watched, first, UINT64_MAX);
	}
	return count;
}

static bool look(struct minisocks *m, struct watched **chosen, struct minisock_peek *peeks,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		peeks[i] = (struct minisock_peek){.address = chosen[i]->t.minisock,
						  .cookie = chosen[i]->t.cookie};
	return m->look && m->look(m->context, peeks, count);
}

void minisocks_expire(struct minisocks *m, uint64_t now_ns)
{
	struct watched *chosen[PEEKS_MAX];
	struct minisock_peek peeks[PEEKS_MAX];
	size_t count;

	while ((count = choose(m, chosen, now_ns))) {
		bool has_looked = look(m, chosen, peeks, count);

		for (size_t i = 0; i < count; i++) {
			if (transition_is_half_open(&chosen[i]->t))
				take_look_at_request(m, chosen[i], has_looked ? &peeks[i] : NULL,
						     now_ns);
			else if (has_looked && peeks[i].address)
				take_look(m, chosen[i], &peeks[i], now_ns);
			else
				take_no_look(m, chosen[i], now_ns);
		}
	}
}

void minisocks_look_last(struct minisocks *m, uint64_t now_ns)
{
	size_t count = m->watched.turns.count;
	struct watched **entries = m->look ? calloc(count + 1, sizeof(struct watched *)) : NULL;

	/* A copy: the heap moves entries when their turns change. */
	if (entries && count)
		memcpy(entries, m->watched.turns.entries, count * sizeof(struct watched *));
	for (size_t i = 0; entries && i < count; i++)
		if (entries[i]->t.newstate == STATE_FIN_WAIT2 && entries[i]->t.minisock &&
		    !end_is_reported(m, &entries[i]->t))
			watchlist_look_at(&m->watched, entries[i], now_ns);
	free(entries);
	minisocks_expire(m, now_ns);
}

uint64_t minisocks_next_ns(const struct minisocks *m)
{
	const struct watched *first = watchlist_first(&m->watched);

	if (!first || first->turn.due_ns == UINT64_MAX)
		return UINT64_MAX;
	return (first->turn.due_ns / BATCH_NS + 1) * BATCH_NS;
}

void minisocks_add_request(struct minisocks *m, const struct transition *snapshot, uint64_t request)
{
	struct watched *entry = watchlist_find_cookie(&m->watched, snapshot->cookie);
	struct transition t = *snapshot;

	if (entry) {
		entry->t.retrans = snapshot->retrans;
		return;
	}
	/* Without a check, its end would never be found. */
	if (m->has_exact_requests || !m->look)
		return;
	t.time_ns -= t.duration_ns;
	t.duration_ns = 0;
	t.oldstate = STATE_LISTEN;
	t.flags &= ~TRANSITION_DURATION_KNOWN;
	t.facts &= ~FACT_STANDING;
	t.minisock = request;
	minisocks_add(m, &t);
}

void minisocks_end(struct minisocks *m, uint64_t cookie, uint64_t time_ns, bool is_early)
{
	struct watched *entry = watchlist_find_cookie(&m->watched, cookie);

	if (!entry)
		return;
	if (!is_early)
		end(m, entry, time_ns, FACT_TIMER, TRANSITION_DURATION_KNOWN);
	else if (entry->t.newstate == STATE_TIME_WAIT)
		end(m, entry, time_ns, FACT_RECYCLED, TRANSITION_DURATION_KNOWN);
	else
		end(m, entry, time_ns, 0, TRANSITION_DURATION_KNOWN);
}

void minisocks_rearm(struct minisocks *m, uint64_t cookie, uint64_t time_ns, uint64_t due_ns)
{
	struct watched *entry = watchlist_find_cookie(&m->watched, cookie);

	if (entry && entry->t.newstate == STATE_FIN_WAIT2)
		rearm(m, entry, time_ns, due_ns, TRANSITION_DURATION_KNOWN);
}

void minisocks_close(struct minisocks *m)
{
	watchlist_close(&m->watched);
}
