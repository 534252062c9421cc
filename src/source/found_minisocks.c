// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compares the minisocks that the initial scan finds with the transitions that arrive meanwhile. */
#include <stdbool.h>
#include <string.h>

#include "source/found_minisocks.h"

void found_minisocks_add(struct found_minisocks *m, const struct record_minisock_found *found)
{
	record_queue_add(&m->found, found, sizeof(*found));
}

void found_minisocks_see(struct found_minisocks *m, const void *data, size_t size)
{
	const struct record_transition *record = data;

	if (size >= sizeof(*record) && record->header.kind == RECORD_TRANSITION &&
	    transition_is_to_minisock(&record->transition))
		watchlist_add(&m->traced, &record->transition, 0);
}

/*
 * A minisock without a cookie belongs to a session that was first traced when it ended, which is
 * why the session's transition does not know it (minisock is 0), or to a kernel before 5.12, where
 * only the address is known.
 */
static bool is_traced(const struct found_minisocks *m, const struct transition *t)
{
	const struct watched *traced;

	if (t->cookie)
		return watchlist_find_cookie(&m->traced, t->cookie);
	traced = watchlist_find_ends(&m->traced, t);
	return traced && (!traced->t.minisock || traced->t.minisock == t->minisock);
}

bool found_minisocks_take(struct found_minisocks *m, struct record_minisock_found *found)
{
	const void *first;
	size_t size;

	while ((first = record_queue_first(&m->found, &size))) {
		memcpy(found, first, sizeof(*found));
		record_queue_drop_first(&m->found);
		if (is_traced(m, &found->transition))
			continue;
		/* An iterator may show one twice. */
		watchlist_add(&m->traced, &found->transition, 0);
		return true;
	}
	return false;
}

void found_minisocks_close(struct found_minisocks *m)
{
	record_queue_close(&m->found);
	watchlist_close(&m->traced);
}
