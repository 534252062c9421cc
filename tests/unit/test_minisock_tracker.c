// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions a minisock goes on for: when they end, inferred or told. */
#include <stdlib.h>
#include <string.h>

#include "source/minisock_tracker.h"
#include "trace/clock.h"
#include "trace/reset.h"
#include "trace/state.h"
#include "unit.h"

#define SECOND NSEC_PER_SEC
#define MS     (SECOND / 1000)

/* What was told, and what the kernel would answer to a look. */
struct told {
	struct transition t[8];
	size_t count;
	struct minisock_peek answer; /* state 0: gone */
	size_t looks;
};

static void emit(void *context, const struct transition *t)
{
	struct told *told = context;

	if (told->count < ARRAY_SIZE(told->t))
		told->t[told->count] = *t;
	told->count++;
}

static bool look(void *context, struct minisock_peek *peeks, size_t count)
{
	struct told *told = context;

	for (size_t i = 0; i < count; i++) {
		peeks[i].state = told->answer.state;
		peeks[i].due_ns = told->answer.due_ns;
		peeks[i].left_ns = told->answer.left_ns;
	}
	told->looks += count;
	return true;
}

static struct minisocks open_minisocks(struct told *told, minisock_look *look_or_null)
{
	return (struct minisocks){.emit = emit, .look = look_or_null, .context = told};
}

static struct transition hand_over(uint16_t port, enum tcp_state state)
{
	return (struct transition){
		.time_ns = 100 * SECOND,
		.duration_ns = 5 * MS,
		.oldstate = STATE_FIN_WAIT2,
		.newstate = state,
		.flags =
			TRANSITION_HAS_DETAILS | TRANSITION_TO_MINISOCK | TRANSITION_DURATION_KNOWN,
		.facts = FACT_IN_CALL | FACT_IDLE,
		.c_pid = 7,
		.c_comm = "cpu",
		.pid = 8,
		.comm = "owner",
		.ip = 4,
		.lport = port,
		.rport = 80,
		.netns = 1,
		.cookie = 1000 + port,
		.minisock = 0xffff888000000000 + port,
		.due_ns = 161 * SECOND,
	};
}

static void check_told(const struct transition *t, enum tcp_state old, enum tcp_state new,
		       uint64_t time_ns, uint64_t duration_ns, unsigned int known)
{
	CHECK_NUMBER(old, t->oldstate);
	CHECK_NUMBER(new, t->newstate);
	CHECK_NUMBER(time_ns, t->time_ns);
	CHECK_NUMBER(duration_ns, t->duration_ns);
	CHECK_NUMBER(TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK | known, t->flags);
	CHECK_NUMBER(8, t->pid);
	CHECK_NUMBER(0, t->c_pid);
	CHECK_NUMBER(0, t->c_comm[0]);
}

static void timer(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = hand_over(1, STATE_TIME_WAIT);

	CHECK_NUMBER(UINT64_MAX, minisocks_next_ns(&m));
	minisocks_add(&m, &t);
	CHECK(minisocks_next_ns(&m) >= 161 * SECOND);
	CHECK(minisocks_next_ns(&m) <= 161 * SECOND + 10 * MS);
	minisocks_expire(&m, 161 * SECOND - 1);
	CHECK_NUMBER(0, told.count);
	minisocks_expire(&m, 161 * SECOND + 5 * MS);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_TIME_WAIT, STATE_CLOSE, 161 * SECOND, 61 * SECOND,
		   TRANSITION_DURATION_ABOUT);
	CHECK_NUMBER(FACT_ORPHAN | FACT_TIMER, told.t[0].facts);
	CHECK_NUMBER(UINT64_MAX, minisocks_next_ns(&m));
	minisocks_close(&m);
}

/* A look shows that it still lives: its timer is late. */
static void late_timer(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT, .due_ns = 161 * SECOND}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_TIME_WAIT);

	minisocks_add(&m, &t);
	minisocks_expire(&m, 161 * SECOND + 5 * MS);
	CHECK_NUMBER(0, told.count);
	CHECK_NUMBER(1, told.looks);
	told.answer.state = 0;
	minisocks_expire(&m, 161 * SECOND + 15 * MS);
	CHECK_NUMBER(1, told.count);
	CHECK_NUMBER(161 * SECOND + 15 * MS, told.t[0].time_ns);
	minisocks_close(&m);
}

/* Whenever a look is due before that. */
static void look_until(struct minisocks *m, uint64_t end_ns)
{
	while (minisocks_next_ns(m) < end_ns)
		minisocks_expire(m, minisocks_next_ns(m));
}

static void orphan_gets_fin(void)
{
	struct told told = {.answer = {.state = STATE_FIN_WAIT2}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	minisocks_add(&m, &t);
	minisocks_expire(&m, 100 * SECOND + 50 * MS);
	CHECK_NUMBER(0, told.count);
	told.answer = (struct minisock_peek){
		.state = STATE_TIME_WAIT, .due_ns = 162 * SECOND, .left_ns = 60 * SECOND - 30 * MS};
	minisocks_expire(&m, 100 * SECOND + 100 * MS);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_TIME_WAIT, 100 * SECOND + 70 * MS, 75 * MS,
		   TRANSITION_DURATION_ABOUT);
	look_until(&m, 162 * SECOND);
	CHECK_NUMBER(1, told.count);
	told.answer.state = 0;
	minisocks_expire(&m, 162 * SECOND);
	CHECK_NUMBER(2, told.count);
	check_told(&told.t[1], STATE_TIME_WAIT, STATE_CLOSE, 162 * SECOND, 62 * SECOND - 70 * MS,
		   TRANSITION_DURATION_ABOUT);
	minisocks_close(&m);
}

/* The program was held up: gone after its time, but for long nobody has looked. */
static void held_up(void)
{
	struct told told = {.answer = {.state = 0}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	minisocks_add(&m, &t);
	minisocks_expire(&m, 162 * SECOND);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_CLOSE, 100 * SECOND, 5 * MS,
		   TRANSITION_DURATION_AT_LEAST);
	CHECK_NUMBER(FACT_ORPHAN, told.t[0].facts);
	minisocks_close(&m);
}

/* The kernel's clock of timers is coarse: what is inferred by it is not before what it follows. */
static void orphan_gets_fin_at_once(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT,
				       .due_ns = 162 * SECOND,
				       .left_ns = 60 * SECOND - 54 * MS}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	minisocks_add(&m, &t);
	minisocks_expire(&m, 100 * SECOND + 50 * MS);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_TIME_WAIT, 100 * SECOND, 5 * MS,
		   TRANSITION_DURATION_ABOUT);
	minisocks_see(&m, &(struct transition){.time_ns = 99 * SECOND,
					       .oldstate = STATE_CLOSE,
					       .newstate = STATE_SYN_SENT,
					       .lport = 1,
					       .rport = 80,
					       .netns = 1});
	CHECK_NUMBER(2, told.count);
	check_told(&told.t[1], STATE_TIME_WAIT, STATE_CLOSE, 100 * SECOND, 0,
		   TRANSITION_DURATION_ABOUT);
	minisocks_close(&m);
}

/* Looked at now and then: gone long before its timer is due. */
static void time_wait_ends_early(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT, .due_ns = 161 * SECOND}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_TIME_WAIT);
	uint64_t now_ns = 0, seen_ns;

	minisocks_add(&m, &t);
	while (now_ns < 130 * SECOND) {
		seen_ns = now_ns;
		now_ns = minisocks_next_ns(&m);
		CHECK(now_ns <= (seen_ns ? seen_ns : t.time_ns) + 6 * SECOND);
		minisocks_expire(&m, now_ns);
	}
	CHECK_NUMBER(0, told.count);
	seen_ns = now_ns;
	told.answer.state = 0;
	minisocks_expire(&m, minisocks_next_ns(&m));
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_TIME_WAIT, STATE_CLOSE, seen_ns, seen_ns - 100 * SECOND,
		   TRANSITION_DURATION_AT_LEAST);
	CHECK_NUMBER(FACT_ORPHAN, told.t[0].facts);
	minisocks_close(&m);
}

/* It was there shortly before its timer was due. */
static void time_wait_ends_by_timer(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT, .due_ns = 161 * SECOND}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_TIME_WAIT);
	uint64_t now_ns = 0, seen_ns = 0;

	minisocks_add(&m, &t);
	while ((now_ns = minisocks_next_ns(&m)) < 161 * SECOND) {
		seen_ns = now_ns;
		minisocks_expire(&m, now_ns);
	}
	CHECK(seen_ns >= 161 * SECOND - 300 * MS);
	CHECK(told.looks <= 25);
	told.answer.state = 0;
	minisocks_expire(&m, now_ns);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_TIME_WAIT, STATE_CLOSE, 161 * SECOND, 61 * SECOND,
		   TRANSITION_DURATION_ABOUT);
	CHECK_NUMBER(FACT_ORPHAN | FACT_TIMER, told.t[0].facts);
	minisocks_close(&m);
}

/* Its memory has become that of another: it has ended. */
static void address_is_reused(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT, .due_ns = 161 * SECOND}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_TIME_WAIT), next = hand_over(2, STATE_TIME_WAIT);

	next.minisock = t.minisock;
	next.time_ns += 500 * MS;
	minisocks_add(&m, &t);
	minisocks_add(&m, &next);
	CHECK_NUMBER(1, told.count);
	CHECK_NUMBER(1, told.t[0].lport);
	check_told(&told.t[0], STATE_TIME_WAIT, STATE_CLOSE, 100 * SECOND + 500 * MS, 500 * MS,
		   TRANSITION_DURATION_ABOUT);
	CHECK_NUMBER(1, m.watched.turns.count);
	minisocks_close(&m);
}

/* Older than the trace, and without a cookie: known by its address, as long as it is the same. */
static void found(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT, .due_ns = 161 * SECOND}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_TIME_WAIT);
	struct record_minisock record = {
		.skaddr = t.minisock, .time_ns = 109 * SECOND, .end = MINISOCK_RESET_RECEIVED};

	m.has_exact_ends = true;
	t.time_ns = 110 * SECOND;
	t.cookie = 0;
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK | TRANSITION_DURATION_KNOWN;
	minisocks_add_found(&m, &t, 100 * SECOND);
	/* This was another minisock, before the scan. */
	minisocks_end(&m, &record);
	CHECK_NUMBER(0, told.count);
	record.time_ns = 120 * SECOND;
	minisocks_end(&m, &record);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_TIME_WAIT, STATE_CLOSE, 120 * SECOND, 20 * SECOND,
		   TRANSITION_DURATION_ABOUT);
	CHECK_NUMBER(FACT_ORPHAN | FACT_FOUND | FACT_RESET_RECEIVED, told.t[0].facts);
	minisocks_close(&m);
}

/* The kernel's record has another cookie than the minisock that was at this address. */
static void other_cookie(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = hand_over(1, STATE_TIME_WAIT);
	struct record_minisock record = {
		.skaddr = t.minisock, .cookie = 5, .time_ns = 120 * SECOND, .end = MINISOCK_TIMER};

	minisocks_add(&m, &t);
	minisocks_end(&m, &record);
	CHECK_NUMBER(0, told.count);
	/* Nothing had asked for the cookie when the kernel copied it: tcp_time_wait(). */
	record.cookie = 0;
	minisocks_end(&m, &record);
	CHECK_NUMBER(1, told.count);
	minisocks_close(&m);
}

/* A look is answered for the minisock that has the cookie, or the 4-tuple and the namespace. */
static bool look_for_first(void *context, struct minisock_peek *peeks, size_t count)
{
	struct told *told = context;
	struct transition wanted = hand_over(1, STATE_TIME_WAIT);

	for (size_t i = 0; i < count; i++) {
		bool is_same = !memcmp(peeks[i].laddr, wanted.laddr, sizeof(wanted.laddr)) &&
			       !memcmp(peeks[i].raddr, wanted.raddr, sizeof(wanted.raddr)) &&
			       peeks[i].lport == wanted.lport && peeks[i].rport == wanted.rport &&
			       peeks[i].netns == wanted.netns &&
			       peeks[i].address == wanted.minisock;

		peeks[i].state = is_same ? STATE_TIME_WAIT : 0;
		peeks[i].due_ns = 161 * SECOND;
	}
	told->looks += count;
	return true;
}

static void looked_for_by_ends(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, look_for_first);

	for (uint16_t port = 1; port <= 2; port++) {
		struct transition t = hand_over(port, STATE_TIME_WAIT);

		t.laddr[15] = t.raddr[15] = port == 1 ? 0 : 9;
		minisocks_add(&m, &t);
	}
	minisocks_expire(&m, minisocks_next_ns(&m));
	CHECK_NUMBER(2, told.looks);
	CHECK_NUMBER(1, told.count);
	CHECK_NUMBER(2, told.t[0].lport);
	minisocks_close(&m);
}

/* A session that follows an orphan in FIN_WAIT2 did not end it. */
static void orphan_is_replaced(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_FIN_WAIT2), next = t;

	next.time_ns = 101 * SECOND;
	next.oldstate = STATE_CLOSE;
	next.newstate = STATE_SYN_SENT;
	minisocks_add(&m, &t);
	minisocks_see(&m, &next);
	CHECK_NUMBER(1, told.count);
	CHECK_NUMBER(FACT_ORPHAN, told.t[0].facts);
	minisocks_close(&m);
}

/* Why the kernel says that it ended. */
static void told_why(void)
{
	static const struct {
		enum minisock_end end;
		unsigned int facts;
		uint8_t reason;
	} rows[] = {
		{MINISOCK_EARLY, 0, 0},
		{MINISOCK_TIMER, FACT_TIMER, 0},
		{MINISOCK_RECYCLED, FACT_RECYCLED, 0},
		{MINISOCK_RESET_RECEIVED, FACT_RESET_RECEIVED, 0},
		{MINISOCK_RESET_SENT, FACT_RESET_SENT, RESET_TCP_TIMEWAIT_SOCKET},
		{MINISOCK_DESTROYED, FACT_DESTROYED, 0},
		{MINISOCK_ENDS, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told told = {.count = 0};
		struct minisocks m = open_minisocks(&told, look);
		struct transition t = hand_over(1, STATE_FIN_WAIT2);

		unit_row("%zu", i);
		minisocks_add(&m, &t);
		minisocks_end(&m, &(struct record_minisock){.cookie = t.cookie,
							    .time_ns = 101 * SECOND,
							    .end = rows[i].end,
							    .reset_reason = rows[i].reason});
		CHECK_NUMBER(1, told.count);
		check_told(&told.t[0], STATE_FIN_WAIT2, STATE_CLOSE, 101 * SECOND, SECOND + 5 * MS,
			   TRANSITION_DURATION_KNOWN);
		CHECK_NUMBER(FACT_ORPHAN | rows[i].facts, told.t[0].facts);
		CHECK_NUMBER(rows[i].reason, told.t[0].reset_reason);
		minisocks_close(&m);
	}
}

/* The trace ends before the next look would be due. */
static void last_look(void)
{
	struct told told = {.answer = {.state = STATE_TIME_WAIT,
				       .due_ns = 162 * SECOND,
				       .left_ns = 60 * SECOND - 3 * MS}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition orphan = hand_over(1, STATE_FIN_WAIT2);
	struct transition other = hand_over(2, STATE_TIME_WAIT);

	minisocks_add(&m, &orphan);
	minisocks_add(&m, &other);
	minisocks_expire(&m, 100 * SECOND + 10 * MS);
	CHECK_NUMBER(0, told.looks);
	minisocks_look_last(&m, 100 * SECOND + 10 * MS);
	CHECK_NUMBER(2, told.looks);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_TIME_WAIT, 100 * SECOND + 7 * MS, 12 * MS,
		   TRANSITION_DURATION_ABOUT);
	minisocks_close(&m);
}

/* How long it was in FIN_WAIT2 before is not known: at least since then. */
static void orphan_without_clock(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	t.flags &= ~TRANSITION_DURATION_KNOWN;
	t.duration_ns = 0;
	minisocks_add(&m, &t);
	minisocks_expire(&m, 162 * SECOND);
	CHECK_NUMBER(1, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_CLOSE, 161 * SECOND, 61 * SECOND,
		   TRANSITION_DURATION_AT_LEAST);
	minisocks_close(&m);
}

/* Gone before its time, and by no new session: why is not known. */
static void orphan_ends_early(void)
{
	struct told told = {.answer = {.state = 0}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	minisocks_add(&m, &t);
	minisocks_expire(&m, 100 * SECOND + 60 * MS);
	CHECK_NUMBER(1, told.count);
	CHECK_NUMBER(FACT_ORPHAN, told.t[0].facts);
	CHECK_NUMBER(STATE_CLOSE, told.t[0].newstate);
	minisocks_close(&m);
}

static void recycled(void)
{
	static const struct {
		uint8_t oldstate, newstate;
		uint16_t lport;
		uint32_t netns;
		uint64_t ended_ns; /* 0: goes on */
	} rows[] = {
		{STATE_LISTEN, STATE_SYN_RECV, 1, 1, 110 * SECOND},
		{STATE_CLOSE, STATE_SYN_SENT, 1, 1, 110 * SECOND},
		/* the port of connect() is known only now: it began as long before */
		{STATE_SYN_SENT, STATE_ESTABLISHED, 1, 1, 108 * SECOND},
		{STATE_ESTABLISHED, STATE_FIN_WAIT1, 1, 1, 0},
		{STATE_LISTEN, STATE_SYN_RECV, 2, 1, 0},
		{STATE_LISTEN, STATE_SYN_RECV, 1, 2, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told told = {.count = 0};
		struct minisocks m = open_minisocks(&told, NULL);
		struct transition t = hand_over(1, STATE_TIME_WAIT), next = t;

		unit_row("%zu", i);
		next.time_ns = 110 * SECOND;
		next.duration_ns = 2 * SECOND;
		next.oldstate = rows[i].oldstate;
		next.newstate = rows[i].newstate;
		next.lport = rows[i].lport;
		next.netns = rows[i].netns;
		minisocks_add(&m, &t);
		minisocks_see(&m, &next);
		CHECK_NUMBER(rows[i].ended_ns ? 1 : 0, told.count);
		if (told.count) {
			CHECK_NUMBER(rows[i].ended_ns, told.t[0].time_ns);
			CHECK_NUMBER(FACT_ORPHAN | FACT_RECYCLED, told.t[0].facts);
		}
		minisocks_close(&m);
	}
}

/* The kernel reports an end. */
static void tell_end(struct minisocks *m, uint64_t cookie, uint64_t time_ns, enum minisock_end end)
{
	minisocks_end(m,
		      &(struct record_minisock){.cookie = cookie, .time_ns = time_ns, .end = end});
}

static void told_by_the_kernel(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = hand_over(1, STATE_FIN_WAIT2);

	m.has_exact_ends = true;
	minisocks_add(&m, &t);
	/* It is looked at only when the kernel should have told of it long since. */
	CHECK(minisocks_next_ns(&m) > t.due_ns + SECOND);
	tell_end(&m, 5, 101 * SECOND, MINISOCK_TIMER);
	CHECK_NUMBER(0, told.count);
	minisocks_rearm(&m, &(struct record_minisock){.cookie = t.cookie,
						      .time_ns = 101 * SECOND,
						      .due_ns = 163 * SECOND});
	tell_end(&m, t.cookie, 163 * SECOND, MINISOCK_TIMER);
	tell_end(&m, t.cookie, 164 * SECOND, MINISOCK_TIMER);
	CHECK_NUMBER(2, told.count);
	check_told(&told.t[0], STATE_FIN_WAIT2, STATE_TIME_WAIT, 101 * SECOND, SECOND + 5 * MS,
		   TRANSITION_DURATION_KNOWN);
	check_told(&told.t[1], STATE_TIME_WAIT, STATE_CLOSE, 163 * SECOND, 62 * SECOND,
		   TRANSITION_DURATION_KNOWN);
	minisocks_close(&m);
}

/* As it is told a second after its SYN. */
static struct transition request(void)
{
	struct transition t = hand_over(1, STATE_SYN_RECV);

	t.oldstate = STATE_SYN_RECV;
	t.time_ns += SECOND;
	t.duration_ns = SECOND;
	t.flags = TRANSITION_DURATION_KNOWN | TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	t.facts = FACT_STANDING;
	t.retrans = 1;
	return t;
}

/* A handshake that is never finished: both of its lines are told when the request is gone. */
static void half_open(void)
{
	struct told told = {.answer = {.state = STATE_NEW_SYN_RECV}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = request();

	minisocks_add_request(&m, &t, 0x100);
	t.retrans = 2;
	minisocks_add_request(&m, &t, 0x100);
	CHECK_NUMBER(1, m.watched.turns.count);
	minisocks_expire(&m, 101 * SECOND);
	CHECK_NUMBER(0, told.count);
	CHECK(minisocks_next_ns(&m) <= 101 * SECOND + 60 * MS);
	/* The older, the less often. */
	minisocks_expire(&m, 102 * SECOND);
	CHECK(minisocks_next_ns(&m) >= 102 * SECOND + 60 * MS);
	CHECK(minisocks_next_ns(&m) <= 102 * SECOND + 80 * MS);
	told.answer.state = 0;
	minisocks_expire(&m, 103 * SECOND);
	CHECK_NUMBER(0, told.count);
	minisocks_expire(&m, 103 * SECOND + 30 * MS);
	CHECK_NUMBER(2, told.count);
	check_told(&told.t[0], STATE_LISTEN, STATE_SYN_RECV, 100 * SECOND, 0, 0);
	check_told(&told.t[1], STATE_SYN_RECV, STATE_CLOSE, 103 * SECOND, 3 * SECOND,
		   TRANSITION_DURATION_ABOUT);
	CHECK_NUMBER(2, told.t[1].retrans);
	CHECK(!(told.t[0].facts & FACT_STANDING) && !(told.t[1].facts & FACT_STANDING));
	CHECK_NUMBER(0, m.watched.turns.count);
	minisocks_close(&m);
}

/* Finished after all: its child tells of the session, and nothing else does. */
static void half_open_finished(void)
{
	struct told told = {.answer = {.state = 0}};
	struct minisocks m = open_minisocks(&told, look);
	struct transition t = request(), child = t;

	child.flags = TRANSITION_HAS_DETAILS;
	minisocks_add_request(&m, &t, 0x100);
	minisocks_expire(&m, 103 * SECOND);
	minisocks_see(&m, &child);
	minisocks_expire(&m, 104 * SECOND);
	CHECK_NUMBER(0, told.count);
	CHECK_NUMBER(0, m.watched.turns.count);
	minisocks_close(&m);
}

/* What cannot be looked at would never be found gone. */
static void half_open_unseen(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = request();

	minisocks_add_request(&m, &t, 0x100);
	CHECK_NUMBER(0, m.watched.turns.count);
	minisocks_close(&m);
}

/* The scan at the start found it, and its transition came later: it ends once. */
static void found_before_its_transition(void)
{
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);
	struct transition t = hand_over(1, STATE_TIME_WAIT), found = t,
			  other = hand_over(2, STATE_TIME_WAIT);

	found.flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	found.facts = FACT_FOUND | FACT_STANDING;
	other.flags = found.flags;
	other.facts = found.facts;
	minisocks_add_found(&m, &found, 99 * SECOND);
	minisocks_add_found(&m, &other, 99 * SECOND);
	minisocks_add(&m, &t);
	CHECK_NUMBER(2, m.watched.turns.count);
	minisocks_expire(&m, 300 * SECOND);
	CHECK_NUMBER(2, told.count);
	minisocks_close(&m);
}

/* Many, in any order: each ends once, those that are due first. */
static void many(void)
{
	enum {
		COUNT = 5000
	};
	struct told told = {.count = 0};
	struct minisocks m = open_minisocks(&told, NULL);

	for (unsigned int i = 0; i < COUNT; i++) {
		struct transition t = hand_over(i, STATE_TIME_WAIT);

		t.due_ns = 161 * SECOND + i * 7919ull % COUNT * MS;
		minisocks_add(&m, &t);
	}
	CHECK_NUMBER(COUNT, m.watched.turns.count);
	for (unsigned int i = 0; i < COUNT; i += 2)
		tell_end(&m, 1000 + i, 120 * SECOND, MINISOCK_EARLY);
	CHECK_NUMBER(COUNT / 2, m.watched.turns.count);
	minisocks_expire(&m, 161 * SECOND + COUNT / 2 * MS);
	CHECK(minisocks_next_ns(&m) > 161 * SECOND + COUNT / 2 * MS);
	minisocks_expire(&m, 200 * SECOND);
	CHECK_NUMBER(0, m.watched.turns.count);
	CHECK_NUMBER(COUNT, told.count);
	minisocks_close(&m);
}

UNIT_MAIN("minisock", TEST(timer), TEST(late_timer), TEST(orphan_gets_fin), TEST(held_up),
	  TEST(last_look), TEST(orphan_without_clock), TEST(orphan_ends_early),
	  TEST(orphan_gets_fin_at_once), TEST(time_wait_ends_early), TEST(time_wait_ends_by_timer),
	  TEST(address_is_reused), TEST(found), TEST(other_cookie), TEST(looked_for_by_ends),
	  TEST(orphan_is_replaced), TEST(recycled), TEST(told_why), TEST(told_by_the_kernel),
	  TEST(half_open), TEST(half_open_finished), TEST(half_open_unseen),
	  TEST(found_before_its_transition), TEST(many))
