// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Follows the sessions that have a local port. */
#include <stdlib.h>

#include "trace/cause.h"
#include "trace/state.h"
#include "view/ports.h"

struct port_listener {
	struct hash_entry by_port; /* first member: cast from struct hash_entry * */
	uint64_t port;             /* and namespace: see port_of() */
};

/* A session that has a local port. */
struct port_use {
	struct presence presence; /* first member: cast from struct presence * */
	struct port_pool *pool;   /* NULL: none yet */
	uint16_t lport;           /* 0: connect() is choosing it */
	bool is_client;
	bool is_time_wait;
	bool is_counted;
	uint8_t maker; /* its place in makers; PORT_MAKERS_MAX: none */
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

/* Without the range, only what is known to be a client's. */
static bool is_of_pool(const struct port_use *use)
{
	const struct port_space *space = port_pool_space(use->pool);

	if (!space || !use->lport)
		return use->is_client;
	return use->lport >= space->low && use->lport <= space->high;
}

/* t: its most recent transition, for the owner; NULL: not known any more. */
static void enter(struct port_use *use, const struct transition *t)
{
	use->maker = PORT_MAKERS_MAX;
	use->is_counted = is_of_pool(use);
	if (!use->is_counted)
		return;
	if (use->is_time_wait)
		use->pool->time_wait++;
	else
		use->pool->live++;
	if (use->is_time_wait && t)
		use->maker = port_pool_add_maker(use->pool, t);
}

static void leave(struct port_use *use)
{
	if (!use->is_counted)
		return;
	use->is_counted = false;
	if (use->is_time_wait)
		use->pool->time_wait--;
	else
		use->pool->live--;
	if (use->maker < PORT_MAKERS_MAX)
		use->pool->makers[use->maker].count--;
}

void ports_set_space(struct ports *ports, const struct port_space *space)
{
	const struct port_home *home = port_pools_set_space(&ports->pools, space);
	struct hash_entry *entry = NULL;

	while (home && (entry = hash_next(&ports->presences.by_id, entry))) {
		struct port_use *use = (struct port_use *)entry;

		if (use->pool->home != home || is_of_pool(use) == use->is_counted)
			continue;
		leave(use);
		enter(use, NULL);
	}
}

static void forget(struct ports *ports, struct port_use *use)
{
	if (!use)
		return;
	leave(use);
	presences_remove(&ports->presences, &use->presence);
}

static struct port_use *find(const struct ports *ports, const struct transition *t)
{
	return (struct port_use *)presences_find(&ports->presences, t);
}

/* Follows a session from now on. NULL if there is no room. */
static struct port_use *begin(struct ports *ports, struct port_pool *pool,
			      const struct transition *t, bool is_client)
{
	struct port_use *use;

	ports->presences.size = sizeof(struct port_use);
	use = (struct port_use *)presences_add(&ports->presences, t);
	if (!use)
		return NULL;
	use->pool = pool;
	use->is_client = is_client;
	use->lport = t->lport;
	use->is_time_wait = t->newstate == STATE_TIME_WAIT;
	enter(use, t);
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

static struct port_pool *find_standing(struct ports *ports, const struct transition *t)
{
	struct port_use *use = find(ports, t);
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
	use = pool ? begin(ports, pool, t, t->newstate == STATE_SYN_SENT) : NULL;
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

/* The session goes on, perhaps as a minisock, which a snapshot may have reported before. */
static void move(struct ports *ports, struct port_use *use, const struct transition *t)
{
	const struct port_use before = *use;

	leave(use);
	use = (struct port_use *)presences_update(&ports->presences, &use->presence, t);
	if (!use)
		return;
	leave(use);
	use->pool = before.pool;
	use->is_client = before.is_client;
	use->lport = t->lport ? t->lport : before.lport;
	use->is_time_wait = t->newstate == STATE_TIME_WAIT;
	use->pool->lately.lingering += use->is_time_wait && !before.is_time_wait;
	enter(use, t);
}

/* connect(); or what followed, if that was not seen. */
static struct port_use *connect(struct ports *ports, const struct transition *t)
{
	struct port_pool *pool = port_pools_find_or_add(&ports->pools, t);

	ports->unpooled += !pool && t->newstate == STATE_SYN_SENT;
	if (!pool)
		return NULL;
	pool->lately.opened++;
	return begin(ports, pool, t, true);
}

static struct port_pool *change(struct ports *ports, const struct transition *t)
{
	bool is_connect = t->newstate == STATE_SYN_SENT;
	struct port_use *use = find(ports, t);
	struct port_pool *pool;

	/* What had this address before has ended unseen. */
	if (is_connect || t->oldstate == STATE_LISTEN || t->newstate == STATE_LISTEN) {
		forget(ports, use);
		use = NULL;
	}
	if (!use && (is_connect || t->oldstate == STATE_SYN_SENT))
		use = connect(ports, t);
	if (!use)
		return NULL;
	pool = use->pool;
	if (has_found_no_port(t))
		fail(pool, t);
	if (t->newstate == STATE_CLOSE)
		forget(ports, use);
	else if (!is_connect)
		move(ports, use, t);
	return pool;
}

struct port_pool *ports_take(struct ports *ports, const struct transition *t, bool is_match)
{
	struct port_pool *pool =
		transition_is_snapshot(t) ? find_standing(ports, t) : change(ports, t);

	if (!pool)
		return NULL;
	pool->is_match |= is_match;
	/* Without a port, connect() may still fail. */
	port_pool_note_peak(pool, t->time_ns, t->newstate == STATE_SYN_SENT && !t->lport);
	return pool;
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
