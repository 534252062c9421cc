// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * When minisocks end: reported by the kernel, found by a check, or inferred from the next session.
 */
#include <stdlib.h>
#include <string.h>

#include "source/look_plan.h"
#include "source/minisock_tracker.h"
#include "source/minisock_transition.h"
#include "trace/clock.h"
#include "trace/state.h"

/* A timer may be late. */
#define LOOK_AGAIN_NS (10 * NSEC_PER_MSEC)

/* The kernel's record of an end may be late, or lost: then a check finds the end. */
#define TOLD_LATE_NS NSEC_PER_SEC

/* The child of a request socket that is gone may be reported slightly later. */
#define CHILD_LATE_NS (20 * NSEC_PER_MSEC)

/* The end of a minisock that was there so shortly before is dated when it was found gone. */
#define SEEN_LATELY_NS (NSEC_PER_SEC + NSEC_PER_SEC / 4)

/*
 * One that was there so shortly before its timer was due, and not after, ended by the timer: longer
 * than between two checks. If this process was held up, more may have happened.
 */
#define SEEN_BEFORE_DUE_NS (6 * NSEC_PER_SEC)

/* Ends are reported in batches of this duration, so that many ends cause few wake-ups. */
#define BATCH_NS (10 * NSEC_PER_MSEC)

/* The kernel reports an end by the cookie or the address. */
static bool end_is_reported(const struct minisocks *m, const struct transition *t)
{
	return m->has_exact_ends && t->minisock;
}

/* seen_ns: when it was in its state. */
static uint64_t first_look(const struct minisocks *m, const struct transition *t, uint64_t seen_ns)
{
	if (transition_is_half_open(t))
		return t->time_ns;
	if (end_is_reported(m, t))
		return t->due_ns + TOLD_LATE_NS;
	return m->look && t->minisock ? look_next(t, seen_ns, m->watched.turns.count) : t->due_ns;
}

/* seen_ns: when it was in its state, at or after t->time_ns. Without memory, nothing happens. */
static void watch(struct minisocks *m, const struct transition *t, uint64_t seen_ns)
{
	struct watched *found = watchlist_find_cookie(&m->watched, t->cookie);
	struct watched *entry;

	/* The initial scan has found it before this transition was reported. */
	if (found)
		watchlist_remove(&m->watched, found);
	entry = watchlist_add(&m->watched, t, first_look(m, t, seen_ns));

	if (entry)
		entry->seen_ns = seen_ns;
}

void minisocks_add_found(struct minisocks *m, const struct transition *found, uint64_t since_ns)
{
	struct transition t = *found;

	t.time_ns = since_ns;
	t.duration_ns = 0;
	t.oldstate = 0;
	/* Its timer shows when TIME_WAIT began, to a jiffy. */
	t.flags = TRANSITION_TO_MINISOCK |
		  (found->flags & TRANSITION_DURATION_AT_LEAST ? TRANSITION_DURATION_AT_LEAST
							       : TRANSITION_DURATION_ABOUT);
	t.facts = FACT_FOUND;
	watch(m, &t, found->time_ns);
}

static void finish(struct minisocks *m, struct watched *entry, struct transition *end)
{
	end->newstate = STATE_CLOSE;
	watchlist_remove(&m->watched, entry);
	m->emit(m->context, end);
}

static void end(struct minisocks *m, struct watched *entry, uint64_t time_ns,
		enum transition_facts why, enum transition_flags known)
{
	struct transition t = minisock_transition(entry, time_ns, known);

	t.facts |= why;
	finish(m, entry, &t);
}

/* Something ended it before now_ns, and after it was last seen. */
static void end_unseen(struct minisocks *m, struct watched *entry, uint64_t now_ns)
{
	if (now_ns <= entry->seen_ns + SEEN_LATELY_NS)
		end(m, entry, now_ns, 0, TRANSITION_DURATION_ABOUT);
	else
		end(m, entry, entry->seen_ns, 0, TRANSITION_DURATION_AT_LEAST);
}

void minisocks_add(struct minisocks *m, const struct transition *t)
{
	struct watched *entry = watchlist_find_address(&m->watched, t->minisock);

	/* Its memory is used again. Not so if the initial scan has found this one. */
	if (entry && entry->seen_ns < t->time_ns)
		end_unseen(m, entry, t->time_ns);
	watch(m, t, t->time_ns);
}

/* An orphan has received its peer's FIN: the same minisock continues in TIME_WAIT. */
static void rearm(struct minisocks *m, struct watched *entry, uint64_t time_ns, uint64_t due_ns,
		  enum transition_flags known)
{
	struct transition t = minisock_transition(entry, time_ns, known);

	t.newstate = STATE_TIME_WAIT;
	t.due_ns = due_ns;
	entry->t.newstate = STATE_TIME_WAIT;
	entry->t.flags &= ~(TRANSITION_DURATION_AT_LEAST | TRANSITION_DURATION_ABOUT);
	entry->t.time_ns = entry->seen_ns = t.time_ns;
	entry->t.due_ns = due_ns;
	watchlist_look_at(&m->watched, entry, first_look(m, &entry->t, t.time_ns));
	m->emit(m->context, &t);
}

/* A request that never became a session. */
static void end_request(struct minisocks *m, struct watched *entry)
{
	struct transition begin = minisock_transition(entry, entry->t.time_ns, 0);
	struct transition t = minisock_transition(entry, entry->gone_ns, TRANSITION_DURATION_ABOUT);

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

/* Only TIME_WAIT makes room for a new session: an orphan in FIN_WAIT2 had ended before. */
static void end_replaced(struct minisocks *m, struct watched *entry, uint64_t begin_ns)
{
	if (entry->t.newstate == STATE_TIME_WAIT)
		end(m, entry, begin_ns, FACT_RECYCLED, TRANSITION_DURATION_ABOUT);
	else
		end_unseen(m, entry, begin_ns);
}

void minisocks_see(struct minisocks *m, const struct transition *t)
{
	uint64_t begin_ns = m->watched.turns.count ? begin_of_session(t) : 0;
	struct watched *entry = begin_ns ? watchlist_find_ends(&m->watched, t) : NULL;

	if (entry && transition_is_half_open(&entry->t))
		watchlist_remove(&m->watched, entry);
	else if (entry && !end_is_reported(m, &entry->t))
		end_replaced(m, entry, begin_ns);
}

static void look_again(struct minisocks *m, struct watched *entry, uint64_t now_ns)
{
	watchlist_look_at(&m->watched, entry, look_next(&entry->t, now_ns, m->watched.turns.count));
}

/* Handles the result of checking a request; NULL: the kernel could not be asked. */
static void take_look_at_request(struct minisocks *m, struct watched *entry,
				 const struct minisock_peek *seen, uint64_t now_ns)
{
	if (!seen || seen->state == STATE_NEW_SYN_RECV) {
		look_again(m, entry, now_ns);
	} else if (!entry->gone_ns) {
		entry->gone_ns = now_ns;
		watchlist_look_at(&m->watched, entry, now_ns + CHILD_LATE_NS);
	} else {
		end_request(m, entry);
	}
}

/* It is gone. */
static void take_end(struct minisocks *m, struct watched *entry, uint64_t now_ns)
{
	uint64_t due_ns = entry->t.due_ns;

	if (due_ns <= now_ns && due_ns <= entry->seen_ns + SEEN_BEFORE_DUE_NS)
		end(m, entry, due_ns, FACT_TIMER, TRANSITION_DURATION_ABOUT);
	else
		end_unseen(m, entry, now_ns);
}

/* Handles the result of checking a minisock. */
static void take_look(struct minisocks *m, struct watched *entry, const struct minisock_peek *seen,
		      uint64_t now_ns)
{
	if (seen->state == STATE_TIME_WAIT && entry->t.newstate == STATE_FIN_WAIT2) {
		rearm(m, entry, now_ns + seen->left_ns - TIME_WAIT_NS, seen->due_ns,
		      TRANSITION_DURATION_ABOUT);
		entry->seen_ns = now_ns;
	} else if (seen->state != entry->t.newstate) {
		take_end(m, entry, now_ns);
	} else if (entry->t.due_ns > now_ns) {
		entry->seen_ns = now_ns;
		look_again(m, entry, now_ns);
	} else {
		/* Its timer is late, or was restarted. */
		entry->seen_ns = now_ns;
		entry->t.due_ns = seen->due_ns > now_ns ? seen->due_ns : now_ns + LOOK_AGAIN_NS;
		look_again(m, entry, now_ns);
	}
}

/* The kernel could not be asked: only the time of the timer is known. */
static void take_no_look(struct minisocks *m, struct watched *entry, uint64_t now_ns)
{
	if (entry->t.due_ns <= now_ns)
		end(m, entry, entry->t.due_ns, FACT_TIMER, TRANSITION_DURATION_ABOUT);
	else
		look_again(m, entry, now_ns);
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

static void fill_peek(struct minisock_peek *peek, const struct transition *t)
{
	*peek = (struct minisock_peek){
		.address = t->minisock,
		.cookie = t->cookie,
		.netns = t->netns,
		.lport = t->lport,
		.rport = t->rport,
	};
	memcpy(peek->laddr, t->laddr, sizeof(peek->laddr));
	memcpy(peek->raddr, t->raddr, sizeof(peek->raddr));
}

static bool look(struct minisocks *m, struct watched **chosen, struct minisock_peek *peeks,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		fill_peek(&peeks[i], &chosen[i]->t);
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
		if (!transition_is_half_open(&entries[i]->t) && entries[i]->t.minisock &&
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

/*
 * The minisock of a record; NULL: none. By its address only if one of them has no cookie, and not
 * if the initial scan has found another there since.
 */
static struct watched *find_reported(const struct minisocks *m,
				     const struct record_minisock *record)
{
	struct watched *entry = watchlist_find_cookie(&m->watched, record->cookie);

	if (entry)
		return entry;
	entry = watchlist_find_address(&m->watched, record->skaddr);
	if (!entry || (entry->t.cookie && record->cookie) || record->time_ns < entry->seen_ns)
		return NULL;
	return entry;
}

static enum transition_facts facts_of_end(const struct record_minisock *record)
{
	static const enum transition_facts facts[MINISOCK_ENDS] = {
		[MINISOCK_TIMER] = FACT_TIMER,
		[MINISOCK_RECYCLED] = FACT_RECYCLED,
		[MINISOCK_RESET_RECEIVED] = FACT_RESET_RECEIVED,
		[MINISOCK_RESET_SENT] = FACT_RESET_SENT,
		[MINISOCK_DESTROYED] = FACT_DESTROYED,
	};

	return record->end < MINISOCK_ENDS ? facts[record->end] : 0;
}

void minisocks_end(struct minisocks *m, const struct record_minisock *record)
{
	struct watched *entry = find_reported(m, record);
	struct transition t;

	if (!entry)
		return;
	t = minisock_transition(entry, record->time_ns, TRANSITION_DURATION_KNOWN);
	t.facts |= facts_of_end(record);
	t.reset_reason = record->reset_reason;
	finish(m, entry, &t);
}

void minisocks_rearm(struct minisocks *m, const struct record_minisock *record)
{
	struct watched *entry = find_reported(m, record);

	if (entry && entry->t.newstate == STATE_FIN_WAIT2)
		rearm(m, entry, record->time_ns, record->due_ns, TRANSITION_DURATION_KNOWN);
}

void minisocks_close(struct minisocks *m)
{
	watchlist_close(&m->watched);
}
