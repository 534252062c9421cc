// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a row of --ports derives from its pool: who made those in TIME_WAIT; when it is full. */
#include <inttypes.h>
#include <stdio.h>

#include "trace/clock.h"
#include "view/ports_row.h"

#define TIME_WAIT_US (60 * (int64_t)1000 * 1000) /* TCP_TIMEWAIT_LEN in net/tcp.h */

/* ---- makers ---------------------------------------------------------------------------------- */

/* The index of the most frequent one that is not in done (bits); -1: none is left. */
static int next_maker(const struct port_pool *pool, unsigned int done)
{
	int next = -1;

	for (int i = 0; i < PORT_MAKERS_MAX; i++)
		if (pool->makers[i].count && !(done & 1u << i) &&
		    (next < 0 || pool->makers[i].count > pool->makers[next].count))
			next = i;
	return next;
}

void ports_row_name_makers(struct ports_row *row)
{
	const struct port_pool *pool = row->pool;
	uint32_t left = pool->time_wait;
	unsigned int done = 0;
	size_t length = 0;
	int i;

	row->makers[0] = '\0';
	while ((i = next_maker(pool, done)) >= 0) {
		const struct port_maker *maker = &pool->makers[i];

		length += snprintf(row->makers + length, sizeof(row->makers) - length,
				   "%s%.*s %" PRIu32, length ? ", " : "", TRANSITION_COMM_SIZE,
				   *maker->comm ? maker->comm : "unknown", maker->count);
		left -= maker->count;
		done |= 1u << i;
	}
	if (left)
		snprintf(row->makers + length, sizeof(row->makers) - length, "%sothers %" PRIu32,
			 length ? ", " : "", left);
}

/* Below a tenth of the ports, a few connections would look like growth. */
#define LEAST_PART 10

/* ---- when the pool is full ------------------------------------------------------------------- */

/* Ports, and how many more there are after a period as long as the last one. */
struct growth {
	int64_t span_us;
	int64_t free;
	int64_t live;      /* more of live sessions, */
	int64_t time_wait; /* and in TIME_WAIT, */
	int64_t left;      /* by how much that still grows: from then on as many end as begin */
};

/* No pool has more ports, and no rate is that high: keeps the products below in 63 bits. */
#define PORTS_MOST   ((int64_t)100000)
#define TIME_MOST_US ((int64_t)10000 * 1000 * 1000 * 1000)

static int64_t at_most(int64_t number, int64_t most)
{
	return number > most ? most : number;
}

static struct growth growth_of(const struct ports_row *row, const struct port_space *space)
{
	const struct port_pool *pool = row->pool;
	struct growth growth = {
		.span_us = row->report.span_ns / NSEC_PER_USEC,
		.free = (int64_t)port_space_count(space) - port_pool_taken(pool),
		.live = at_most(pool->live - row->stats->live, PORTS_MOST),
	};
	int64_t lingering = at_most(row->stats->lingering, PORTS_MOST * PORTS_MOST);

	if (port_pool_reuses(pool) || !growth.span_us)
		return growth;
	growth.time_wait = at_most(pool->time_wait - row->stats->time_wait, PORTS_MOST);
	growth.left =
		at_most(lingering * TIME_WAIT_US / growth.span_us - pool->time_wait, PORTS_MOST);
	if (growth.left <= 0)
		growth.left = growth.time_wait = 0;
	return growth;
}

/* Microseconds until that number of ports is taken, at a rate of more in the span. */
static int64_t time_for(const struct growth *growth, int64_t ports, int64_t more)
{
	return ports * growth->span_us / more;
}

/* Microseconds; below 0: never. */
static int64_t full_in_us(const struct growth *growth)
{
	int64_t more = growth->live + growth->time_wait, before_us = 0, free;

	if (growth->free <= 0)
		return 0;
	if (growth->time_wait > 0)
		before_us =
			at_most(time_for(growth, growth->left, growth->time_wait), TIME_MOST_US);
	if (more > 0 && growth->time_wait > 0 && time_for(growth, growth->free, more) <= before_us)
		return time_for(growth, growth->free, more);
	if (growth->live <= 0)
		return -1;
	/* From then on, only live sessions become more. */
	free = growth->free - growth->left - growth->live * before_us / growth->span_us;
	return before_us + (free > 0 ? time_for(growth, free, growth->live) : 0);
}

bool ports_row_full_in(const struct ports_row *row, uint64_t *ns)
{
	const struct port_space *space = port_pool_space(row->pool);
	struct growth growth;
	int64_t us;

	if (!space || port_pool_taken(row->pool) * LEAST_PART < port_space_count(space))
		return false;
	growth = growth_of(row, space);
	us = growth.span_us > 0 && growth.span_us < TIME_MOST_US ? full_in_us(&growth) : -1;
	if (us < 0)
		return false;
	*ns = (uint64_t)us * NSEC_PER_USEC;
	return true;
}
