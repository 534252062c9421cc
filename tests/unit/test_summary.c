// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups of transitions, and where sessions are: against a naive count, and one by one. */
#include <stdlib.h>

#include "trace/state.h"
#include "unit.h"
#include "view/summary.h"

struct world {
	struct grouping grouping;
	struct summary summary;
};

static void world_open(struct world *world, const char *key, const char *second)
{
	memset(world, 0, sizeof(*world));
	summary_init(&world->summary, &world->grouping, NULL);
	CHECK(!grouping_add(&world->grouping, key));
	if (second)
		CHECK(!grouping_add(&world->grouping, second));
}

static const struct summary_group *of(const struct keyed_group *group)
{
	return (const struct summary_group *)group;
}

static const struct summary_group *group_of(const struct world *world, uint8_t state,
					    uint16_t lport)
{
	static const struct summary_group none;

	for (size_t i = 0; i < world->summary.table.count; i++)
		if (world->summary.table.groups[i]->key.state == state &&
		    world->summary.table.groups[i]->key.lport == lport)
			return of(world->summary.table.groups[i]);
	return &none;
}

static struct transition transition(uint64_t skaddr, uint8_t oldstate, uint8_t newstate)
{
	return (struct transition){
		.skaddr = skaddr,
		.oldstate = oldstate,
		.newstate = newstate,
		.duration_ns = 1000000,
		.flags = TRANSITION_HAS_DETAILS | TRANSITION_DURATION_KNOWN,
		.lport = 80,
	};
}

static void take(struct world *world, struct transition t)
{
	summary_take(&world->summary, &t, true);
}

static void life(void)
{
	struct world world;
	struct transition t;

	world_open(&world, "state", NULL);
	take(&world, transition(1, STATE_CLOSE, STATE_SYN_SENT));
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_SENT, 0)->now);
	take(&world, transition(1, STATE_SYN_SENT, STATE_ESTABLISHED));
	CHECK_NUMBER(0, group_of(&world, STATE_SYN_SENT, 0)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_SENT, 0)->lately.times.count);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 0)->lately.entered);
	take(&world, transition(1, STATE_ESTABLISHED, STATE_FIN_WAIT1));
	take(&world, transition(1, STATE_FIN_WAIT1, STATE_FIN_WAIT2));
	/* An orphan: its minisock goes on under its cookie, and the address is another's. */
	t = transition(1, STATE_FIN_WAIT2, STATE_FIN_WAIT2);
	t.flags |= TRANSITION_TO_MINISOCK;
	t.cookie = 77;
	take(&world, t);
	take(&world, transition(1, STATE_CLOSE, STATE_SYN_SENT));
	CHECK_NUMBER(1, group_of(&world, STATE_FIN_WAIT2, 0)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_FIN_WAIT2, 0)->lately.entered);
	CHECK_NUMBER(0, group_of(&world, STATE_FIN_WAIT2, 0)->lately.times.count);
	t = transition(5, STATE_FIN_WAIT2, STATE_TIME_WAIT);
	t.flags |= TRANSITION_OF_MINISOCK;
	t.cookie = 77;
	take(&world, t);
	CHECK_NUMBER(0, group_of(&world, STATE_FIN_WAIT2, 0)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_FIN_WAIT2, 0)->lately.times.count);
	CHECK_NUMBER(1, group_of(&world, STATE_TIME_WAIT, 0)->now);
	t.oldstate = STATE_TIME_WAIT;
	t.newstate = STATE_CLOSE;
	take(&world, t);
	CHECK_NUMBER(0, group_of(&world, STATE_TIME_WAIT, 0)->now);
	CHECK_NUMBER(1, world.summary.presences.by_id.count);
	summary_close(&world.summary);
}

static void listener(void)
{
	struct world world;

	world_open(&world, "state", NULL);
	take(&world, transition(1, STATE_CLOSE, STATE_LISTEN));
	take(&world, transition(2, STATE_LISTEN, STATE_SYN_RECV));
	CHECK_NUMBER(1, group_of(&world, STATE_LISTEN, 0)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_LISTEN, 0)->lately.times.count);
	CHECK_NUMBER(0, group_of(&world, STATE_LISTEN, 0)->lately.unknown);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_RECV, 0)->now);
	take(&world, transition(1, STATE_LISTEN, STATE_CLOSE));
	CHECK_NUMBER(0, group_of(&world, STATE_LISTEN, 0)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_LISTEN, 0)->lately.times.count);
	CHECK_NUMBER(1, group_of(&world, STATE_CLOSE, 0)->lately.entered);
	summary_close(&world.summary);
}

/* What is not known is counted as entered, and elsewhere. */
static void unknown_times(void)
{
	struct world world;
	struct transition t = transition(1, STATE_ESTABLISHED, STATE_FIN_WAIT1);

	world_open(&world, "state", NULL);
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_DURATION_AT_LEAST;
	take(&world, t);
	t.flags = TRANSITION_HAS_DETAILS;
	take(&world, t);
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_DURATION_ABOUT;
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 0)->lately.at_least);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 0)->lately.unknown);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 0)->lately.times.count);
	CHECK_NUMBER(3, group_of(&world, STATE_FIN_WAIT1, 0)->lately.entered);
	CHECK_NUMBER(1, group_of(&world, STATE_FIN_WAIT1, 0)->now);
	summary_close(&world.summary);
}

/* Half-open sessions are in a group while they last; those that are finished go on as their
 * sockets. */
static void half_open(void)
{
	struct world world;
	struct transition t = transition(1, STATE_SYN_RECV, STATE_SYN_RECV);
	struct transition begin = transition(1, STATE_LISTEN, STATE_SYN_RECV);
	struct transition end = transition(1, STATE_SYN_RECV, STATE_CLOSE);

	world_open(&world, "state", "lport");
	t.facts = FACT_STANDING;
	t.flags |= TRANSITION_OF_MINISOCK;
	take(&world, t);
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_RECV, 80)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_SYN_RECV, 80)->lately.entered);
	begin.flags |= TRANSITION_OF_MINISOCK;
	end.flags |= TRANSITION_OF_MINISOCK;
	take(&world, begin);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_RECV, 80)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_RECV, 80)->lately.entered);
	take(&world, end);
	CHECK_NUMBER(0, group_of(&world, STATE_SYN_RECV, 80)->now);

	t.cookie = 1234;
	take(&world, t);
	begin.flags &= ~TRANSITION_OF_MINISOCK;
	begin.cookie = t.cookie;
	take(&world, begin);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_RECV, 80)->now);
	take(&world, transition(1, STATE_SYN_RECV, STATE_ESTABLISHED));
	CHECK_NUMBER(0, group_of(&world, STATE_SYN_RECV, 80)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 80)->now);
	summary_close(&world.summary);
}

/* Sessions that were there before are in a group; those that are looked at again already are. */
static void standing(void)
{
	struct world world;
	struct transition t = transition(1, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT);

	world_open(&world, "state", "lport");
	t.facts = FACT_STANDING;
	take(&world, t);
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_CLOSE_WAIT, 80)->now);
	/* The scan at the end, which a trace has that records, counts none. */
	t.facts |= FACT_AT_END;
	t.skaddr++;
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_CLOSE_WAIT, 80)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE_WAIT, 80)->lately.entered);
	take(&world, transition(1, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE_WAIT, 80)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_LAST_ACK, 80)->now);
	summary_close(&world.summary);
}

/* What does not match is not counted, but tells that a session has gone. */
static void no_match(void)
{
	struct world world;
	struct transition t = transition(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT);

	world_open(&world, "state", NULL);
	take(&world, t);
	t = transition(1, STATE_CLOSE_WAIT, STATE_LAST_ACK);
	summary_take(&world.summary, &t, false);
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE_WAIT, 0)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE_WAIT, 0)->lately.times.count);
	CHECK_NUMBER(0, group_of(&world, STATE_LAST_ACK, 0)->now);
	summary_close(&world.summary);
}

/* What has been added up counts as often. */
static void tallies(void)
{
	struct world world;
	struct transition t = transition(0, STATE_ESTABLISHED, STATE_CLOSE_WAIT);
	struct tally tally = {.transition = &t,
			      .count = 5,
			      .sum_ns = 100,
			      .max_ns = 21,
			      .bucket = bucket_for(20)};

	world_open(&world, "state", NULL);
	world.summary.is_tallied = true;
	summary_take_tally(&world.summary, &tally);
	CHECK_NUMBER(5, group_of(&world, STATE_CLOSE_WAIT, 0)->lately.entered);
	CHECK_NUMBER(5, group_of(&world, STATE_CLOSE_WAIT, 0)->now);
	CHECK(group_of(&world, STATE_ESTABLISHED, 0)->now == -5);
	CHECK_NUMBER(5, group_of(&world, STATE_ESTABLISHED, 0)->lately.times.count);
	CHECK_NUMBER(100, group_of(&world, STATE_ESTABLISHED, 0)->lately.times.sum);
	take(&world, transition(1, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	CHECK_NUMBER(4, group_of(&world, STATE_CLOSE_WAIT, 0)->now);
	CHECK_NUMBER(0, world.summary.presences.by_id.count);
	summary_close(&world.summary);
}

static void turns(void)
{
	struct world world;
	const struct keyed_group **sorted;
	size_t count;

	world_open(&world, "state", NULL);
	take(&world, transition(1, STATE_CLOSE, STATE_SYN_SENT));
	summary_turn(&world.summary);
	take(&world, transition(1, STATE_SYN_SENT, STATE_CLOSE));
	sorted = summary_sort(&world.summary, true, &count);
	CHECK_NUMBER(2, count);
	CHECK_NUMBER(STATE_SYN_SENT, sorted[0]->key.state);
	CHECK_NUMBER(0, of(sorted[0])->lately.entered);
	free(sorted);
	summary_turn(&world.summary);
	sorted = summary_sort(&world.summary, true, &count);
	CHECK_NUMBER(0, count);
	free(sorted);
	sorted = summary_sort(&world.summary, false, &count);
	CHECK_NUMBER(2, count);
	CHECK_NUMBER(1, of(sorted[0])->whole.entered);
	CHECK_NUMBER(1, of(sorted[0])->whole.times.count);
	free(sorted);
	summary_close(&world.summary);
}

/* Those beyond are in one group. */
static void many_groups(void)
{
	struct world world;
	struct transition t = transition(1, STATE_CLOSE, STATE_SYN_SENT);
	size_t others = 0;

	world_open(&world, "pid", NULL);
	for (uint32_t pid = 1; pid <= SUMMARY_GROUPS_MAX + 50; pid++) {
		t.pid = pid;
		t.skaddr = pid;
		take(&world, t);
	}
	CHECK_NUMBER(SUMMARY_GROUPS_MAX + 1, world.summary.table.count);
	CHECK_NUMBER(50, world.summary.others);
	for (size_t i = 0; i < world.summary.table.count; i++)
		if (world.summary.table.groups[i] == world.summary.table.other)
			others = of(world.summary.table.groups[i])->lately.entered;
	CHECK_NUMBER(50, others);
	summary_close(&world.summary);
}

/* A session is in one group, whether the snapshot of its minisock or its transition is first. */
static void found_as_minisock(void)
{
	struct world world;
	struct transition found = transition(0, STATE_TIME_WAIT, STATE_TIME_WAIT), t;

	world_open(&world, "state", NULL);
	found.flags |= TRANSITION_OF_MINISOCK;
	found.facts = FACT_STANDING | FACT_FOUND;
	found.cookie = 77;
	t = transition(1, STATE_FIN_WAIT2, STATE_TIME_WAIT);
	t.flags |= TRANSITION_TO_MINISOCK;
	t.cookie = 77;
	take(&world, transition(1, STATE_FIN_WAIT1, STATE_FIN_WAIT2));
	take(&world, found);
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_TIME_WAIT, 0)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_FIN_WAIT2, 0)->now);
	take(&world, found);
	CHECK_NUMBER(1, group_of(&world, STATE_TIME_WAIT, 0)->now);
	found.facts = 0;
	found.newstate = STATE_CLOSE;
	take(&world, found);
	CHECK_NUMBER(0, group_of(&world, STATE_TIME_WAIT, 0)->now);
	CHECK_NUMBER(0, world.summary.presences.by_id.count);
	/* Of another session. */
	found = transition(0, STATE_TIME_WAIT, STATE_TIME_WAIT);
	found.flags |= TRANSITION_OF_MINISOCK;
	found.facts = FACT_STANDING | FACT_FOUND;
	found.cookie = 78;
	take(&world, found);
	take(&world, t);
	CHECK_NUMBER(2, group_of(&world, STATE_TIME_WAIT, 0)->now);
	summary_close(&world.summary);
}

/* What nobody saw moves sessions, and is counted nowhere else. */
static void unseen_tallies(void)
{
	struct world world;
	struct transition t = transition(0, STATE_CLOSE, STATE_ESTABLISHED);
	struct tally tally = {.transition = &t, .count = 3, .is_unseen = true};

	world_open(&world, "state", NULL);
	world.summary.is_tallied = true;
	summary_take_tally(&world.summary, &tally);
	CHECK_NUMBER(3, group_of(&world, STATE_ESTABLISHED, 0)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_ESTABLISHED, 0)->lately.entered);
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE, 0)->lately.times.count);
	CHECK_NUMBER(0, group_of(&world, STATE_CLOSE, 0)->lately.unknown);
	t.oldstate = STATE_ESTABLISHED;
	t.newstate = STATE_FIN_WAIT2;
	tally.count = 2;
	summary_take_tally(&world.summary, &tally);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 0)->now);
	CHECK_NUMBER(2, group_of(&world, STATE_FIN_WAIT2, 0)->now);
	CHECK_NUMBER(0, group_of(&world, STATE_FIN_WAIT2, 0)->lately.entered);
	summary_close(&world.summary);
}

/* The same if the kernel adds up: the snapshot of the minisock came before its transition. */
static void found_before_tallied(void)
{
	struct world world;
	struct transition found = transition(0, STATE_TIME_WAIT, STATE_TIME_WAIT), t;

	world_open(&world, "state", NULL);
	world.summary.is_tallied = true;
	found.flags |= TRANSITION_OF_MINISOCK;
	found.facts = FACT_STANDING | FACT_FOUND;
	for (found.cookie = 77; found.cookie < 80; found.cookie++)
		take(&world, found);
	CHECK_NUMBER(3, group_of(&world, STATE_TIME_WAIT, 0)->now);
	t = transition(1, STATE_FIN_WAIT2, STATE_TIME_WAIT);
	t.flags |= TRANSITION_TO_MINISOCK;
	t.cookie = 77;
	take(&world, t);
	CHECK_NUMBER(3, group_of(&world, STATE_TIME_WAIT, 0)->now);
	t.cookie = 80;
	take(&world, t);
	CHECK_NUMBER(4, group_of(&world, STATE_TIME_WAIT, 0)->now);
	found.facts = 0;
	found.newstate = STATE_CLOSE;
	for (found.cookie = 77; found.cookie < 81; found.cookie++)
		take(&world, found);
	CHECK_NUMBER(0, group_of(&world, STATE_TIME_WAIT, 0)->now);
	CHECK_NUMBER(0, world.summary.presences.by_id.count);
	summary_close(&world.summary);
}

/* SYN_SENT of an older session: its next state may be in the group of another port. */
static void standing_in_syn_sent(void)
{
	struct world world;
	struct transition t = transition(1, STATE_SYN_SENT, STATE_SYN_SENT);

	world_open(&world, "state", "lport");
	world.summary.is_tallied = world.summary.has_syn_sent = true;
	t.facts = FACT_STANDING;
	take(&world, t);
	CHECK_NUMBER(1, group_of(&world, STATE_SYN_SENT, 80)->now);
	take(&world, transition(1, STATE_SYN_SENT, STATE_ESTABLISHED));
	CHECK_NUMBER(0, group_of(&world, STATE_SYN_SENT, 80)->now);
	CHECK_NUMBER(1, group_of(&world, STATE_ESTABLISHED, 80)->now);
	summary_close(&world.summary);
}

#define SESSIONS 5000

/* Random sessions that come and go, by address and by cookie, against an array. */
static void random_presences(void)
{
	static bool is_there[SESSIONS];
	struct presences presences = {0};
	size_t count = 0;

	for (int i = 0; i < 200000; i++) {
		uint64_t which = unit_random() % SESSIONS;
		struct transition t = {.skaddr = 0xffff888000000000 + which * 64};
		struct presence *presence;

		if (which % 2) {
			t.flags = TRANSITION_OF_MINISOCK;
			t.cookie = which;
		}
		presence = presences_find(&presences, &t);
		CHECK_NUMBER(is_there[which], presence != NULL);
		if (presence) {
			CHECK_NUMBER(which, presence->group);
			presences_remove(&presences, presence);
			count--;
		} else {
			presences_add(&presences, &t)->group = (uint32_t)which;
			count++;
		}
		is_there[which] = !presence;
		CHECK_NUMBER(count, presences.by_id.count);
	}
	presences_close(&presences);
}

UNIT_MAIN("summary", TEST(life), TEST(listener), TEST(unknown_times), TEST(standing),
	  TEST(half_open), TEST(no_match), TEST(tallies), TEST(found_as_minisock),
	  TEST(unseen_tallies), TEST(found_before_tallied), TEST(standing_in_syn_sent), TEST(turns),
	  TEST(many_groups), TEST(random_presences))
