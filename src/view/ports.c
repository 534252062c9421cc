// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Follows the sessions that have a local port. */
#include <stddef.h>
#include <stdlib.h>

#include "trace/cause.h"
#include "trace/state.h"
#include "view/ports.h"

struct port_listener {
	struct hash_entry by_port; /* first member: cast from struct hash_entry * */
	uint64_t port;             /* and namespace: see port_of() */
};

/* States of a session whose connect() is over. A bit each; oldstate may be any. */
#define LIVE_STATES                                                                \
	(1u << STATE_ESTABLISHED | 1u << STATE_FIN_WAIT1 | 1u << STATE_FIN_WAIT2 | \
	 1u << STATE_CLOSE_WAIT | 1u << STATE_LAST_ACK | 1u << STATE_CLOSING)

/* A session that has a local port, which no view holds. */
struct port_follower {
	struct presence presence; /* first member: cast from struct presence * */
	struct port_use use;
};

/* ---- listeners ------------------------------------------------------------------------------- */

static bool is_listener(const struct hash_entry *entry, const void *port)
{
	return ((const struct port_listener *)entry)->port == *(const uint64_t *)port;
}

static uint64_t port_of(const struct transition *t)
{
	return (uint64_t)t->netns << 16 | t->lport;
}

static bool has_listener(const struct ports *ports, const struct transition *t)
{
	uint64_t port = port_of(t);

	return hash_find(&ports->listeners, &port, 1, is_listener, &port);
}

/* Without memory, its older sessions may count. */
static void note_listener(struct ports *ports, const struct transition *t)
{
	struct port_listener *listener;

	if (has_listener(ports, t))
		return;
	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return;
	listener->port = port_of(t);
	if (!hash_add(&ports->listeners, &listener->by_port, &listener->port, 1))
		free(listener);
}

/* ---- ports in use ---------------------------------------------------------------------------- */

const struct port_home *ports_set_space(struct ports *ports, const struct port_space *space)
{
	const struct port_home *home = port_pools_set_space(&ports->pools, space);
	struct hash_entry *entry = NULL;

	while (home && (entry = hash_next(&ports->presences.by_id, entry)))
		port_use_recount(&((struct port_follower *)entry)->use, home);
	return home;
}

static struct port_use *use_of(struct presence *presence)
{
	return presence ? &((struct port_follower *)presence)->use : NULL;
}

/* Of one that no view holds. */
static struct presence *presence_of(struct port_use *use)
{
	return (struct presence *)((char *)use - offsetof(struct port_follower, use));
}

static void forget(struct ports *ports, struct port_use *use)
{
	if (!use)
		return;
	port_use_leave(use);
	if (use->is_held)
		use->pool = NULL;
	else
		presences_remove(&ports->presences, presence_of(use));
}

/* What a view holds from now on may have been in the table: there was no session for it. */
static void hold(struct ports *ports, struct port_use *held, const struct transition *t)
{
	struct presence *presence = presences_find(&ports->presences, t);

	if (presence) {
		*held = *use_of(presence);
		presences_remove(&ports->presences, presence);
	}
	held->is_held = true;
}

/* held: the session's, or NULL: it is in the table. NULL: it has no port. */
static struct port_use *find(struct ports *ports, struct port_use *held, const struct transition *t)
{
	if (!held)
		return use_of(presences_find(&ports->presences, t));
	if (!held->is_held)
		hold(ports, held, t);
	return held->pool ? held : NULL;
}

/* Its place in the table. What is there is the same session's, from a snapshot. */
static struct port_use *add(struct ports *ports, const struct transition *t)
{
	struct port_use *use;

	ports->presences.size = sizeof(struct port_follower);
	use = use_of(presences_add(&ports->presences, t));
	if (use)
		port_use_leave(use);
	return use;
}

/* Follows a session from now on. NULL if there is no room. */
static struct port_use *begin(struct ports *ports, struct port_use *held, struct port_pool *pool,
			      const struct transition *t, bool is_client)
{
	struct port_use *use = held ? held : add(ports, t);

	if (!use)
		return NULL;
	use->pool = pool;
	use->is_client = is_client;
	use->lport = t->lport;
	use->is_time_wait = t->newstate == STATE_TIME_WAIT;
	port_use_enter(use, t);
	return use;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

/* Whether it is a session that is older than the trace, and may be a client's. */
static bool is_older(const struct ports *ports, const struct transition *t)
{
	return !transition_is_at_end(t) && !(t->known & TRANSITION_KNOWN_HOLDER) &&
	       !transition_is_half_open(t) && t->newstate != STATE_CLOSE &&
	       t->newstate != STATE_SYN_RECV && !has_listener(ports, t);
}

/* It was in use before the period. */
static void add_before(struct port_stats *stats, const struct port_use *use)
{
	if (use->is_time_wait)
		stats->time_wait += use->is_counted;
	else
		stats->live += use->is_counted;
}

static struct port_pool *find_standing(struct ports *ports, struct port_use *held,
				       const struct transition *t)
{
	struct port_use *use = find(ports, held, t);
	struct port_pool *pool;

	if (t->newstate == STATE_LISTEN)
		note_listener(ports, t);
	/* A scan did not find its socket. */
	if (use && t->newstate == STATE_CLOSE)
		forget(ports, use);
	if (use || t->newstate == STATE_LISTEN || !is_older(ports, t))
		return NULL;
	pool = port_pools_find_or_add(&ports->pools, t);
	ports->unpooled += !pool;
	use = pool ? begin(ports, held, pool, t, t->newstate == STATE_SYN_SENT) : NULL;
	if (!use)
		return NULL;
	add_before(&pool->lately, use);
	add_before(&pool->whole, use);
	return pool;
}

/* ---- transitions ----------------------------------------------------------------------------- */

/* With a port, it was bound: then the 4-tuple was taken. */
static bool has_found_no_port(const struct transition *t)
{
	return t->oldstate == STATE_SYN_SENT && t->newstate == STATE_CLOSE && !t->lport &&
	       cause_of(t) == CAUSE_NO_PORT;
}

static void fail(struct port_pool *pool, const struct transition *t)
{
	pool->lately.failed++;
	pool->lately.opened -= pool->lately.opened > 0;
	pool->failed_ns = t->time_ns;
}

/* Where it is counted from now on, as its socket or minisock. NULL: there is no room. */
static struct port_use *find_next(struct ports *ports, struct port_use *use,
				  const struct transition *t)
{
	if (!use->is_held) {
		use = use_of(presences_update(&ports->presences, presence_of(use), t));
		if (use)
			port_use_leave(use);
		return use;
	}
	/* The view's session ends. */
	if (t->newstate == STATE_TIME_WAIT) {
		use->pool = NULL;
		return add(ports, t);
	}
	forget(ports, use_of(presences_find_minisock(&ports->presences, t)));
	return use;
}

/* It enters TIME_WAIT, gets a port or becomes a minisock, which a snapshot may have reported. */
static void count_again(struct ports *ports, struct port_use *use, const struct transition *t)
{
	const struct port_use before = *use;

	port_use_leave(use);
	use = find_next(ports, use, t);
	if (!use)
		return;
	use->pool = before.pool;
	use->is_client = before.is_client;
	use->lport = t->lport ? t->lport : before.lport;
	use->is_time_wait = t->newstate == STATE_TIME_WAIT;
	use->pool->lately.lingering += use->is_time_wait && !before.is_time_wait;
	port_use_enter(use, t);
}

/* Nothing that its pool counts changes: most transitions are of this kind. */
static bool stays_live(const struct port_use *use, const struct transition *t)
{
	return LIVE_STATES >> t->newstate & 1 && !use->is_time_wait &&
	       !transition_is_to_minisock(t) && (!t->lport || t->lport == use->lport);
}

/* connect(); or what followed, if that was not seen. */
static struct port_use *connect(struct ports *ports, struct port_use *held,
				const struct transition *t)
{
	struct port_pool *pool = port_pools_find_or_add(&ports->pools, t);

	ports->unpooled += !pool && t->newstate == STATE_SYN_SENT;
	if (!pool)
		return NULL;
	pool->lately.opened++;
	return begin(ports, held, pool, t, true);
}

static struct port_pool *change(struct ports *ports, struct port_use *held,
				const struct transition *t)
{
	bool is_connect = t->newstate == STATE_SYN_SENT;
	struct port_use *use = find(ports, held, t);
	struct port_pool *pool;

	/* What had this address before has ended unseen. */
	if (is_connect || t->oldstate == STATE_LISTEN || t->newstate == STATE_LISTEN) {
		forget(ports, use);
		use = NULL;
	}
	if (!use && (is_connect || t->oldstate == STATE_SYN_SENT))
		use = connect(ports, held, t);
	if (!use)
		return NULL;
	pool = use->pool;
	if (has_found_no_port(t))
		fail(pool, t);
	if (t->newstate == STATE_CLOSE)
		forget(ports, use);
	else if (!is_connect && !stays_live(use, t))
		count_again(ports, use, t);
	return pool;
}

/* False: what the pools count stays as it is. */
static bool may_change(const struct port_use *held, const struct transition *t)
{
	if (!held->is_held || transition_is_snapshot(t))
		return true;
	return held->pool ? !stays_live(held, t)
			  : t->newstate == STATE_SYN_SENT || t->oldstate == STATE_SYN_SENT;
}

/* Whether the pool may be judged differently now. */
static bool note(struct port_pool *pool, const struct transition *t, bool is_match)
{
	bool is_new = is_match && !pool->is_match;

	pool->is_match |= is_match;
	/* Without a port, connect() may still fail. */
	return port_pool_note_peak(pool, t->time_ns, t->newstate == STATE_SYN_SENT && !t->lport) ||
	       is_new;
}

/* noinline: keeps register spills off the fast path. */
static __attribute__((noinline)) struct port_pool *take(struct ports *ports, struct port_use *held,
							const struct transition *t, bool is_match)
{
	struct port_pool *pool =
		transition_is_snapshot(t) ? find_standing(ports, held, t) : change(ports, held, t);

	if (pool)
		note(pool, t, is_match);
	return pool;
}

struct port_pool *ports_take_of(struct ports *ports, struct port_use *held,
				const struct transition *t, bool is_match)
{
	if (!held || may_change(held, t))
		return take(ports, held, t, is_match);
	return held->pool && note(held->pool, t, is_match) ? held->pool : NULL;
}

struct port_pool *ports_take(struct ports *ports, const struct transition *t, bool is_match)
{
	return take(ports, NULL, t, is_match);
}

void ports_drop(struct ports *ports, struct port_use *held, const struct transition *last)
{
	if (!held->pool)
		return;
	if (last->newstate == STATE_TIME_WAIT)
		count_again(ports, held, last);
	else
		forget(ports, held);
}

void ports_close(struct ports *ports)
{
	struct hash_entry *entry, *next = hash_next(&ports->listeners, NULL);

	while ((entry = next)) {
		next = hash_next(&ports->listeners, entry);
		free(entry);
	}
	hash_close(&ports->listeners);
	presences_close(&ports->presences);
	port_pools_close(&ports->pools);
}
