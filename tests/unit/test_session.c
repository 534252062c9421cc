// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions in flight: what belongs together, and what is known of it. */
#include <stdlib.h>

#include "field/value.h"
#include "trace/cause.h"
#include "trace/state.h"
#include "unit.h"
#include "view/session.h"

#define MS NSEC_PER_MSEC

#define KNOWN    TRANSITION_DURATION_KNOWN
#define ABOUT    TRANSITION_DURATION_ABOUT
#define AT_LEAST TRANSITION_DURATION_AT_LEAST
#define TO       TRANSITION_TO_MINISOCK
#define OF       TRANSITION_OF_MINISOCK

/* What was lost, in order. */
static struct {
	uint64_t cookies[8];
	int count;
	bool were_partial;
	uint64_t lost_since; /* a cookie; 0: none */
} lost;

static void note_lost(void *context, struct session *session)
{
	CHECK(context == &lost);
	lost.were_partial = session->is_partial;
	lost.lost_since = session->last.cookie;
	lost.cookies[lost.count++ % ARRAY_SIZE(lost.cookies)] = session->last.cookie;
}

static struct sessions sessions_with_steps(void)
{
	memset(&lost, 0, sizeof(lost));
	return (struct sessions){.has_steps = true, .lose = note_lost, .context = &lost};
}

/* At time_ms, after ms in oldstate, as flags say. */
static struct transition change(uint64_t skaddr, uint64_t cookie, uint8_t oldstate,
				uint8_t newstate, uint64_t time_ms, uint64_t ms, uint8_t flags)
{
	return (struct transition){.time_ns = time_ms * MS,
				   .duration_ns = ms * MS,
				   .skaddr = skaddr,
				   .cookie = cookie,
				   .oldstate = oldstate,
				   .newstate = newstate,
				   .lport = (uint16_t)cookie,
				   .flags = flags | TRANSITION_HAS_DETAILS};
}

static struct session *take(struct sessions *sessions, const struct transition *t)
{
	return sessions_take(sessions, t, false);
}

#define TAKE(...)                                                    \
	__extension__({                                              \
		const struct transition given = change(__VA_ARGS__); \
                                                                     \
		take(&sessions, &given);                             \
	})

static struct transition standing(uint64_t skaddr, uint64_t cookie, uint8_t state, uint64_t time_ms,
				  uint64_t ms, uint8_t flags)
{
	struct transition t = change(skaddr, cookie, state, state, time_ms, ms, flags);

	t.facts |= FACT_STANDING;
	return t;
}

/* As --sessions writes it. */
static const char *path_of(const struct session *session)
{
	static char text[256];
	char *place = text;

	*place = '\0';
	for (int i = 0; i < session->step_count; i++) {
		const struct session_step *step = &session->steps[i];
		const char *mark = step->flags == KNOWN      ? "="
				   : step->flags == ABOUT    ? "~"
				   : step->flags == AT_LEAST ? ">="
							     : "!";

		place += sprintf(place, "%s%s%s%s%u", i ? " " : "", step->follows_gap ? "? " : "",
				 state_word(step->state)->text, mark,
				 (unsigned int)(step->duration_ns / MS));
	}
	return text;
}

/* Every path that the kernel's TCP has, and one of a damaged recording. */
static void paths(void)
{
	static const struct {
		const char *path;
		uint8_t states[12];
		enum session_role role;
	} rows[] = {
		{"SYN_SENT=1", {STATE_CLOSE, STATE_SYN_SENT, STATE_CLOSE}, SESSION_CLIENT},
		{"SYN_SENT=1 ESTABLISHED=2",
		 {STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED, STATE_CLOSE},
		 SESSION_CLIENT},
		{"SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2=4 TIME_WAIT=5",
		 {STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,
		  STATE_TIME_WAIT, STATE_CLOSE},
		 SESSION_CLIENT},
		{"SYN_SENT=1 SYN_RECV=2 ESTABLISHED=3 FIN_WAIT1=4 CLOSING=5 TIME_WAIT=6",
		 {STATE_CLOSE, STATE_SYN_SENT, STATE_SYN_RECV, STATE_ESTABLISHED, STATE_FIN_WAIT1,
		  STATE_CLOSING, STATE_TIME_WAIT, STATE_CLOSE},
		 SESSION_CLIENT},
		{"SYN_RECV=1 ESTABLISHED=2 CLOSE_WAIT=3 LAST_ACK=4",
		 {STATE_LISTEN, STATE_SYN_RECV, STATE_ESTABLISHED, STATE_CLOSE_WAIT, STATE_LAST_ACK,
		  STATE_CLOSE},
		 SESSION_SERVER},
		{"SYN_RECV=1 FIN_WAIT1=2",
		 {STATE_LISTEN, STATE_SYN_RECV, STATE_FIN_WAIT1, STATE_CLOSE},
		 SESSION_SERVER},
		{"SYN_RECV=1", {STATE_LISTEN, STATE_SYN_RECV, STATE_CLOSE}, SESSION_SERVER},
		/* TCP_REPAIR */
		{"ESTABLISHED=1",
		 {STATE_CLOSE, STATE_ESTABLISHED, STATE_CLOSE},
		 SESSION_ROLE_UNKNOWN},
		{"", {STATE_CLOSE, STATE_CLOSE}, SESSION_ROLE_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sessions sessions = sessions_with_steps();
		const uint8_t *states = rows[i].states;
		struct session *session = NULL, *first = NULL;
		uint64_t time_ms = 1000;

		unit_row("%s", rows[i].path);
		for (int at = 0; states[at + 1]; at++) {
			time_ms += at;
			session = TAKE(7, 1, states[at], states[at + 1], time_ms, at, KNOWN);
			first = first ? first : session;
			CHECK(session && session == first);
		}
		CHECK_TEXT(rows[i].path, path_of(session));
		CHECK_NUMBER(STATE_CLOSE, session->last.newstate);
		CHECK_NUMBER(1000 * MS, session->first_ns);
		CHECK_NUMBER(time_ms * MS, session->since_ns);
		CHECK_NUMBER(rows[i].role, session->role);
		CHECK(session->is_begun && !session->is_partial && !session->follows_gap);
		sessions_remove(&sessions, session);
		CHECK_NUMBER(0, sessions.by_key.count);
		CHECK(!sessions.oldest && !sessions.newest);
		CHECK_NUMBER(0, sessions.untracked);
		CHECK_NUMBER(0, lost.count);
		sessions_close(&sessions);
	}
}

/* What a path has no room for is cut, and nothing is written behind it. */
static void endless_path(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 1, 1, KNOWN);

	for (int i = 0; i < 20; i++) {
		CHECK(session == TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 2, 1, KNOWN));
		CHECK(session == TAKE(7, 1, STATE_ESTABLISHED, STATE_SYN_SENT, 3, 1, KNOWN));
	}
	CHECK_NUMBER(SESSION_STEPS_MAX, session->step_count);
	CHECK(session->is_partial);
	sessions_close(&sessions);
}

/* Nothing is kept of paths for a view that does not want them. */
static void without_steps(void)
{
	struct sessions sessions = {0};
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 1, 1, KNOWN);

	CHECK(session == TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 2, 1, KNOWN));
	/* A lost end needs nobody who is told. */
	CHECK(TAKE(7, 2, STATE_CLOSE, STATE_SYN_SENT, 3, 1, KNOWN));
	CHECK_NUMBER(1, sessions.by_key.count);
	CHECK_NUMBER(0, sessions.oldest->step_count);
	sessions_close(&sessions);
}

static void listeners_are_none(void)
{
	struct sessions sessions = sessions_with_steps();

	CHECK(!TAKE(7, 1, STATE_CLOSE, STATE_LISTEN, 1, 1, KNOWN));
	CHECK(!TAKE(7, 1, STATE_LISTEN, STATE_LISTEN, 1, 1, KNOWN));
	CHECK(!TAKE(7, 1, STATE_LISTEN, STATE_CLOSE, 2, 1, KNOWN));
	/* One that is a listener's by now has ended unseen. */
	CHECK(TAKE(8, 2, STATE_CLOSE, STATE_SYN_SENT, 3, 1, KNOWN));
	CHECK(!TAKE(8, 3, STATE_CLOSE, STATE_LISTEN, 4, 1, KNOWN));
	CHECK_NUMBER(1, lost.count);
	CHECK_NUMBER(2, lost.cookies[0]);
	CHECK_NUMBER(0, sessions.by_key.count);
	sessions_close(&sessions);
}

/* Of a socket that is bound, and not connected, too. */
static void looks_at_others(void)
{
	static const uint8_t states[] = {STATE_LISTEN, STATE_CLOSE};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct sessions sessions = sessions_with_steps();
		struct transition t = standing(7, 1, states[i], 10, 5, AT_LEAST);

		CHECK(!take(&sessions, &t));
		CHECK_NUMBER(0, sessions.by_key.count);
		sessions_close(&sessions);
	}
}

/*
 * A minisock waits for the peer's FIN in the same state. Its time is that since FIN_WAIT2 was
 * entered; in older recordings, since the hand-over.
 */
static void orphan(void)
{
	static const struct {
		uint8_t ms;
		uint8_t known;
		const char *path;
	} rows[] = {
		{45, KNOWN, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2=45"},
		{40, KNOWN, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2=45"},
		{45, ABOUT, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2~45"},
		{40, ABOUT, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2~45"},
		{50, AT_LEAST, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2>=50"},
		{0, 0, "SYN_SENT=1 ESTABLISHED=2 FIN_WAIT1=3 FIN_WAIT2!45"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sessions sessions = sessions_with_steps();
		struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 100, 9, KNOWN);

		unit_row("%s", rows[i].path);
		TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 101, 1, KNOWN);
		TAKE(7, 1, STATE_ESTABLISHED, STATE_FIN_WAIT1, 103, 2, KNOWN);
		TAKE(7, 1, STATE_FIN_WAIT1, STATE_FIN_WAIT2, 106, 3, KNOWN);
		TAKE(7, 1, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 111, 5, TO | KNOWN);
		CHECK_NUMBER(106 * MS, session->since_ns);
		CHECK_NUMBER(3, session->step_count);
		/* The socket's address is another session's meanwhile. */
		CHECK(session != TAKE(7, 2, STATE_CLOSE, STATE_SYN_SENT, 112, 1, KNOWN));
		CHECK(session == TAKE(7, 1, STATE_FIN_WAIT2, STATE_TIME_WAIT, 151, rows[i].ms,
				      OF | rows[i].known));
		CHECK_TEXT(rows[i].path, path_of(session));
		CHECK_NUMBER(151 * MS, session->since_ns);
		CHECK(session == TAKE(7, 1, STATE_TIME_WAIT, STATE_CLOSE, 200, 49, OF | ABOUT));
		CHECK_NUMBER(49 * MS, session->steps[4].duration_ns);
		CHECK(!session->is_partial);
		CHECK_NUMBER(2, sessions.by_key.count);
		CHECK_NUMBER(0, lost.count);
		sessions_close(&sessions);
	}
}

/* Seen from the hand-over on only. */
static void orphan_seen_late(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 105, 5, TO | KNOWN);

	CHECK(session->is_partial && !session->is_begun && !session->is_older);
	CHECK_NUMBER(100 * MS, session->since_ns);
	CHECK_NUMBER(100 * MS, session->first_ns);
	TAKE(7, 1, STATE_FIN_WAIT2, STATE_CLOSE, 145, 40, OF | KNOWN);
	CHECK_TEXT("? FIN_WAIT2=45", path_of(session));
	sessions_remove(&sessions, session);
	session = TAKE(8, 2, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 105, 5, TO | AT_LEAST);
	CHECK(session->is_older);
	TAKE(8, 2, STATE_FIN_WAIT2, STATE_CLOSE, 145, 40, OF | KNOWN);
	CHECK_TEXT("? FIN_WAIT2>=45", path_of(session));
	sessions_close(&sessions);
}

/* Minisocks that have one cookie or none: found by it, else by socket and ends. */
static void minisocks_apart(void)
{
	for (int has_cookies = 0; has_cookies < 2; has_cookies++) {
		struct sessions sessions = sessions_with_steps();
		struct session *session[3];

		unit_row("%s cookies", has_cookies ? "with" : "without");
		for (int i = 0; i < 3; i++) {
			/* One address after another is freed and used again. */
			struct transition t = change(7, has_cookies ? 100 + i : 0, STATE_CLOSE,
						     STATE_ESTABLISHED, 10 * i, 0, 0);

			t.lport = 1000 + i;
			session[i] = take(&sessions, &t);
			t.oldstate = STATE_ESTABLISHED;
			t.newstate = STATE_FIN_WAIT2;
			CHECK(session[i] == take(&sessions, &t));
			t.oldstate = STATE_FIN_WAIT2;
			t.newstate = STATE_TIME_WAIT;
			t.flags |= TO;
			CHECK(session[i] == take(&sessions, &t));
		}
		CHECK_NUMBER(3, sessions.by_key.count);
		for (int i = 2; i >= 0; i--) {
			struct transition t = change(7, has_cookies ? 100 + i : 0, STATE_TIME_WAIT,
						     STATE_CLOSE, 1000, 0, OF);

			t.lport = 1000 + i;
			CHECK(session[i] == take(&sessions, &t));
			CHECK(!session[i]->is_partial);
			sessions_remove(&sessions, session[i]);
		}
		CHECK_NUMBER(0, lost.count);
		sessions_close(&sessions);
	}
}

/* A scan finds a fast open in SYN_RECV; its start is reported when it leaves that state. */
static void fast_open(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition look = standing(7, 70, STATE_SYN_RECV, 3000, 2990, KNOWN);
	struct session *session = take(&sessions, &look);

	CHECK(session->is_partial && session->role == SESSION_ROLE_UNKNOWN);
	CHECK(session == TAKE(7, 70, STATE_LISTEN, STATE_SYN_RECV, 10, 0, 0));
	CHECK(session->is_begun && !session->is_partial && session->role == SESSION_SERVER);
	CHECK_NUMBER(10 * MS, session->first_ns);
	CHECK_NUMBER(10 * MS, session->since_ns);
	CHECK(session == TAKE(7, 70, STATE_SYN_RECV, STATE_ESTABLISHED, 4000, 3990, KNOWN));
	CHECK_TEXT("SYN_RECV=3990", path_of(session));
	CHECK_NUMBER(0, lost.count);
	sessions_remove(&sessions, session);

	/* What starts after the snapshot, without a cookie, is another session at that address. */
	look = standing(7, 0, STATE_SYN_RECV, 1000, 100, KNOWN);
	take(&sessions, &look);
	session = TAKE(7, 0, STATE_LISTEN, STATE_SYN_RECV, 1001, 0, 0);
	CHECK_NUMBER(1001 * MS, session->first_ns);
	CHECK_NUMBER(1, lost.count);
	/* So is what starts while a session is in another state. */
	look = standing(7, 0, STATE_ESTABLISHED, 7000, 100, KNOWN);
	take(&sessions, &look);
	TAKE(7, 0, STATE_LISTEN, STATE_SYN_RECV, 6999, 0, 0);
	CHECK_NUMBER(2, lost.count);
	sessions_close(&sessions);
}

/* A request begins and ends as a minisock; its socket is another session's. */
static void half_open(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *request = TAKE(7, 0, STATE_LISTEN, STATE_SYN_RECV, 10, 0, OF);
	struct session *socket = TAKE(7, 0, STATE_LISTEN, STATE_SYN_RECV, 11, 0, 0);

	CHECK(request != socket);
	CHECK(request->is_minisock && request->role == SESSION_SERVER && request->is_begun);
	CHECK(socket == TAKE(7, 0, STATE_SYN_RECV, STATE_ESTABLISHED, 12, 1, KNOWN));
	CHECK(request == TAKE(7, 0, STATE_SYN_RECV, STATE_CLOSE, 20, 10, OF | ABOUT));
	CHECK_TEXT("SYN_RECV~10", path_of(request));
	CHECK_NUMBER(CAUSE_HALF_OPEN, request->cause);
	CHECK_NUMBER(0, lost.count);
	sessions_close(&sessions);
}

/* Seen while it lasts, before its beginning is told: by itself in the end, or by its socket. */
static void half_open_for_long(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition look = standing(7, 70, STATE_SYN_RECV, 1010, 1000, OF | KNOWN);
	struct session *request = take(&sessions, &look);

	CHECK(request->is_begun && !request->is_partial && !request->is_older);
	CHECK(request->role == SESSION_SERVER && request->is_minisock);
	CHECK_NUMBER(10 * MS, request->first_ns);
	CHECK_NUMBER(10 * MS, request->since_ns);
	look = standing(7, 70, STATE_SYN_RECV, 3010, 3000, OF | KNOWN);
	look.retrans = 2;
	CHECK(request == take(&sessions, &look));
	CHECK_NUMBER(10 * MS, request->since_ns);
	CHECK_NUMBER(2, request->last.retrans);
	CHECK(request == TAKE(7, 70, STATE_LISTEN, STATE_SYN_RECV, 11, 0, OF));
	CHECK_NUMBER(10 * MS, request->since_ns);
	CHECK(request == TAKE(7, 70, STATE_SYN_RECV, STATE_CLOSE, 7010, 6999, OF | ABOUT));
	CHECK_TEXT("SYN_RECV~6999", path_of(request));
	CHECK_NUMBER(CAUSE_HALF_OPEN, request->cause);
	CHECK(!request->is_partial);
	sessions_remove(&sessions, request);

	look = standing(7, 71, STATE_SYN_RECV, 8000, 1000, OF | KNOWN);
	request = take(&sessions, &look);
	/* The address of its socket was another session's. */
	CHECK(request != TAKE(9, 90, STATE_SYN_SENT, STATE_ESTABLISHED, 8001, 1, KNOWN));
	CHECK(request == TAKE(9, 71, STATE_LISTEN, STATE_SYN_RECV, 7000, 0, 0));
	CHECK(!request->is_minisock && request->is_begun);
	CHECK(request == TAKE(9, 71, STATE_SYN_RECV, STATE_ESTABLISHED, 9000, 2000, KNOWN));
	CHECK(request == TAKE(9, 71, STATE_ESTABLISHED, STATE_CLOSE, 9010, 10, KNOWN));
	CHECK_TEXT("SYN_RECV=2000 ESTABLISHED=10", path_of(request));
	CHECK(!request->is_partial);
	CHECK_NUMBER(1, lost.count);
	CHECK_NUMBER(90, lost.cookies[0]);
	CHECK_NUMBER(1, sessions.by_key.count);
	sessions_close(&sessions);
}

/* How it began was lost. */
static void half_open_unseen(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition look = standing(7, 70, STATE_SYN_RECV, 1010, 1000, OF | KNOWN);
	struct session *request = take(&sessions, &look);

	CHECK(request == TAKE(9, 70, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 2000, 5, KNOWN));
	CHECK(!request->is_minisock && request->is_partial);
	CHECK_TEXT("SYN_RECV!0 ? ESTABLISHED=5", path_of(request));
	CHECK_NUMBER(0, lost.count);
	CHECK_NUMBER(1, sessions.by_key.count);
	sessions_close(&sessions);
}

/* The socket is another session's: by its beginning, or by its cookie. */
static void lost_ends(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session;

	TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);
	TAKE(7, 2, STATE_CLOSE, STATE_SYN_SENT, 20, 0, KNOWN);
	CHECK_NUMBER(1, lost.count);
	CHECK(lost.were_partial);
	session = TAKE(7, 3, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 30, 5, KNOWN);
	CHECK_NUMBER(2, lost.count);
	CHECK_NUMBER(2, lost.cookies[1]);
	CHECK(session->is_partial && !session->is_begun);
	CHECK_NUMBER(SESSION_ROLE_UNKNOWN, session->role);
	CHECK_NUMBER(25 * MS, session->first_ns);
	CHECK_TEXT("? ESTABLISHED=5", path_of(session));
	CHECK_NUMBER(1, sessions.by_key.count);
	/* Nothing tells two sessions apart that have no cookie, and of which one was lost. */
	CHECK(session == TAKE(7, 0, STATE_CLOSE_WAIT, STATE_LAST_ACK, 31, 1, KNOWN));
	sessions_close(&sessions);
}

/* A session that ends where TIME_WAIT begins: what follows belongs to none, like older ones. */
static void end_in_time_wait(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session;
	struct transition t;

	sessions.end_in_time_wait = true;
	session = TAKE(7, 1, STATE_FIN_WAIT1, STATE_FIN_WAIT2, 10, 5, KNOWN);
	CHECK(!session_has_ended(&sessions, session));
	CHECK(session == TAKE(7, 1, STATE_FIN_WAIT2, STATE_TIME_WAIT, 11, 1, TO | KNOWN));
	CHECK(session_has_ended(&sessions, session));
	CHECK_TEXT("? FIN_WAIT1=5 FIN_WAIT2=1", path_of(session));
	sessions_remove(&sessions, session);
	CHECK(!TAKE(7, 1, STATE_TIME_WAIT, STATE_CLOSE, 60011, 60000, OF | KNOWN));
	t = standing(0, 2, STATE_TIME_WAIT, 20, 10, OF | KNOWN);
	CHECK(!take(&sessions, &t));
	CHECK_NUMBER(0, sessions.by_key.count);

	/* An orphan of which the start of TIME_WAIT was missed is lost. */
	session = TAKE(7, 3, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 30, 5, TO | KNOWN);
	t = standing(0, 3, STATE_TIME_WAIT, 35, 1, OF | KNOWN);
	CHECK(!take(&sessions, &t) || session->last.newstate == STATE_FIN_WAIT2);
	CHECK_NUMBER(0, lost.count);
	CHECK(!TAKE(7, 3, STATE_TIME_WAIT, STATE_CLOSE, 60030, 60000, OF | KNOWN));
	CHECK_NUMBER(1, lost.count);
	CHECK_NUMBER(3, lost.cookies[0]);

	/* One that never gets there ends in CLOSE. */
	session = TAKE(7, 4, STATE_LAST_ACK, STATE_CLOSE, 40, 1, KNOWN);
	CHECK(session_has_ended(&sessions, session));
	sessions.end_in_time_wait = false;
	session->last.newstate = STATE_TIME_WAIT;
	CHECK(!session_has_ended(&sessions, session));
	sessions_close(&sessions);
}

/* What was missed in between is marked, and its times are not known. */
static void gaps(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);

	TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 11, 1, KNOWN);
	CHECK(!session->is_partial);
	CHECK(session == TAKE(7, 1, STATE_CLOSE_WAIT, STATE_LAST_ACK, 40, 5, KNOWN));
	CHECK(session->is_partial && session->is_begun);
	CHECK(!session->has_closed);
	CHECK_TEXT("SYN_SENT=1 ESTABLISHED!0 ? CLOSE_WAIT=5", path_of(session));
	CHECK(session == TAKE(7, 1, STATE_LAST_ACK, STATE_CLOSE, 41, 1, KNOWN));
	CHECK_TEXT("SYN_SENT=1 ESTABLISHED!0 ? CLOSE_WAIT=5 LAST_ACK=1", path_of(session));
	sessions_close(&sessions);
}

/* The hand-over to the minisock was missed: what it carried is not known any more. */
static void gap_after_hand_over(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 10, 5, TO | KNOWN);

	CHECK(session == TAKE(7, 1, STATE_TIME_WAIT, STATE_CLOSE, 40, 20, OF | KNOWN));
	CHECK_TEXT("? FIN_WAIT2!0 ? TIME_WAIT=20", path_of(session));
	sessions_remove(&sessions, session);

	/* The hand-over itself. */
	session = TAKE(7, 1, STATE_CLOSE, STATE_ESTABLISHED, 10, 5, KNOWN);
	CHECK(session == TAKE(7, 1, STATE_TIME_WAIT, STATE_CLOSE, 40, 20, OF | KNOWN));
	CHECK_TEXT("ESTABLISHED!0 ? TIME_WAIT=20", path_of(session));
	CHECK(session->is_minisock);
	CHECK_NUMBER(1, sessions.by_key.count);
	sessions_remove(&sessions, session);

	/* How it came where the hand-over finds it. */
	session = TAKE(7, 1, STATE_CLOSE, STATE_ESTABLISHED, 10, 5, KNOWN);
	CHECK(session == TAKE(7, 1, STATE_FIN_WAIT2, STATE_FIN_WAIT2, 50, 7, TO | KNOWN));
	CHECK_NUMBER(43 * MS, session->since_ns);
	CHECK(session->is_partial && session->follows_gap);
	CHECK(session == TAKE(7, 1, STATE_FIN_WAIT2, STATE_CLOSE, 60, 17, OF | KNOWN));
	CHECK_TEXT("ESTABLISHED!0 ? FIN_WAIT2=17", path_of(session));
	sessions_close(&sessions);
}

/* A look at one that was there before; then it goes on. */
static void standing_first(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition t = standing(7, 1, STATE_ESTABLISHED, 1000, 400, AT_LEAST);
	struct session *session = take(&sessions, &t);

	CHECK(session->is_partial && !session->is_begun && session->is_older);
	CHECK_NUMBER(600 * MS, session->since_ns);
	CHECK_NUMBER(600 * MS, session->first_ns);
	CHECK_NUMBER(0, session->step_count);
	CHECK(session->follows_gap);
	/* A later word reaches back further. */
	CHECK(session == TAKE(7, 1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 2000, 1500, AT_LEAST));
	CHECK_NUMBER(500 * MS, session->first_ns);
	CHECK(!session->is_older && !session->follows_gap);
	CHECK_TEXT("? ESTABLISHED>=1500", path_of(session));
	sessions_close(&sessions);

	t = standing(7, 1, STATE_CLOSE_WAIT, 1000, 400, KNOWN);
	session = take(&sessions, &t);
	CHECK(!session->is_older);
	sessions_close(&sessions);

	/* Nothing known of how long: no longer than now. */
	t = standing(7, 1, STATE_CLOSE_WAIT, 1000, 400, 0);
	session = take(&sessions, &t);
	CHECK(session->is_older);
	CHECK_NUMBER(1000 * MS, session->since_ns);
	sessions_close(&sessions);

	/* A minisock, which ends. */
	t = standing(7, 1, STATE_TIME_WAIT, 1000, 400, KNOWN | OF);
	session = take(&sessions, &t);
	CHECK(session == TAKE(7, 1, STATE_TIME_WAIT, STATE_CLOSE, 2000, 1400, OF | KNOWN));
	CHECK_TEXT("? TIME_WAIT=1400", path_of(session));
	sessions_close(&sessions);
}

/* A look at one that is followed: its figures are newer, and nothing else. */
static void standing_later(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);
	struct transition t = standing(7, 1, STATE_SYN_SENT, 500, 490, KNOWN);

	t.retrans = 3;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(3, session->last.retrans);
	CHECK_NUMBER(10 * MS, session->since_ns);
	CHECK_NUMBER(0, session->step_count);
	CHECK(!session->is_older && !session->is_partial);
	CHECK(session == TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 600, 590, KNOWN));
	CHECK_TEXT("SYN_SENT=590", path_of(session));

	/* Too late: it has gone on. */
	t = standing(7, 1, STATE_SYN_SENT, 610, 600, KNOWN);
	t.retrans = 99;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(STATE_ESTABLISHED, session->last.newstate);
	CHECK_NUMBER(0, session->last.retrans);

	/* From before the last word: overtaken. */
	t = standing(7, 1, STATE_ESTABLISHED, 599, 1, KNOWN);
	t.retrans = 99;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(0, session->last.retrans);

	/* Of another session at the same address. */
	t = standing(7, 2, STATE_ESTABLISHED, 700, 1, KNOWN);
	CHECK(session != take(&sessions, &t) || lost.count == 1);
	CHECK_NUMBER(1, lost.count);
	CHECK_NUMBER(1, sessions.by_key.count);
	sessions_close(&sessions);
}

/* A later scan finds it in another state: the change was not seen. */
static void moved_unseen(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);
	struct transition t = standing(7, 1, STATE_ESTABLISHED, 500, 100, AT_LEAST);

	t.known = TRANSITION_KNOWN_HOLDER;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(STATE_ESTABLISHED, session->last.newstate);
	CHECK_NUMBER(400 * MS, session->since_ns);
	CHECK(session->is_older && session->is_partial);
	CHECK(session == TAKE(7, 1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 700, 300, AT_LEAST));
	CHECK_TEXT("SYN_SENT!0 ? ESTABLISHED>=300", path_of(session));
	/* Older than the last change. */
	t.time_ns = 600 * MS;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(STATE_CLOSE_WAIT, session->last.newstate);
	sessions_close(&sessions);
}

/* Who has the socket open is newer than the owner that the kernel program has stored. */
static void owner_stays(void)
{
	static const struct {
		const char *name;
		uint32_t facts;
		uint16_t err;
		uint8_t from;   /* of the scan before */
		uint32_t c_pid; /* on the CPU */
		uint32_t pid;   /* wanted */
	} rows[] = {
		{"by a packet", 0, 0, OWNER_HOLDER, 1, 2},
		{"shared", 0, 0, OWNER_SHARED, 1, 2},
		{"not found", 0, 0, OWNER_INHERITED, 1, 1},
		{"by the owner", FACT_IN_CALL, 0, OWNER_HOLDER, 1, 1},
		{"by a packet, another has the lock", FACT_IN_CALL, 0, OWNER_HOLDER, 3, 2},
		{"by the kernel", FACT_IN_CALL | FACT_KERNEL_THREAD, 0, OWNER_HOLDER, 1, 2},
		{"destroyed by another", FACT_IN_CALL, 103, OWNER_HOLDER, 1, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sessions sessions = sessions_with_steps();
		struct transition t = standing(7, 1, STATE_CLOSE_WAIT, 500, 100, KNOWN);
		struct session *session;

		unit_row("%s", rows[i].name);
		t.pid = 2;
		t.owner_from = rows[i].from;
		session = take(&sessions, &t);
		t = change(7, 1, STATE_CLOSE_WAIT, STATE_CLOSE, 600, 100, KNOWN);
		t.pid = 1;
		t.c_pid = rows[i].c_pid;
		t.owner_from = OWNER_INHERITED;
		t.facts = rows[i].facts;
		t.err = rows[i].err;
		CHECK(session == take(&sessions, &t));
		CHECK_NUMBER(rows[i].pid, session->last.pid);
		sessions_close(&sessions);
	}
}

/* The scan at the end: nothing follows that would tell of a change, and nothing begins there. */
static void scan_at_end(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 10, 1, KNOWN);
	struct transition t = standing(7, 1, STATE_ESTABLISHED, 500, 490, KNOWN);

	t.facts |= FACT_AT_END;
	t.tx_bytes = 3;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(3, session->last.tx_bytes);
	CHECK(transition_is_at_end(&session->last) && !session->follows_gap);

	/* In another state: the change was not seen. */
	t = standing(7, 1, STATE_CLOSE_WAIT, 501, 100, KNOWN);
	t.facts |= FACT_AT_END;
	CHECK(session == take(&sessions, &t));
	CHECK_NUMBER(STATE_CLOSE_WAIT, session->last.newstate);
	CHECK_NUMBER(401 * MS, session->since_ns);
	CHECK(session->is_partial && session->follows_gap);
	CHECK_TEXT("? SYN_SENT=1 ESTABLISHED!0", path_of(session));

	/* From before the last change: overtaken. */
	t.newstate = t.oldstate = STATE_ESTABLISHED;
	t.time_ns = 400 * MS;
	take(&sessions, &t);
	CHECK_NUMBER(STATE_CLOSE_WAIT, session->last.newstate);

	/* Of one that is not known. */
	t = standing(8, 2, STATE_ESTABLISHED, 502, 100, KNOWN);
	t.facts |= FACT_AT_END;
	CHECK(!take(&sessions, &t));
	CHECK_NUMBER(1, sessions.by_key.count);
	sessions_close(&sessions);
}

/* Why and how long idle: of the first end that closed, once. */
static void first_close(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session = TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);
	struct transition t = change(7, 1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 30, 19, KNOWN);

	TAKE(7, 1, STATE_SYN_SENT, STATE_ESTABLISHED, 11, 1, KNOWN);
	CHECK(!session->has_closed);
	t.facts = FACT_IDLE;
	t.idle_ms = 12;
	take(&sessions, &t);
	CHECK(session->has_closed && session->has_idle);
	CHECK_NUMBER(CAUSE_PEER_FIN, session->close_cause);
	t = change(7, 1, STATE_CLOSE_WAIT, STATE_LAST_ACK, 50, 20, KNOWN);
	t.facts = FACT_IDLE | FACT_EXITING;
	t.idle_ms = 32;
	t.signal = 9;
	take(&sessions, &t);
	CHECK_NUMBER(CAUSE_PEER_FIN, session->close_cause);
	CHECK_NUMBER(CAUSE_SIGNAL, session->cause);
	CHECK_NUMBER(12, session->idle_ms);
	CHECK_NUMBER(9, session->signal);
	t = change(7, 1, STATE_LAST_ACK, STATE_CLOSE, 60, 10, KNOWN);
	t.reset_reason = 3;
	t.facts = FACT_ALL_ACKED;
	take(&sessions, &t);
	CHECK_NUMBER(9, session->signal);
	CHECK_NUMBER(3, session->reset_reason);
	CHECK_NUMBER(CAUSE_FIN_ACKED, session->cause);
	sessions_close(&sessions);
}

static void matches_stay(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition t = change(7, 1, STATE_CLOSE, STATE_SYN_SENT, 10, 0, KNOWN);
	struct session *session = sessions_take(&sessions, &t, false);

	CHECK(!session->is_match);
	t.oldstate = STATE_SYN_SENT;
	t.newstate = STATE_ESTABLISHED;
	sessions_take(&sessions, &t, true);
	CHECK(session->is_match);
	t.oldstate = STATE_ESTABLISHED;
	t.newstate = STATE_CLOSE;
	sessions_take(&sessions, &t, false);
	CHECK(session->is_match);
	sessions_close(&sessions);
}

static void sums(void)
{
	static const uint8_t rows[][3] = {
		{0, 0, 0},
		{KNOWN, KNOWN, KNOWN},
		{KNOWN, ABOUT, ABOUT},
		{ABOUT, ABOUT, ABOUT},
		{KNOWN, AT_LEAST, AT_LEAST},
		{ABOUT, AT_LEAST, AT_LEAST},
		{0, KNOWN, AT_LEAST},
		{0, ABOUT, AT_LEAST},
		{0, AT_LEAST, AT_LEAST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%u + %u", rows[i][0], rows[i][1]);
		CHECK_NUMBER(rows[i][2], session_known_of_sum(rows[i][0], rows[i][1]));
		CHECK_NUMBER(rows[i][2], session_known_of_sum(rows[i][1], rows[i][0]));
		CHECK_NUMBER(rows[i][2], session_known_of_sum(rows[i][1] | TO | OF, rows[i][0]));
	}
}

#define MANY 200000

/* All are found while the table grows and shrinks; the oldest stays the oldest. */
static void many(void)
{
	struct sessions sessions = {0};

	for (uint64_t i = 0; i < MANY; i++)
		CHECK(TAKE(0xffff888000000000 + i * 2368, i + 1, STATE_CLOSE, STATE_SYN_SENT, i, 0,
			   KNOWN));
	CHECK_NUMBER(MANY, sessions.by_key.count);
	CHECK_NUMBER(1, sessions.oldest->last.cookie);
	CHECK_NUMBER(MANY, sessions.newest->last.cookie);
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t which = i * 7919 % MANY;
		struct session *session = TAKE(0xffff888000000000 + which * 2368, which + 1,
					       STATE_SYN_SENT, STATE_CLOSE, MANY + i, 1, KNOWN);

		CHECK(session->last.cookie == which + 1 && !session->is_partial);
		sessions_remove(&sessions, session);
	}
	CHECK_NUMBER(0, sessions.by_key.count);
	CHECK(!sessions.oldest && !sessions.newest);
	sessions_close(&sessions);
	CHECK_NUMBER(0, sessions.by_key.count);
	/* It can be used again. */
	CHECK(TAKE(7, 1, STATE_CLOSE, STATE_SYN_SENT, 1, 0, KNOWN));
	sessions_close(&sessions);
}

/* What there is no room for is counted; those that are followed go on. */
static void no_room(void)
{
	struct sessions sessions = {.has_steps = true, .count_max = 2};
	struct session *first = TAKE(1, 1, STATE_CLOSE, STATE_SYN_SENT, 1, 0, KNOWN);

	CHECK(first && TAKE(2, 2, STATE_CLOSE, STATE_SYN_SENT, 1, 0, KNOWN));
	CHECK(!TAKE(3, 3, STATE_CLOSE, STATE_SYN_SENT, 1, 0, KNOWN));
	CHECK(!TAKE(3, 3, STATE_SYN_SENT, STATE_ESTABLISHED, 2, 1, KNOWN));
	CHECK_NUMBER(2, sessions.untracked);
	CHECK(first == TAKE(1, 1, STATE_SYN_SENT, STATE_CLOSE, 2, 1, KNOWN));
	sessions_remove(&sessions, first);
	/* Its beginning was not followed, so it is one that was there before. */
	first = TAKE(3, 3, STATE_ESTABLISHED, STATE_CLOSE, 3, 1, KNOWN);
	CHECK(first->is_partial);
	CHECK_NUMBER(2, sessions.untracked);
	sessions_close(&sessions);
}

static void check_order(const struct sessions *sessions, const char *wanted)
{
	char found[16] = "", back[16] = "";
	size_t count = 0;

	for (struct session *session = sessions->oldest; session; session = session->newer)
		found[count++] = (char)('0' + session->last.cookie);
	CHECK_TEXT(wanted, found);
	for (struct session *session = sessions->newest; session; session = session->older)
		back[--count] = (char)('0' + session->last.cookie);
	CHECK_MEMORY(found, back, strlen(found));
	CHECK_NUMBER(strlen(wanted), sessions->by_key.count);
}

static void order(void)
{
	struct sessions sessions = sessions_with_steps();
	struct session *session[5];

	check_order(&sessions, "");
	for (int i = 0; i < 5; i++)
		session[i] = TAKE(i + 1, i + 1, STATE_CLOSE, STATE_SYN_SENT, 9 - i, 0, KNOWN);
	TAKE(2, 2, STATE_SYN_SENT, STATE_ESTABLISHED, 20, 0, KNOWN);
	check_order(&sessions, "12345");
	sessions_remove(&sessions, session[2]);
	check_order(&sessions, "1245");
	sessions_remove(&sessions, session[0]);
	check_order(&sessions, "245");
	sessions_remove(&sessions, session[4]);
	check_order(&sessions, "24");
	TAKE(9, 9, STATE_CLOSE, STATE_SYN_SENT, 1, 0, KNOWN);
	check_order(&sessions, "249");
	sessions_close(&sessions);
	check_order(&sessions, "");
}

/*
 * Random sessions at few addresses, some of their changes lost: what the code calls a session never
 * has changes of two, and without loss it has all of one.
 */
struct real {
	uint64_t skaddr, cookie;
	uint8_t states[8]; /* the way it takes; 0 ends it */
	int at;            /* where it is */
	bool is_minisock;
	bool is_told_from; /* its beginning was told */
	bool has_gap;      /* something behind that was not */
};

#define ADDRESSES 6
#define REALS     12

static void begin_real(struct real *real, const struct real *others)
{
	static const uint8_t ways[][8] = {
		{STATE_CLOSE, STATE_SYN_SENT, STATE_CLOSE},
		{STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,
		 STATE_TIME_WAIT, STATE_CLOSE},
		{STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_CLOSING,
		 STATE_TIME_WAIT, STATE_CLOSE},
		{STATE_LISTEN, STATE_SYN_RECV, STATE_ESTABLISHED, STATE_CLOSE_WAIT, STATE_LAST_ACK,
		 STATE_CLOSE},
		{STATE_LISTEN, STATE_SYN_RECV, STATE_ESTABLISHED, STATE_CLOSE},
	};
	static uint64_t cookie;
	bool is_taken = true;

	memset(real, 0, sizeof(*real));
	while (is_taken) {
		real->skaddr = 1 + unit_random() % ADDRESSES;
		is_taken = false;
		for (int i = 0; i < REALS; i++)
			is_taken |= &others[i] != real && others[i].cookie &&
				    !others[i].is_minisock && others[i].skaddr == real->skaddr;
	}
	real->cookie = ++cookie;
	memcpy(real->states, ways[unit_random() % ARRAY_SIZE(ways)], sizeof(real->states));
}

static struct transition step_real(struct real *real, uint64_t time_ms)
{
	uint8_t oldstate = real->states[real->at], newstate = real->states[real->at + 1];
	struct transition t =
		change(real->skaddr, real->cookie, oldstate, newstate, time_ms, 1, KNOWN);

	if (real->is_minisock)
		t.flags |= OF;
	else if (newstate == STATE_TIME_WAIT)
		t.flags |= TO;
	real->is_minisock |= newstate == STATE_TIME_WAIT;
	real->at++;
	return t;
}

/* The initial scan finds a minisock before its session is reported to become one. */
static void found_as_minisock(void)
{
	struct sessions sessions = sessions_with_steps();
	struct transition found = standing(0, 7, STATE_TIME_WAIT, 20, 1, OF | KNOWN);
	struct transition other = standing(0, 8, STATE_TIME_WAIT, 20, 1, OF | KNOWN);
	struct session *session;

	found.facts |= FACT_FOUND;
	other.facts |= FACT_FOUND;
	sessions_take(&sessions, &found, true);
	sessions_take(&sessions, &other, true);
	TAKE(1, 7, STATE_FIN_WAIT1, STATE_FIN_WAIT2, 10, 3, KNOWN);
	session = TAKE(1, 7, STATE_FIN_WAIT2, STATE_TIME_WAIT, 19, 9, TO | KNOWN);
	CHECK_TEXT("? FIN_WAIT1=3 FIN_WAIT2=9", path_of(session));
	CHECK_NUMBER(2, sessions.by_key.count);
	CHECK_NUMBER(1, lost.count);
	CHECK_NUMBER(7, lost.cookies[0]);
	CHECK(TAKE(0, 7, STATE_TIME_WAIT, STATE_CLOSE, 60, 41, OF | KNOWN) == session);
	CHECK(TAKE(0, 8, STATE_TIME_WAIT, STATE_CLOSE, 60, 41, OF | KNOWN) != session);
	sessions_close(&sessions);
}

static void check_real(const struct real *real, const struct session *session)
{
	bool is_whole = real->is_told_from && !real->has_gap;

	CHECK_NUMBER(real->cookie, session->last.cookie);
	CHECK_NUMBER(real->states[real->at], session->last.newstate);
	CHECK_NUMBER(real->is_told_from, session->is_begun);
	CHECK_NUMBER(!is_whole, session->is_partial);
	if (!is_whole)
		return;
	CHECK_NUMBER(real->at - 1, session->step_count);
	for (int i = 0; i < session->step_count; i++)
		CHECK_NUMBER(real->states[i + 1], session->steps[i].state);
}

static void random_sessions(void)
{
	for (unsigned int loss = 0; loss <= 20; loss += 5) {
		struct sessions sessions = sessions_with_steps();
		struct real reals[REALS] = {0};

		unit_row("%u %% lost", loss);
		for (uint64_t time_ms = 1; time_ms < 20000; time_ms++) {
			struct real *real = &reals[unit_random() % ADDRESSES];
			bool is_told = unit_random() % 100 >= loss, is_first;
			struct transition t;
			struct session *session;

			if (!real->cookie)
				begin_real(real, reals);
			is_first = !real->at;
			t = step_real(real, time_ms);
			if (!is_told) {
				real->has_gap = true;
			} else {
				real->is_told_from |= is_first;
				session = take(&sessions, &t);
				for (int i = 0; i < REALS; i++)
					reals[i].is_told_from &= reals[i].cookie != lost.lost_since;
				check_real(real, session);
				if (t.newstate == STATE_CLOSE)
					sessions_remove(&sessions, session);
			}
			if (real->states[real->at] == STATE_CLOSE)
				real->cookie = 0;
		}
		CHECK(loss || !lost.count);
		CHECK(loss || sessions.by_key.count <= ADDRESSES);
		sessions_close(&sessions);
	}
}

UNIT_MAIN("session", TEST(paths), TEST(endless_path), TEST(without_steps), TEST(listeners_are_none),
	  TEST(looks_at_others), TEST(orphan), TEST(orphan_seen_late), TEST(minisocks_apart),
	  TEST(half_open), TEST(half_open_for_long), TEST(half_open_unseen), TEST(fast_open),
	  TEST(lost_ends), TEST(end_in_time_wait), TEST(gaps), TEST(gap_after_hand_over),
	  TEST(standing_first), TEST(standing_later), TEST(moved_unseen), TEST(scan_at_end),
	  TEST(owner_stays), TEST(first_close), TEST(matches_stay), TEST(sums), TEST(many),
	  TEST(no_room), TEST(order), TEST(found_as_minisock), TEST(random_sessions))
