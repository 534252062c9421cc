// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Expands records that stand for two transitions, and joins those that tell of one: an end and the
 * reset sent for it, the beginning of a connection and its local port.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/shared.h"
#include "lib/log.h"
#include "source/join.h"
#include "trace/clock.h"
#include "trace/state.h"

/*
 * How much later than the transition the rest of it may be told. Between an end and its reset the
 * kernel does little, and looking for a free port is quick as well, but for the first time since
 * boot: 12 ms on 7.2 (get_random_sleepable_once() in __inet_hash_connect()). What takes long is
 * that the task, or the CPU of a virtual machine, is not run meanwhile: tens of milliseconds.
 */
#define LATE_NS (50 * NSEC_PER_MSEC)

static void deliver(struct join *join, const struct transition *t)
{
	enum delivery answer;

	if (join->answer == DELIVERY_STOP)
		return;
	answer = receiver_take(join->receiver, t);
	if (answer > join->answer)
		join->answer = answer;
}

/* What a minisock did. */
static void take_minisock(void *context, const struct transition *t)
{
	deliver(context, t);
}

/* What the kernel told of one: just what take_told() fills in. */
static void follow_told(struct join *join, const struct transition *t)
{
	if (t->newstate == STATE_CLOSE)
		minisocks_end(&join->minisocks, t->cookie, t->time_ns, t->facts & FACT_RECYCLED);
	else
		minisocks_rearm(&join->minisocks, t->cookie, t->time_ns, t->due_ns);
}

static bool is_told(const struct transition *t)
{
	return t->flags & TRANSITION_OF_MINISOCK && !(t->flags & TRANSITION_HAS_DETAILS);
}

static bool is_request(const struct transition *t)
{
	return t->flags & TRANSITION_OF_MINISOCK && t->flags & TRANSITION_TO_MINISOCK;
}

/* It has been half-open for a while: that is told, and its end will be. */
static void take_request(struct join *join, const struct transition *t)
{
	struct transition request = *t;

	if (join->follows_minisocks)
		minisocks_add_request(&join->minisocks, t);
	request.flags &= ~TRANSITION_TO_MINISOCK;
	request.minisock = 0;
	deliver(join, &request);
}

static void hand_over(struct join *join, const struct transition *t)
{
	if (is_told(t)) {
		follow_told(join, t);
		return;
	}
	if (is_request(t)) {
		take_request(join, t);
		return;
	}
	if (join->follows_minisocks)
		minisocks_see(&join->minisocks, t);
	deliver(join, t);
	if (join->follows_minisocks && t->flags & TRANSITION_TO_MINISOCK)
		minisocks_add(&join->minisocks, t);
}

void join_follow_minisocks(struct join *join, minisock_look *look)
{
	join->follows_minisocks = true;
	join->minisocks = (struct minisocks){.emit = take_minisock, .look = look, .context = join};
}

static bool is_held(const struct transition *t)
{
	return t->flags & TRANSITION_MORE_AWAITED;
}

/* Hands over the first ones, up to count. */
static void release(struct join *join, size_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < count; i++) {
		join->held[i].flags &= ~TRANSITION_MORE_AWAITED;
		hand_over(join, &join->held[i]);
	}
	join->count -= count;
	memmove(join->held, join->held + count, join->count * sizeof(*join->held));
}

/* Those in front that nothing is awaited for any more. */
static void release_ready(struct join *join)
{
	size_t ready = 0;

	while (ready < join->count && !is_held(&join->held[ready]))
		ready++;
	release(join, ready);
}

/* False without memory: then nothing can be held. */
static bool make_room(struct join *join)
{
	size_t room = join->room ? 2 * join->room : 64;
	struct transition *held;

	if (join->count < join->room)
		return true;
	held = realloc(join->held, room * sizeof(*held));
	if (!held)
		return false;
	join->held = held;
	join->room = room;
	return true;
}

/* A connection that has gone on without having been told its port will not be. */
static void give_up_lport(struct join *join, const struct transition *t)
{
	for (size_t i = 0; i < join->count; i++)
		if (join->held[i].cookie == t->cookie && join->held[i].newstate == STATE_SYN_SENT)
			join->held[i].flags &= ~TRANSITION_MORE_AWAITED;
}

static void pass(struct join *join, const struct transition *t)
{
	struct transition alone;

	if (t->oldstate == STATE_SYN_SENT)
		give_up_lport(join, t);
	if (!join->count && !is_held(t)) {
		hand_over(join, t);
		return;
	}
	if (make_room(join)) {
		join->held[join->count++] = *t;
		return;
	}
	/* It goes without the rest. */
	release(join, join->count);
	alone = *t;
	alone.flags &= ~TRANSITION_MORE_AWAITED;
	hand_over(join, &alone);
}

static void take_reset(struct join *join, const struct reset_sent *reset)
{
	for (size_t i = join->count; i-- > 0;) {
		struct transition *t = &join->held[i];

		if (t->skaddr != reset->skaddr || !is_held(t))
			continue;
		t->flags &= ~TRANSITION_MORE_AWAITED;
		t->facts |= FACT_RESET_SENT;
		t->reset_reason = reset->reason;
		break;
	}
	release_ready(join);
}

static void take_lport(struct join *join, const struct lport_chosen *chosen)
{
	for (size_t i = join->count; i-- > 0;) {
		struct transition *t = &join->held[i];

		if (t->cookie != chosen->cookie || t->newstate != STATE_SYN_SENT || !is_held(t))
			continue;
		t->flags &= ~TRANSITION_MORE_AWAITED;
		t->facts |= FACT_LPORT_LATER;
		t->lport = chosen->lport;
		break;
	}
	release_ready(join);
}

/* The child's first transition is told with its second one. */
static void take_child(struct join *join, const struct transition *t)
{
	struct transition syn = *t;

	syn.time_ns -= syn.duration_ns;
	syn.duration_ns = 0;
	syn.flags &= ~(TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT |
		       TRANSITION_DURATION_AT_LEAST | TRANSITION_MORE_AWAITED);
	syn.oldstate = STATE_LISTEN;
	syn.newstate = STATE_SYN_RECV;
	pass(join, &syn);
	pass(join, t);
}

/* In its place among the transitions, of which one before it may still be held. */
static void take_told(struct join *join, const struct minisock_told *told)
{
	struct transition t = {
		.time_ns = told->time_ns,
		.due_ns = told->due_ns,
		.skaddr = told->skaddr,
		.cookie = told->cookie,
		.oldstate = told->state,
		.newstate = told->due_ns ? STATE_TIME_WAIT : STATE_CLOSE,
		.flags = TRANSITION_OF_MINISOCK,
		.facts = told->is_early ? FACT_RECYCLED : 0,
	};

	pass(join, &t);
}

void join_take(struct join *join, const void *record, size_t size)
{
	const struct transition *whole = record;
	struct transition t;

	if (size == sizeof(struct reset_sent)) {
		take_reset(join, record);
		return;
	}
	if (size == sizeof(struct lport_chosen)) {
		take_lport(join, record);
		return;
	}
	if (size == sizeof(struct minisock_told)) {
		take_told(join, record);
		return;
	}
	/* As it is, where nothing is to be completed or told apart. */
	if (size == sizeof(t) && !(whole->flags & TRANSITION_AFTER_SYN)) {
		pass(join, whole);
		return;
	}
	if (size > sizeof(t))
		size = sizeof(t);
	memcpy(&t, record, size);
	memset((char *)&t + size, 0, sizeof(t) - size);
	if (!(t.flags & TRANSITION_AFTER_SYN)) {
		pass(join, &t);
		return;
	}
	t.flags &= ~TRANSITION_AFTER_SYN;
	take_child(join, &t);
}

void join_release(struct join *join, uint64_t now_ns)
{
	for (size_t i = 0; i < join->count; i++)
		if (join->held[i].time_ns + LATE_NS < now_ns)
			join->held[i].flags &= ~TRANSITION_MORE_AWAITED;
	release_ready(join);
}

void join_close(struct join *join)
{
	free(join->held);
	minisocks_close(&join->minisocks);
}
