// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisocks that live: two hash tables and a heap over the same entries. */
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "../state.h"
#include "minisock.h"

/* TCP_TIMEWAIT_LEN in net/tcp.h: no option changes it. */
#define TIME_WAIT_NS (60 * NSEC_PER_SEC)

/* How soon an orphan in FIN_WAIT2 is looked at again: its peer's FIN may come at any time. */
#define FIRST_LOOK_NS (50 * NSEC_PER_MSEC)
#define LAST_LOOK_NS  NSEC_PER_SEC

/* A timer may be late. */
#define LOOK_AGAIN_NS (10 * NSEC_PER_MSEC)

/* The kernel's word of an end may be late, or lost: then looking must do. */
#define TOLD_LATE_NS NSEC_PER_SEC

/* A request that is gone may have a child, of which the ring buffer tells a little later. */
#define CHILD_LATE_NS (20 * NSEC_PER_MSEC)

/* Ends are told in batches of so long, so that many of them are few wake-ups. */
#define BATCH_NS (10 * NSEC_PER_MSEC)

struct minisock_entry {
	struct transition t; /* that began it; newstate is its state now, time_ns since when */
	uint64_t look_ns;    /* when to look at it next */
	struct minisock_entry *next_by_ends;
	struct minisock_entry *next_by_cookie;
	size_t place;     /* in the heap */
	uint64_t gone_ns; /* a request's: when it was found gone; 0: it was not */
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15u;
}

static uint64_t hash_of_ends(const struct transition *t)
{
	uint64_t hash = mix(t->netns, (uint64_t)t->lport << 16 | t->rport);
	uint64_t words[4];

	memcpy(words, t->laddr, sizeof(t->laddr));
	memcpy(words + 2, t->raddr, sizeof(t->raddr));
	for (int i = 0; i < 4; i++)
		hash = mix(hash ^ hash >> 32, words[i]);
	return hash >> 32;
}

static uint64_t hash_of_cookie(uint64_t cookie)
{
	return mix(0, cookie) >> 32;
}

static bool has_same_ends(const struct transition *a, const struct transition *b)
{
	return a->netns == b->netns && a->lport == b->lport && a->rport == b->rport &&
	       !memcmp(a->laddr, b->laddr, sizeof(a->laddr)) &&
	       !memcmp(a->raddr, b->raddr, sizeof(a->raddr));
}

static struct minisock_entry **bucket_by_ends(struct minisocks *m, const struct transition *t)
{
	return &m->by_ends[hash_of_ends(t) & (m->buckets - 1)];
}

static struct minisock_entry **bucket_by_cookie(struct minisocks *m, uint64_t cookie)
{
	return &m->by_cookie[hash_of_cookie(cookie) & (m->buckets - 1)];
}

static void link_entry(struct minisocks *m, struct minisock_entry *entry)
{
	struct minisock_entry **ends = bucket_by_ends(m, &entry->t);
	struct minisock_entry **cookie = bucket_by_cookie(m, entry->t.cookie);

	entry->next_by_ends = *ends;
	*ends = entry;
	entry->next_by_cookie = *cookie;
	*cookie = entry;
}

static void unlink_entry(struct minisocks *m, struct minisock_entry *entry)
{
	struct minisock_entry **ends = bucket_by_ends(m, &entry->t);
	struct minisock_entry **cookie = bucket_by_cookie(m, entry->t.cookie);

	while (*ends != entry)
		ends = &(*ends)->next_by_ends;
	*ends = entry->next_by_ends;
	while (*cookie != entry)
		cookie = &(*cookie)->next_by_cookie;
	*cookie = entry->next_by_cookie;
}

static void heap_set(struct minisocks *m, size_t place, struct minisock_entry *entry)
{
	m->heap[place] = entry;
	entry->place = place;
}

static void heap_up(struct minisocks *m, struct minisock_entry *entry)
{
	size_t place = entry->place;

	while (place && m->heap[(place - 1) / 2]->look_ns > entry->look_ns) {
		heap_set(m, place, m->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	heap_set(m, place, entry);
}

static void heap_down(struct minisocks *m, struct minisock_entry *entry)
{
	size_t place = entry->place, child;

	while ((child = 2 * place + 1) < m->count) {
		if (child + 1 < m->count && m->heap[child + 1]->look_ns < m->heap[child]->look_ns)
			child++;
		if (m->heap[child]->look_ns >= entry->look_ns)
			break;
		heap_set(m, place, m->heap[child]);
		place = child;
	}
	heap_set(m, place, entry);
}

static void look_at(struct minisocks *m, struct minisock_entry *entry, uint64_t look_ns)
{
	entry->look_ns = look_ns;
	heap_up(m, entry);
	heap_down(m, entry);
}

/* Also frees the entry. */
static void remove_entry(struct minisocks *m, struct minisock_entry *entry)
{
	struct minisock_entry *last = m->heap[--m->count];

	if (last != entry) {
		heap_set(m, entry->place, last);
		heap_up(m, last);
		heap_down(m, last);
	}
	unlink_entry(m, entry);
	free(entry);
}

/* Twice the room, with half the entries in each bucket. False without memory: all is as before. */
static bool grow(struct minisocks *m)
{
	size_t room = m->room ? 2 * m->room : 256;
	struct minisock_entry **heap = realloc(m->heap, room * sizeof(*heap));
	struct minisock_entry **by_ends = calloc(room, sizeof(*by_ends));
	struct minisock_entry **by_cookie = calloc(room, sizeof(*by_cookie));

	if (heap)
		m->heap = heap;
	if (!heap || !by_ends || !by_cookie) {
		free(by_ends);
		free(by_cookie);
		return false;
	}
	free(m->by_ends);
	free(m->by_cookie);
	m->by_ends = by_ends;
	m->by_cookie = by_cookie;
	m->buckets = m->room = room;
	for (size_t i = 0; i < m->count; i++)
		link_entry(m, m->heap[i]);
	return true;
}

/* The kernel tells of it by its cookie, which one whose memory is not known does not have. */
static bool is_told(const struct minisocks *m, const struct transition *t)
{
	return m->has_exact_ends && t->minisock;
}

static bool is_request(const struct transition *t)
{
	return t->newstate == STATE_SYN_RECV;
}

static uint64_t first_look(const struct minisocks *m, const struct transition *t)
{
	if (is_request(t))
		return t->time_ns;
	if (is_told(m, t))
		return t->due_ns + TOLD_LATE_NS;
	if (t->newstate == STATE_FIN_WAIT2 && m->look && t->minisock)
		return t->time_ns + FIRST_LOOK_NS;
	return t->due_ns;
}

void minisocks_add(struct minisocks *m, const struct transition *t)
{
	struct minisock_entry *entry;

	if (m->count == m->room && !grow(m))
		return;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return;
	entry->t = *t;
	entry->gone_ns = 0;
	entry->look_ns = first_look(m, t);
	entry->place = m->count++;
	link_entry(m, entry);
	heap_up(m, entry);
}

/* The transition of a minisock at time_ns: what is known of its socket, and no CPU. */
static struct transition transition_of(const struct minisock_entry *entry, uint64_t time_ns,
				       enum transition_flags known)
{
	struct transition t = entry->t;

	/* Of one that was there before, when it began may not be known. */
	if (t.flags & TRANSITION_DURATION_AT_LEAST)
		known = TRANSITION_DURATION_AT_LEAST;
	t.oldstate = t.newstate;
	t.duration_ns = time_ns > t.time_ns ? time_ns - t.time_ns : 0;
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

static void end(struct minisocks *m, struct minisock_entry *entry, uint64_t time_ns,
		enum transition_facts why, enum transition_flags known)
{
	struct transition t = transition_of(entry, time_ns, known);

	t.newstate = STATE_CLOSE;
	t.facts |= why;
	remove_entry(m, entry);
	m->emit(m->context, &t);
}

/* The peer's FIN has come to an orphan: the same minisock waits on. */
static void rearm(struct minisocks *m, struct minisock_entry *entry, uint64_t time_ns,
		  uint64_t due_ns, enum transition_flags known)
{
	struct transition t = transition_of(entry, time_ns, known);

	t.newstate = STATE_TIME_WAIT;
	t.due_ns = due_ns;
	entry->t.newstate = STATE_TIME_WAIT;
	entry->t.flags &= ~TRANSITION_DURATION_AT_LEAST;
	entry->t.time_ns = t.time_ns;
	entry->t.due_ns = due_ns;
	look_at(m, entry, due_ns + (is_told(m, &entry->t) ? TOLD_LATE_NS : 0));
	m->emit(m->context, &t);
}

/* A session never came of it. */
static void end_request(struct minisocks *m, struct minisock_entry *entry)
{
	struct transition begin = transition_of(entry, entry->t.time_ns, 0);
	struct transition t = transition_of(entry, entry->gone_ns, TRANSITION_DURATION_ABOUT);

	begin.oldstate = STATE_LISTEN;
	begin.newstate = STATE_SYN_RECV;
	t.newstate = STATE_CLOSE;
	remove_entry(m, entry);
	m->emit(m->context, &begin);
	m->emit(m->context, &t);
}

/* The SYN of a new session; of one that connects, the time of connect(). 0: begins none. */
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
	uint64_t begin_ns = m->count ? begin_of_session(t) : 0;
	struct minisock_entry *entry;

	if (!begin_ns)
		return;
	entry = *bucket_by_ends(m, t);
	while (entry && !has_same_ends(&entry->t, t))
		entry = entry->next_by_ends;
	if (entry && is_request(&entry->t))
		remove_entry(m, entry);
	else if (entry && !is_told(m, &entry->t))
		end(m, entry, begin_ns, FACT_RECYCLED, TRANSITION_DURATION_ABOUT);
}

/* How long until the next look at an orphan: the longer, the less often. */
static uint64_t look_interval(const struct minisock_entry *entry, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - entry->t.time_ns;

	return age_ns < LAST_LOOK_NS ? FIRST_LOOK_NS : LAST_LOOK_NS;
}

/* What a look at a request has shown; NULL: the kernel could not be asked. */
static void take_look_at_request(struct minisocks *m, struct minisock_entry *entry,
				 const struct minisock_peek *seen, uint64_t now_ns)
{
	if (!seen || seen->state == STATE_NEW_SYN_RECV) {
		look_at(m, entry, now_ns + FIRST_LOOK_NS);
	} else if (!entry->gone_ns) {
		entry->gone_ns = now_ns;
		look_at(m, entry, now_ns + CHILD_LATE_NS);
	} else {
		end_request(m, entry);
	}
}

/* What a look at a minisock has shown. */
static void take_look(struct minisocks *m, struct minisock_entry *entry,
		      const struct minisock_peek *seen, uint64_t now_ns)
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

		look_at(m, entry, next_ns < entry->t.due_ns ? next_ns : entry->t.due_ns);
	} else {
		/* Its timer is late, or was set anew. */
		entry->t.due_ns = seen->due_ns > now_ns ? seen->due_ns : now_ns + LOOK_AGAIN_NS;
		look_at(m, entry, entry->t.due_ns);
	}
}

/* The kernel could not be asked: its timer's time is what is known. */
static void take_no_look(struct minisocks *m, struct minisock_entry *entry, uint64_t now_ns)
{
	uint64_t next_ns = now_ns + look_interval(entry, now_ns);

	if (entry->t.due_ns <= now_ns)
		end(m, entry, entry->t.due_ns, FACT_TIMER, TRANSITION_DURATION_ABOUT);
	else
		look_at(m, entry, next_ns < entry->t.due_ns ? next_ns : entry->t.due_ns);
}

/* Of the entries, those that time has come for, up to PEEKS_MAX; out of the heap's way meanwhile.
 */
static size_t choose(struct minisocks *m, struct minisock_entry **chosen, uint64_t now_ns)
{
	size_t count = 0;

	while (count < PEEKS_MAX && m->count && m->heap[0]->look_ns <= now_ns) {
		chosen[count++] = m->heap[0];
		look_at(m, m->heap[0], UINT64_MAX);
	}
	return count;
}

static bool look(struct minisocks *m, struct minisock_entry **chosen, struct minisock_peek *peeks,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		peeks[i] = (struct minisock_peek){.address = chosen[i]->t.minisock,
						  .cookie = chosen[i]->t.cookie};
	return m->look && m->look(m->context, peeks, count);
}

void minisocks_expire(struct minisocks *m, uint64_t now_ns)
{
	struct minisock_entry *chosen[PEEKS_MAX];
	struct minisock_peek peeks[PEEKS_MAX];
	size_t count;

	while ((count = choose(m, chosen, now_ns))) {
		bool has_looked = look(m, chosen, peeks, count);

		for (size_t i = 0; i < count; i++) {
			if (is_request(&chosen[i]->t))
				take_look_at_request(m, chosen[i], has_looked ? &peeks[i] : NULL,
						     now_ns);
			else if (has_looked && peeks[i].address)
				take_look(m, chosen[i], &peeks[i], now_ns);
			else
				take_no_look(m, chosen[i], now_ns);
		}
	}
}

uint64_t minisocks_next_ns(const struct minisocks *m)
{
	if (!m->count || m->heap[0]->look_ns == UINT64_MAX)
		return UINT64_MAX;
	return (m->heap[0]->look_ns / BATCH_NS + 1) * BATCH_NS;
}

static struct minisock_entry *find_cookie(struct minisocks *m, uint64_t cookie)
{
	struct minisock_entry *entry = m->count ? *bucket_by_cookie(m, cookie) : NULL;

	while (entry && entry->t.cookie != cookie)
		entry = entry->next_by_cookie;
	return entry;
}

void minisocks_add_request(struct minisocks *m, const struct transition *t)
{
	struct minisock_entry *entry = find_cookie(m, t->cookie);

	if (entry)
		entry->t.retrans = t->retrans;
	else if (m->look)
		minisocks_add(m, t);
}

void minisocks_end(struct minisocks *m, uint64_t cookie, uint64_t time_ns, bool is_early)
{
	struct minisock_entry *entry = find_cookie(m, cookie);

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
	struct minisock_entry *entry = find_cookie(m, cookie);

	if (entry && entry->t.newstate == STATE_FIN_WAIT2)
		rearm(m, entry, time_ns, due_ns, TRANSITION_DURATION_KNOWN);
}

void minisocks_close(struct minisocks *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->heap[i]);
	free(m->heap);
	free(m->by_ends);
	free(m->by_cookie);
}
