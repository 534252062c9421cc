// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts of stuck sessions: by state, owner and remote address, and no more of them than there is
 * room for. */
#include "trace/owner.h"
#include "trace/state.h"
#include "unit.h"
#include "view/stuck_count.h"

static struct transition of(uint32_t pid, uint32_t remote, uint16_t lport, uint16_t rport)
{
	struct transition t = {.pid = pid, .lport = lport, .rport = rport, .ip = 4};

	memcpy(t.raddr + 12, &remote, sizeof(remote));
	return t;
}

static struct stuck_count *add(struct stuck_counts *counts, uint32_t pid, uint32_t remote,
			       uint16_t lport, uint16_t rport, uint8_t state)
{
	struct transition t = of(pid, remote, lport, rport);

	return stuck_counts_add(counts, &t, state, false);
}

static void told_apart(void)
{
	struct stuck_counts counts = {0};
	struct stuck_count *one = add(&counts, 1, 7, 80, 4000, STATE_CLOSE_WAIT), *other;
	struct transition t;

	CHECK(one == add(&counts, 1, 7, 80, 4001, STATE_CLOSE_WAIT));
	CHECK(one->has_lport);
	CHECK(!one->has_rport);
	other = add(&counts, 1, 7, 80, 4000, STATE_LAST_ACK);
	CHECK(one != other && other->has_lport && other->has_rport);
	CHECK(one != add(&counts, 2, 7, 80, 4000, STATE_CLOSE_WAIT));
	t = of(1, 7, 80, 4000);
	CHECK(one != stuck_counts_add(&counts, &t, STATE_CLOSE_WAIT, true));
	CHECK(one != add(&counts, 1, 8, 80, 4000, STATE_CLOSE_WAIT));
	CHECK_NUMBER(2, one->total);
	CHECK_NUMBER(2, one->now);
	CHECK_NUMBER(5, counts.by_key.count);
	CHECK_NUMBER(5, stuck_counts_sort(&counts));
	CHECK(counts.sorted[0] == one);
	CHECK(counts.sorted[1] == other);
	stuck_counts_close(&counts);
}

/* A count's owner is certain when that of each of its sessions is. */
static void guesses(void)
{
	struct transition certain = of(1, 7, 80, 4000), guess = certain, other = of(2, 7, 80, 4000);
	struct stuck_counts counts = {0};
	struct stuck_count *count;

	certain.flags = guess.flags = other.flags = TRANSITION_HAS_DETAILS;
	certain.owner_from = other.owner_from = OWNER_HOLDER;
	guess.owner_from = OWNER_INHERITED;
	count = stuck_counts_add(&counts, &certain, STATE_CLOSE_WAIT, false);
	CHECK(!owner_is_guess(&count->first));
	stuck_counts_add(&counts, &guess, STATE_CLOSE_WAIT, false);
	stuck_counts_add(&counts, &guess, STATE_CLOSE_WAIT, false);
	CHECK(owner_is_guess(&count->first));
	/* Of one it becomes known; the other is still a guess, or somebody else's. */
	CHECK(!stuck_count_confirm(count, &certain));
	CHECK(owner_is_guess(&count->first));
	CHECK(stuck_count_confirm(count, &guess));
	CHECK(stuck_count_confirm(count, &other));
	CHECK(owner_is_guess(&count->first));
	CHECK(!stuck_count_confirm(count, &certain));
	CHECK(!owner_is_guess(&count->first));
	CHECK_NUMBER(OWNER_HOLDER, count->first.owner_from);
	CHECK_NUMBER(3, count->total);
	stuck_counts_close(&counts);
}

/* Of a count, those that no process has accepted, until one does. */
static void unaccepted(void)
{
	struct transition waiting = of(1, 7, 80, 4000), accepted;
	struct stuck_counts counts = {0};
	struct stuck_count *count;

	waiting.flags = TRANSITION_HAS_DETAILS;
	waiting.owner_from = OWNER_INHERITED;
	waiting.oldstate = waiting.newstate = STATE_CLOSE_WAIT;
	waiting.facts = FACT_STANDING;
	accepted = waiting;
	accepted.facts |= FACT_ACCEPTED;
	count = stuck_counts_add(&counts, &waiting, STATE_CLOSE_WAIT, false);
	stuck_counts_add(&counts, &waiting, STATE_CLOSE_WAIT, false);
	CHECK_NUMBER(2, count->unaccepted);
	stuck_counts_add(&counts, &accepted, STATE_CLOSE_WAIT, false);
	CHECK_NUMBER(2, count->unaccepted);
	CHECK(stuck_count_accept(count, &waiting));
	CHECK(!stuck_count_accept(count, &accepted));
	CHECK_NUMBER(1, count->unaccepted);
	CHECK_NUMBER(3, count->total);
	/* What entered the state may have been accepted since; what left it was not. */
	waiting.facts = 0;
	waiting.oldstate = STATE_ESTABLISHED;
	CHECK_NUMBER(ACCEPTED_NO, stuck_accepted(&waiting, STATE_ESTABLISHED));
	CHECK_NUMBER(ACCEPTED_UNKNOWN, stuck_accepted(&waiting, STATE_CLOSE_WAIT));
	stuck_counts_close(&counts);
}

static void bounded(void)
{
	struct stuck_counts counts = {0};
	struct stuck_count *last = NULL;
	size_t sorted;

	for (uint32_t remote = 0; remote < STUCK_COUNTS_MAX + 1000; remote++)
		last = add(&counts, 1, remote, 80, 4000, STATE_CLOSE_WAIT);
	CHECK_NUMBER(STUCK_COUNTS_MAX, counts.by_key.count);
	CHECK(last && last->is_rest);
	CHECK_NUMBER(1000, counts.rest.total);
	/* Those that are known are counted where they belong. */
	CHECK_NUMBER(2, add(&counts, 1, 5, 80, 4000, STATE_CLOSE_WAIT)->total);
	sorted = stuck_counts_sort(&counts);
	CHECK_NUMBER(STUCK_COUNT_ROWS_MAX + 1, sorted);
	CHECK_NUMBER(2, counts.sorted[0]->total);
	CHECK(counts.sorted[sorted - 1] == &counts.rest);
	CHECK_NUMBER(1000 + STUCK_COUNTS_MAX - STUCK_COUNT_ROWS_MAX, counts.rest.total);
	CHECK_NUMBER(counts.rest.total, counts.rest.now);
	stuck_counts_close(&counts);
}

static void none(void)
{
	struct stuck_counts counts = {0};

	CHECK_NUMBER(0, stuck_counts_sort(&counts));
	stuck_counts_close(&counts);
}

UNIT_MAIN("stuck_count", TEST(told_apart), TEST(guesses), TEST(unaccepted), TEST(bounded),
	  TEST(none))
