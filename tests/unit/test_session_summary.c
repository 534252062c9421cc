// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups of sessions, what is counted of each, what is not known, and the bounds. */
#include <stdlib.h>

#include "trace/state.h"
#include "unit.h"
#include "view/session_summary.h"

#define MS ((uint64_t)1000000)

struct world {
	struct grouping grouping;
	struct session_summary summary;
	struct session session;
	struct session_row row;
};

/* The row is that of a client that closed after it was established. */
static void world_open(struct world *world, const char *key, const char *second)
{
	memset(world, 0, sizeof(*world));
	session_summary_init(&world->summary, &world->grouping, NULL);
	CHECK(!grouping_add(&world->grouping, key));
	if (second)
		CHECK(!grouping_add(&world->grouping, second));
	world->session.role = SESSION_CLIENT;
	world->session.is_begun = true;
	world->row = (struct session_row){
		.session = &world->session,
		.status = SESSION_ENDED,
		.closer = CLOSER_LOCAL,
		.cause = CAUSE_CLOSE,
		.has_figures = true,
		.path = {{.state = STATE_SYN_SENT}, {.state = STATE_ESTABLISHED}},
		.path_count = 2,
		.handshake = {.ns = 2 * MS, .flags = TRANSITION_DURATION_KNOWN},
		.life = {.ns = 50 * MS, .flags = TRANSITION_DURATION_KNOWN},
		.last = {.flags = TRANSITION_HAS_DETAILS,
			 .ip = 4,
			 .lport = 40000,
			 .rport = 80,
			 .comm = "curl",
			 .tx_bytes = 10,
			 .rx_bytes = 1000,
			 .retrans = 1,
			 .segs_out = 4,
			 .known = TRANSITION_KNOWN_SEGS_OUT},
	};
}

static void take(struct world *world, unsigned int count)
{
	while (count--)
		session_summary_take(&world->summary, &world->row);
}

/* The only group. */
static const struct session_group *group(const struct world *world)
{
	static const struct session_group none;

	CHECK_NUMBER(1, world->summary.table.count);
	return world->summary.table.count
		       ? (const struct session_group *)world->summary.table.groups[0]
		       : &none;
}

static void statistics(void)
{
	struct world world;
	const struct session_stats *stats;

	world_open(&world, "comm", NULL);
	take(&world, 3);
	stats = &group(&world)->lately;
	CHECK_NUMBER(3, stats->sessions);
	CHECK_NUMBER(0, stats->failed);
	CHECK_NUMBER(0, stats->lost);
	CHECK_NUMBER(3, stats->closed[CLOSER_LOCAL]);
	CHECK_NUMBER(3, stats->handshake.times.count);
	CHECK_NUMBER(50 * MS, stats->life.times.max);
	CHECK_NUMBER(3, stats->measured);
	CHECK_NUMBER(30, stats->tx_bytes);
	CHECK_NUMBER(3000, stats->rx_bytes);
	CHECK_NUMBER(3, stats->counted_retrans);
	CHECK_NUMBER(12, stats->segs_out);
	session_summary_turn(&world.summary);
	take(&world, 1);
	CHECK_NUMBER(1, group(&world)->lately.sessions);
	CHECK_NUMBER(1, group(&world)->lately.handshake.times.count);
	CHECK_NUMBER(3, group(&world)->whole.sessions);
	session_summary_turn(&world.summary);
	CHECK_NUMBER(0, group(&world)->lately.sessions);
	CHECK_NUMBER(4, group(&world)->whole.sessions);
	CHECK_NUMBER(4, group(&world)->whole.life.times.count);
	CHECK_NUMBER(40, group(&world)->whole.tx_bytes);
	session_summary_close(&world.summary);
}

/* What is not known is in no sum, no percentile, and under no end. */
static void not_known(void)
{
	struct world world;
	const struct session_stats *stats;

	world_open(&world, "role", NULL);
	world.row.status = SESSION_LOST;
	world.row.cause = CAUSE_RESET_RECEIVED;
	world.row.closer = CLOSER_UNKNOWN;
	world.row.has_figures = false;
	world.row.handshake.flags = 0;
	world.row.life.flags = TRANSITION_DURATION_AT_LEAST;
	take(&world, 1);
	world.row.has_figures = true;
	world.row.last.known = 0;
	take(&world, 1);
	world.row.last.flags = 0;
	take(&world, 1);
	stats = &group(&world)->lately;
	CHECK_NUMBER(0, session_stats_leading_cause(stats));
	session_summary_turn(&world.summary);
	stats = &group(&world)->whole;
	CHECK_NUMBER(3, stats->sessions);
	CHECK_NUMBER(3, stats->lost);
	CHECK_NUMBER(0, stats->failed);
	CHECK_NUMBER(0, stats->handshake.times.count);
	CHECK_NUMBER(0, stats->handshake.at_least);
	CHECK_NUMBER(0, stats->life.times.count);
	CHECK_NUMBER(3, stats->life.at_least);
	CHECK_NUMBER(1, stats->measured);
	CHECK_NUMBER(0, stats->counted);
	CHECK_NUMBER(0, stats->segs_out);
	CHECK_NUMBER(3, stats->closed[CLOSER_UNKNOWN]);
	session_summary_close(&world.summary);
}

static void failures(void)
{
	struct world world;
	const struct session_stats *stats;

	world_open(&world, "comm", NULL);
	take(&world, 5);
	world.row.cause = CAUSE_RESET_RECEIVED;
	take(&world, 2);
	world.row.cause = CAUSE_REFUSED;
	take(&world, 2);
	stats = &group(&world)->lately;
	CHECK_NUMBER(4, stats->failed);
	CHECK_NUMBER(CAUSE_RESET_RECEIVED, session_stats_leading_cause(stats)); /* the first */
	take(&world, 1);
	CHECK_NUMBER(CAUSE_REFUSED, session_stats_leading_cause(stats));
	/* Given up by its owner before it was established; one that was not seen from the start. */
	world.row.cause = CAUSE_CLOSE;
	world.row.path_count = 1;
	take(&world, 1);
	CHECK_NUMBER(6, stats->failed);
	world.session.is_partial = true;
	take(&world, 1);
	CHECK_NUMBER(6, stats->failed);
	/* One that is open has not failed. */
	world.session.is_partial = false;
	world.row.status = SESSION_OPEN;
	CHECK(!session_row_has_failed(&world.row));
	session_summary_close(&world.summary);
}

/* The service's port, whichever end has it. */
static void keys(void)
{
	static const struct {
		enum session_role role;
		uint16_t port;
	} rows[] = {{SESSION_CLIENT, 80}, {SESSION_SERVER, 40000}, {SESSION_ROLE_UNKNOWN, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct world world;
		const struct group_key *key;

		world_open(&world, "port", "role");
		CHECK(!grouping_add(&world.grouping, "closed_by"));
		CHECK(!grouping_add(&world.grouping, "cause"));
		world.session.role = rows[i].role;
		world.row.cause = CAUSE_KEEPALIVE;
		world.row.closer = CLOSER_NONE;
		take(&world, 1);
		key = &group(&world)->keyed.key;
		CHECK_NUMBER(rows[i].port, key->port);
		CHECK_NUMBER(rows[i].role, key->role);
		CHECK_NUMBER(CLOSER_NONE, key->closed_by);
		CHECK_NUMBER(CAUSE_KEEPALIVE, key->cause);
		CHECK_NUMBER(0, key->lport);
		session_summary_close(&world.summary);
	}
}

/* Those beyond are in one group. */
static void many_groups(void)
{
	struct world world;
	const struct keyed_group **sorted;
	size_t count = 0;

	world_open(&world, "pid", NULL);
	for (uint32_t pid = 1; pid <= SESSION_GROUPS_MAX + 50; pid++) {
		world.row.last.pid = pid;
		take(&world, 1);
	}
	CHECK_NUMBER(SESSION_GROUPS_MAX + 1, world.summary.table.count);
	CHECK_NUMBER(50, session_summary_others(&world.summary));
	sorted = session_summary_sort(&world.summary, true, &count);
	CHECK_NUMBER(SESSION_GROUPS_MAX + 1, count);
	CHECK(sorted[0] == world.summary.table.other);
	CHECK(sorted[1] != world.summary.table.other);
	free(sorted);
	session_summary_close(&world.summary);
}

static struct transition transition(uint64_t skaddr, uint8_t oldstate, uint8_t newstate)
{
	return (struct transition){.skaddr = skaddr,
				   .oldstate = oldstate,
				   .newstate = newstate,
				   .flags = TRANSITION_HAS_DETAILS,
				   .comm = "a"};
}

/* Sessions that are open are in the groups of their keys, as far as they match. */
static void open_sessions(void)
{
	struct world world;
	struct sessions sessions = {.has_steps = true};
	const struct keyed_group **sorted;
	size_t count = 0;

	world_open(&world, "comm", NULL);
	for (uint64_t skaddr = 1; skaddr <= 3; skaddr++) {
		struct transition t = transition(skaddr, STATE_CLOSE, STATE_SYN_SENT);

		CHECK(sessions_take(&sessions, &t, skaddr < 3) != NULL);
	}
	session_summary_count_open(&world.summary, &sessions);
	session_summary_count_open(&world.summary, &sessions);
	CHECK_NUMBER(2, group(&world)->open);
	sorted = session_summary_sort(&world.summary, false, &count);
	CHECK_NUMBER(1, count);
	free(sorted);
	sessions_close(&sessions);
	session_summary_count_open(&world.summary, &sessions);
	CHECK_NUMBER(0, group(&world)->open);
	sorted = session_summary_sort(&world.summary, false, &count);
	CHECK_NUMBER(0, count);
	free(sorted);
	session_summary_close(&world.summary);
}

UNIT_MAIN("session_summary", TEST(statistics), TEST(not_known), TEST(failures), TEST(keys),
	  TEST(many_groups), TEST(open_sessions))
