// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is told after a transition, and of what has no socket. */
#include "bpf/record.h"
#include "source/join.h"
#include "trace/clock.h"
#include "trace/lifetime.h"
#include "trace/state.h"
#include "unit.h"

#define BEGIN_NS (10 * NSEC_PER_SEC)

struct delivered {
	struct transition t[8];
	int count;
	struct receiver receiver;
};

static enum delivery keep(void *context, const struct transition *t)
{
	struct delivered *delivered = context;

	if (delivered->count < (int)ARRAY_SIZE(delivered->t))
		delivered->t[delivered->count++] = *t;
	return DELIVERY_CONTINUE;
}

static struct join join_into(struct delivered *delivered)
{
	delivered->receiver =
		(struct receiver){.transition = keep, .snapshot = keep, .context = delivered};
	return (struct join){.receiver = &delivered->receiver};
}

static struct transition change(uint64_t cookie, uint8_t oldstate, uint8_t newstate)
{
	return (struct transition){.time_ns = BEGIN_NS,
				   .cookie = cookie,
				   .skaddr = cookie << 8,
				   .oldstate = oldstate,
				   .newstate = newstate,
				   .flags = TRANSITION_HAS_DETAILS};
}

static void take_kind(struct join *join, enum record_kind kind, const struct transition *t,
		      uint32_t awaits)
{
	struct record_transition record = {
		.header = {.kind = kind, .size = sizeof(record)},
		.awaits = awaits,
		.transition = *t,
	};

	join_take(join, &record, sizeof(record));
}

static void take(struct join *join, const struct transition *t)
{
	take_kind(join, RECORD_TRANSITION, t, t->newstate == STATE_SYN_SENT ? AWAITS_LPORT : 0);
}

static struct transition begin_of(uint64_t cookie)
{
	return change(cookie, STATE_CLOSE, STATE_SYN_SENT);
}

static void local_port(void)
{
	struct delivered delivered = {.count = 0};
	struct join join = join_into(&delivered);
	struct transition first = begin_of(1), second = begin_of(2), changed;
	struct record_lport_chosen chosen = {
		.header = {.kind = RECORD_LPORT_CHOSEN, .size = sizeof(chosen)},
		.cookie = 1,
		.lport = 40000,
	};
	const struct transition *shown;

	take(&join, &first);
	take(&join, &second);
	CHECK_NUMBER(0, delivered.count);
	join_take(&join, &chosen, sizeof(chosen));
	CHECK_NUMBER(1, delivered.count);
	CHECK_NUMBER(40000, delivered.t[0].lport);
	CHECK_NUMBER(TRANSITION_HAS_DETAILS, delivered.t[0].flags);
	shown = lifetime_show(LIFETIME_SESSION, &delivered.t[0], &changed);
	CHECK(shown && shown->lport == 40000);
	shown = lifetime_show(LIFETIME_SOCKET, &delivered.t[0], &changed);
	CHECK(shown && shown->lport == 0 && shown->newstate == STATE_SYN_SENT);
	join_close(&join);
}

static void local_port_never_told(void)
{
	struct delivered delivered = {.count = 0};
	struct join join = join_into(&delivered);
	struct transition begin = begin_of(1);
	struct transition established = change(1, STATE_SYN_SENT, STATE_ESTABLISHED);

	take(&join, &begin);
	take(&join, &established);
	join_release(&join, BEGIN_NS);
	CHECK_NUMBER(2, delivered.count);
	CHECK_NUMBER(STATE_SYN_SENT, delivered.t[0].newstate);
	CHECK_NUMBER(0, delivered.t[0].lport);
	CHECK_NUMBER(0, delivered.t[0].facts & FACT_LPORT_LATER);
	take(&join, &begin);
	join_release(&join, BEGIN_NS + 10 * NSEC_PER_MSEC);
	CHECK_NUMBER(2, delivered.count);
	join_release(&join, BEGIN_NS + 60 * NSEC_PER_MSEC);
	CHECK_NUMBER(3, delivered.count);
	join_close(&join);
}

static void half_open(void)
{
	struct delivered delivered = {.count = 0};
	struct join join = join_into(&delivered);
	struct transition end = change(1, STATE_SYN_RECV, STATE_CLOSE), changed;

	end.duration_ns = NSEC_PER_SEC;
	end.flags |= TRANSITION_DURATION_KNOWN | TRANSITION_OF_MINISOCK;
	take_kind(&join, RECORD_PASSIVE_OPEN, &end, 0);
	CHECK_NUMBER(2, delivered.count);
	CHECK_NUMBER(BEGIN_NS - NSEC_PER_SEC, delivered.t[0].time_ns);
	CHECK_NUMBER(STATE_LISTEN, delivered.t[0].oldstate);
	CHECK_NUMBER(STATE_SYN_RECV, delivered.t[0].newstate);
	CHECK_NUMBER(STATE_CLOSE, delivered.t[1].newstate);
	for (int i = 0; i < delivered.count; i++)
		CHECK(!lifetime_show(LIFETIME_SOCKET, &delivered.t[i], &changed));
	join_close(&join);
}

/* What is told of a minisock keeps its place behind a transition that is held. */
static void minisock(void)
{
	struct delivered delivered = {.count = 0};
	struct join join = join_into(&delivered);
	struct transition begin = begin_of(1), end = change(2, STATE_FIN_WAIT2, STATE_TIME_WAIT);
	struct record_minisock told = {
		.header = {.kind = RECORD_MINISOCK_ENDED, .size = sizeof(told)},
		.time_ns = BEGIN_NS + 5,
		.cookie = 2,
		.end = MINISOCK_RECYCLED};

	join_follow_minisocks(&join, NULL);
	join.minisocks.has_exact_ends = true;
	end.flags |= TRANSITION_TO_MINISOCK;
	end.minisock = 0x100;
	end.due_ns = BEGIN_NS + 60 * NSEC_PER_SEC;
	take(&join, &begin);
	take(&join, &end);
	join_take(&join, &told, sizeof(told));
	CHECK_NUMBER(0, delivered.count);
	join_release(&join, UINT64_MAX);
	CHECK_NUMBER(3, delivered.count);
	CHECK_NUMBER(STATE_TIME_WAIT, delivered.t[2].oldstate);
	CHECK_NUMBER(STATE_CLOSE, delivered.t[2].newstate);
	CHECK_NUMBER(5, delivered.t[2].duration_ns);
	CHECK_NUMBER(FACT_RECYCLED, delivered.t[2].facts & (FACT_RECYCLED | FACT_TIMER));
	join_close(&join);
}

UNIT_MAIN("join_late", TEST(local_port), TEST(local_port_never_told), TEST(half_open),
	  TEST(minisock))
