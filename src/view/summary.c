// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts and durations of transitions, by group. */
#include "trace/state.h"
#include "view/summary.h"

/* ---- groups ---------------------------------------------------------------------------------- */

void summary_init(struct summary *summary, const struct grouping *grouping, struct cgroups *cgroups)
{
	*summary = (struct summary){
		.grouping = grouping,
		.table = {.group_size = sizeof(struct summary_group),
			  .count_max = SUMMARY_GROUPS_MAX,
			  .cgroups = cgroups},
	};
}

static struct summary_group *group_at(const struct summary *summary, size_t place)
{
	return (struct summary_group *)summary->table.groups[place];
}

/* NULL if out of memory. */
static struct summary_group *group_of(struct summary *summary, const struct transition *t,
				      uint8_t state)
{
	struct group_key key;

	group_key_fill(&key, summary->grouping, t, state);
	return (struct summary_group *)group_table_find(&summary->table, &key);
}

/* ---- counts of transitions ------------------------------------------------------------------- */

/* A listener keeps its state when it creates a child. */
static bool begins_child(const struct transition *t)
{
	return t->oldstate == STATE_LISTEN && t->newstate == STATE_SYN_RECV;
}

static bool begins(const struct transition *t)
{
	return t->oldstate == STATE_CLOSE || begins_child(t);
}

/* The socket has no owner any more: the minisock continues in the same state. */
static bool is_orphaned(const struct transition *t)
{
	return t->flags & TRANSITION_TO_MINISOCK && t->oldstate == t->newstate;
}

static bool add_times(struct summary_stats *stats, const struct tally *tally)
{
	unsigned int flags = tally->transition->flags;

	if (flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT))
		return histogram_add(&stats->times, tally->count, tally->bucket, tally->sum_ns,
				     tally->max_ns);
	if (flags & TRANSITION_DURATION_AT_LEAST)
		stats->at_least += tally->count;
	else
		stats->unknown += tally->count;
	return true;
}

static bool leave(struct summary *summary, const struct tally *tally)
{
	const struct transition *t = tally->transition;
	struct summary_group *group;

	if (begins_child(t))
		return true;
	group = group_of(summary, t, t->oldstate);
	return group && add_times(&group->lately, tally);
}

static bool enter(struct summary *summary, const struct tally *tally)
{
	const struct transition *t = tally->transition;
	struct summary_group *group = group_of(summary, t, t->newstate);

	if (!group)
		return false;
	group->lately.entered += tally->count;
	if (&group->keyed == summary->table.other)
		summary->others += tally->count;
	return true;
}

static void count(struct summary *summary, const struct tally *tally)
{
	bool has_left = leave(summary, tally);

	if (!enter(summary, tally) || !has_left)
		summary->unheard += tally->count;
}

static void count_one(struct summary *summary, const struct transition *t)
{
	struct tally tally = {
		.transition = t,
		.count = 1,
		.sum_ns = t->duration_ns,
		.max_ns = t->duration_ns,
		.bucket = bucket_for(t->duration_ns),
	};

	count(summary, &tally);
}

/* ---- current groups of sessions -------------------------------------------------------------- */

static void go(struct summary *summary, struct presence *presence, uint32_t group)
{
	presence->group = group;
	if (group != PRESENT_NOWHERE)
		group_at(summary, group)->now++;
}

/* Returns the group that it was in; presence may be NULL. */
static uint32_t leave_group(struct summary *summary, struct presence *presence)
{
	uint32_t group = presence ? presence->group : PRESENT_NOWHERE;

	if (group == PRESENT_NOWHERE)
		return group;
	group_at(summary, group)->now--;
	presence->group = PRESENT_NOWHERE;
	return group;
}

static void forget(struct summary *summary, struct presence *presence)
{
	leave_group(summary, presence);
	if (presence)
		presences_remove(&summary->presences, presence);
}

/* The group of a session that has entered a state, or was found in it. */
static uint32_t group_of_state(struct summary *summary, const struct transition *t, bool is_match)
{
	struct summary_group *group = NULL;

	if (is_match && grouping_has_now(summary->grouping))
		group = group_of(summary, t, t->newstate);
	return group ? group->keyed.place : PRESENT_NOWHERE;
}

static void add_now(struct summary *summary, const struct transition *t, uint8_t state, int64_t n)
{
	struct summary_group *group = group_of(summary, t, state);

	if (group)
		group->now += n;
}

/*
 * For sessions that are not followed one by one: moves the count between groups. This is correct
 * only if all keys except the state stay the same (tally_is_possible()).
 */
static void shift(struct summary *summary, const struct transition *t, uint64_t count)
{
	if (!grouping_has_now(summary->grouping) || is_orphaned(t))
		return;
	if (!begins(t))
		add_now(summary, t, t->oldstate, -(int64_t)count);
	if (t->newstate != STATE_CLOSE)
		add_now(summary, t, t->newstate, (int64_t)count);
}

/* Whether the session's group is known, now or after this transition. */
static bool is_followed(const struct summary *summary, const struct transition *t)
{
	return !summary->is_tallied || (summary->has_syn_sent && t->newstate == STATE_SYN_SENT);
}

/* Minisocks that a snapshot found are followed: a transition may report them, too, but later. */
static void find_standing(struct summary *summary, const struct transition *t, bool is_match)
{
	uint32_t group;
	struct presence *presence;

	/* NOW is what the changes add up to, with a recording or without. */
	if (transition_is_at_end(t))
		return;
	if (!is_followed(summary, t) && !transition_is_of_minisock(t)) {
		if (is_match && grouping_has_now(summary->grouping))
			add_now(summary, t, t->newstate, 1);
		return;
	}
	if (presences_find(&summary->presences, t))
		return;
	group = group_of_state(summary, t, is_match);
	presence = group == PRESENT_NOWHERE ? NULL : presences_add(&summary->presences, t);
	if (presence)
		go(summary, presence, group);
}

/*
 * For a session that is not followed, but whose minisock may have been found: it leaves the group
 * in which it was found, unless the transition begins there.
 */
static void leave_found(struct summary *summary, const struct transition *t)
{
	struct presence *found = NULL;

	if (transition_is_to_minisock(t) || transition_is_of_minisock(t))
		found = presences_find_minisock(&summary->presences, t);
	if (!found)
		return;
	if (transition_is_to_minisock(t))
		leave_group(summary, found);
	presences_remove(&summary->presences, found);
}

/* before: the group that it was in. An orphan stays there. */
static void move(struct summary *summary, struct presence *presence, const struct transition *t,
		 bool is_match, uint32_t before)
{
	uint32_t group = before;

	if (!is_orphaned(t) || before == PRESENT_NOWHERE)
		group = group_of_state(summary, t, is_match);
	if (t->newstate == STATE_CLOSE || group == PRESENT_NOWHERE) {
		forget(summary, presence);
		return;
	}
	presence = presences_update(&summary->presences, presence, t);
	/* A snapshot may have come first: of the minisock that the session has become. */
	leave_group(summary, presence);
	if (presence)
		go(summary, presence, group);
}

static void follow(struct summary *summary, const struct transition *t, bool is_match)
{
	struct presence *presence;
	uint32_t before;

	/* A half-open session known from a snapshot continues with a socket. */
	if (begins_child(t) && !(t->flags & TRANSITION_OF_MINISOCK))
		forget(summary, presences_find_request(&summary->presences, t));
	/* A previous session at this address has ended unseen. */
	presence = presences_find(&summary->presences, t);
	before = leave_group(summary, presence);
	move(summary, presence, t, is_match, begins(t) ? PRESENT_NOWHERE : before);
}

/* Leaves SYN_SENT, which it may have entered in the group of another local port. */
static void leave_syn_sent(struct summary *summary, const struct transition *t, bool is_match)
{
	forget(summary, presences_find(&summary->presences, t));
	if (is_match && grouping_has_now(summary->grouping) && t->newstate != STATE_CLOSE)
		add_now(summary, t, t->newstate, 1);
}

static void change(struct summary *summary, const struct transition *t, bool is_match)
{
	if (is_match && !is_orphaned(t))
		count_one(summary, t);
	if (is_followed(summary, t)) {
		follow(summary, t, is_match);
	} else if (summary->has_syn_sent && t->oldstate == STATE_SYN_SENT) {
		leave_syn_sent(summary, t, is_match);
	} else if (is_match) {
		leave_found(summary, t);
		shift(summary, t, 1);
	}
}

void summary_take(struct summary *summary, const struct transition *t, bool is_match)
{
	if (t->facts & FACT_STANDING)
		find_standing(summary, t, is_match);
	else
		change(summary, t, is_match);
}

void summary_take_tally(struct summary *summary, const struct tally *tally)
{
	if (!tally->is_unseen)
		count(summary, tally);
	shift(summary, tally->transition, tally->count);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void stats_turn(struct summary_stats *whole, struct summary_stats *lately)
{
	whole->entered += lately->entered;
	whole->at_least += lately->at_least;
	whole->unknown += lately->unknown;
	histogram_merge(&whole->times, &lately->times);
	histogram_clear(&lately->times);
	lately->entered = lately->at_least = lately->unknown = 0;
}

void summary_turn(struct summary *summary)
{
	for (size_t i = 0; i < summary->table.count; i++)
		stats_turn(&group_at(summary, i)->whole, &group_at(summary, i)->lately);
}

static bool ranks(const struct keyed_group *keyed, bool is_lately, struct group_rank *rank)
{
	const struct summary_group *group = (const struct summary_group *)keyed;
	const struct summary_stats *stats = is_lately ? &group->lately : &group->whole;

	*rank = (struct group_rank){stats->times.sum, stats->entered};
	return stats->entered || stats->at_least || stats->unknown || stats->times.count ||
	       group->now > 0;
}

const struct keyed_group **summary_sort(const struct summary *summary, bool is_lately,
					size_t *count)
{
	return group_table_sort(&summary->table, ranks, is_lately, count);
}

void summary_close(struct summary *summary)
{
	for (size_t i = 0; i < summary->table.count; i++) {
		histogram_free(&group_at(summary, i)->lately.times);
		histogram_free(&group_at(summary, i)->whole.times);
	}
	group_table_close(&summary->table);
	presences_close(&summary->presences);
}
