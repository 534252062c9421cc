// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Local ports in use: which sessions have one, in which pool; what a row derives from it. */
#include <stdlib.h>

#include "trace/state.h"
#include "unit.h"
#include "view/port_pressure.h"
#include "view/ports.h"
#include "view/ports_row.h"

#define SEC   1000000000ull
#define NETNS 4026531840u
#define LOW   40000
#define HIGH  40009

/* Of a session with 192.0.2.2:80, whose address in the kernel is id. */
static struct transition of(uint64_t id, uint16_t lport, unsigned int oldstate,
			    unsigned int newstate)
{
	struct transition t = {
		.time_ns = id * SEC,
		.skaddr = 0xffff888000000000 + id,
		.cookie = id,
		.laddr = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
		.raddr = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2},
		.lport = lport,
		.rport = 80,
		.ip = 4,
		.netns = NETNS,
		.oldstate = oldstate,
		.newstate = newstate,
		.flags = TRANSITION_HAS_DETAILS,
		.comm = "api",
	};

	return t;
}

static struct port_space space_of(uint16_t high, unsigned int tw_reuse)
{
	return (struct port_space){
		.time_ns = SEC,
		.netns = NETNS,
		.low = LOW,
		.high = high,
		.tw_reuse = tw_reuse,
		.known = PORT_SPACE_KNOWN_RESERVED | PORT_SPACE_KNOWN_TW_REUSE,
	};
}

static struct ports with_space(void)
{
	const struct port_space space = space_of(HIGH, TW_REUSE_NEVER);
	struct ports ports = {0};

	ports_set_space(&ports, &space);
	return ports;
}

static struct port_pool *take(struct ports *ports, struct transition t)
{
	return ports_take(ports, &t, true);
}

static struct port_pool *go(struct ports *ports, uint64_t id, uint16_t lport, unsigned int oldstate,
			    unsigned int newstate)
{
	return take(ports, of(id, lport, oldstate, newstate));
}

/* A client's session that is established. */
static struct port_pool *open_one(struct ports *ports, uint64_t id, uint16_t lport)
{
	go(ports, id, 0, STATE_CLOSE, STATE_SYN_SENT);
	return go(ports, id, lport, STATE_SYN_SENT, STATE_ESTABLISHED);
}

/* Its minisock, or, with an end, the end of it. */
static struct port_pool *linger(struct ports *ports, uint64_t id, uint16_t lport, bool is_end)
{
	struct transition t = of(id, lport, STATE_FIN_WAIT2, STATE_TIME_WAIT);

	t.flags |= TRANSITION_TO_MINISOCK;
	if (!is_end)
		return take(ports, t);
	t.flags = TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK;
	t.oldstate = STATE_TIME_WAIT;
	t.newstate = STATE_CLOSE;
	return take(ports, t);
}

static struct transition found(uint64_t id, uint16_t lport, unsigned int state)
{
	struct transition t = of(id, lport, state, state);

	t.facts = FACT_STANDING;
	if (state == STATE_TIME_WAIT) {
		t.flags |= TRANSITION_OF_MINISOCK;
		t.facts |= FACT_FOUND;
		t.comm[0] = '\0';
	}
	return t;
}

static void check_in_use(const struct port_pool *pool, unsigned int live, unsigned int time_wait)
{
	CHECK(pool);
	CHECK_NUMBER(live, pool->live);
	CHECK_NUMBER(time_wait, pool->time_wait);
}

/* A port is in use from connect() to the end of TIME_WAIT. */
static void life(void)
{
	struct ports ports = with_space();
	struct port_pool *pool = go(&ports, 1, 0, STATE_CLOSE, STATE_SYN_SENT);

	check_in_use(pool, 1, 0);
	CHECK_NUMBER(1, pool->lately.opened);
	CHECK(pool == go(&ports, 1, LOW, STATE_SYN_SENT, STATE_ESTABLISHED));
	go(&ports, 1, LOW, STATE_ESTABLISHED, STATE_FIN_WAIT1);
	go(&ports, 1, LOW, STATE_FIN_WAIT1, STATE_FIN_WAIT2);
	check_in_use(pool, 1, 0);
	linger(&ports, 1, LOW, false);
	check_in_use(pool, 0, 1);
	CHECK_NUMBER(1, pool->lately.lingering);
	linger(&ports, 1, LOW, true);
	check_in_use(pool, 0, 0);
	CHECK_NUMBER(1, pool->peak.live + pool->peak.time_wait);
	ports_close(&ports);
}

/* A server's sessions do not count, nor do ports out of the range. */
static void others(void)
{
	struct ports ports = with_space();
	struct port_pool *pool;

	CHECK(!go(&ports, 1, LOW, STATE_LISTEN, STATE_SYN_RECV));
	CHECK(!go(&ports, 1, LOW, STATE_SYN_RECV, STATE_ESTABLISHED));
	CHECK(!linger(&ports, 1, LOW, false));
	pool = open_one(&ports, 2, LOW - 1);
	check_in_use(pool, 0, 0);
	open_one(&ports, 3, HIGH + 1);
	check_in_use(pool, 0, 0);
	open_one(&ports, 4, HIGH);
	check_in_use(pool, 1, 0);
	ports_close(&ports);
}

/* Older than the trace: by the port, unless a listener has it. */
static void older(void)
{
	struct ports ports = with_space();
	struct transition at_end = found(7, LOW + 5, STATE_ESTABLISHED);
	struct transition gone = found(1, LOW + 1, STATE_CLOSE);
	struct port_pool *pool;

	CHECK(!take(&ports, found(9, LOW, STATE_LISTEN)));
	CHECK(!take(&ports, found(2, LOW, STATE_ESTABLISHED)));
	pool = take(&ports, found(1, LOW + 1, STATE_ESTABLISHED));
	check_in_use(pool, 1, 0);
	take(&ports, found(3, LOW + 2, STATE_TIME_WAIT));
	check_in_use(pool, 1, 1);
	CHECK_NUMBER(0, pool->lately.opened);
	CHECK_NUMBER(1, pool->lately.live);
	CHECK_NUMBER(1, pool->whole.time_wait);
	at_end.facts |= FACT_AT_END;
	CHECK(!take(&ports, at_end));
	/* The same one again, and then not at all. */
	CHECK(!take(&ports, found(1, LOW + 1, STATE_ESTABLISHED)));
	check_in_use(pool, 1, 1);
	take(&ports, gone);
	check_in_use(pool, 0, 1);
	ports_close(&ports);
}

/* The minisock was found before its session was reported to become one. */
static void found_before(void)
{
	struct ports ports = with_space();
	struct port_pool *pool = open_one(&ports, 1, LOW);

	take(&ports, found(1, LOW, STATE_TIME_WAIT));
	linger(&ports, 1, LOW, false);
	check_in_use(pool, 0, 1);
	linger(&ports, 1, LOW, true);
	check_in_use(pool, 0, 0);
	ports_close(&ports);
}

/* Without the range, what began with connect() counts; with another one, all count again. */
static void ranges(void)
{
	struct port_space space = space_of(HIGH, TW_REUSE_NEVER);
	struct ports ports = {0};
	struct port_pool *pool = open_one(&ports, 1, LOW);

	take(&ports, found(2, LOW + 5, STATE_ESTABLISHED));
	open_one(&ports, 3, 9);
	CHECK(!port_pool_space(pool));
	check_in_use(pool, 2, 0);
	CHECK_NUMBER(0, pool->peak.of);
	ports_set_space(&ports, &space);
	check_in_use(pool, 2, 0);
	space.high = LOW;
	ports_set_space(&ports, &space);
	check_in_use(pool, 1, 0);
	CHECK_NUMBER(1, port_space_count(port_pool_space(pool)));
	ports_close(&ports);
}

static struct transition failed(uint64_t id, uint16_t lport)
{
	struct transition t = of(id, lport, STATE_SYN_SENT, STATE_CLOSE);

	t.facts = FACT_IN_CALL | FACT_ACCEPTED;
	t.connect_end = CONNECT_END_NO_PORT;
	t.known = TRANSITION_KNOWN_END;
	return t;
}

/* connect() finds no port. Not so if it was bound: the 4-tuple was taken. */
static void failures(void)
{
	struct ports ports = with_space();
	struct port_pool *pool = NULL;

	for (uint16_t i = 0; i < 10; i++)
		pool = open_one(&ports, 1 + i, LOW + i);
	CHECK_NUMBER(10, port_pool_taken(pool));
	go(&ports, 20, 0, STATE_CLOSE, STATE_SYN_SENT);
	CHECK_NUMBER(10, pool->peak.live);
	take(&ports, failed(20, 0));
	CHECK_NUMBER(10, pool->live);
	CHECK_NUMBER(1, pool->lately.failed);
	CHECK_NUMBER(10, pool->lately.opened);
	go(&ports, 21, LOW, STATE_CLOSE, STATE_SYN_SENT);
	take(&ports, failed(21, LOW));
	CHECK_NUMBER(1, pool->lately.failed);
	ports_close(&ports);
}

static void reuse(void)
{
	static const struct {
		const char *name;
		unsigned int tw_reuse;
		uint8_t first; /* byte of the remote address */
		uint8_t known;
		bool is_reused;
	} rows[] = {
		{"never", TW_REUSE_NEVER, 127, PORT_SPACE_KNOWN_TW_REUSE, false},
		{"always", TW_REUSE_ALWAYS, 192, PORT_SPACE_KNOWN_TW_REUSE, true},
		{"loopback", TW_REUSE_LOOPBACK, 127, PORT_SPACE_KNOWN_TW_REUSE, true},
		{"other address", TW_REUSE_LOOPBACK, 192, PORT_SPACE_KNOWN_TW_REUSE, false},
		{"not known", TW_REUSE_ALWAYS, 127, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct port_space space = space_of(HIGH, rows[i].tw_reuse);
		struct transition t = of(1, LOW, STATE_CLOSE, STATE_SYN_SENT);
		struct ports ports = {0};
		struct port_pool *pool;

		unit_row("%s", rows[i].name);
		space.known = rows[i].known;
		ports_set_space(&ports, &space);
		t.raddr[12] = rows[i].first;
		take(&ports, t);
		t.oldstate = STATE_FIN_WAIT2;
		t.newstate = STATE_TIME_WAIT;
		t.flags |= TRANSITION_TO_MINISOCK;
		pool = take(&ports, t);
		check_in_use(pool, 0, 1);
		CHECK_NUMBER(rows[i].is_reused, port_pool_reuses(pool));
		CHECK_NUMBER(!rows[i].is_reused, port_pool_taken(pool));
		ports_close(&ports);
	}
}

/* A pool with n sessions of each name in TIME_WAIT. */
static struct port_pool *made_by(struct ports *ports, const char *const *names, const int *counts)
{
	struct port_pool *pool = NULL;
	uint64_t id = 0;

	for (int i = 0; names[i]; i++) {
		for (int n = 0; n < counts[i]; n++) {
			struct transition t;

			id++;
			open_one(ports, id, LOW);
			t = of(id, LOW, STATE_FIN_WAIT2, STATE_TIME_WAIT);
			t.flags |= TRANSITION_TO_MINISOCK;
			snprintf(t.comm, sizeof(t.comm), "%s", names[i]);
			pool = take(ports, t);
		}
	}
	return pool;
}

static void makers(void)
{
	static const char *const names[] = {"web", "api", "", "job", "cron", NULL};
	static const int counts[] = {2, 3, 1, 1, 4};
	struct ports ports = with_space();
	struct ports_row row = {.pool = made_by(&ports, names, counts)};

	ports_row_name_makers(&row);
	CHECK_TEXT("api 3, web 2, unknown 1, job 1, others 4", row.makers);
	linger(&ports, 1, LOW, true);
	linger(&ports, 2, LOW, true);
	ports_row_name_makers(&row);
	CHECK_TEXT("api 3, unknown 1, job 1, others 4", row.makers);
	ports_close(&ports);
}

/* Ports, before and now, and what entered TIME_WAIT in ten seconds, out of a thousand. */
static void full_in(void)
{
	static const struct {
		const char *name;
		int64_t live_before, time_wait_before;
		uint32_t live, time_wait;
		uint64_t lingering;
		unsigned int tw_reuse;
		int64_t seconds; /* -1: never */
	} rows[] = {
		{"nothing", 0, 0, 0, 0, 0, TW_REUSE_NEVER, -1},
		{"steady", 100, 0, 100, 0, 0, TW_REUSE_NEVER, -1},
		{"fewer", 100, 10, 90, 5, 0, TW_REUSE_NEVER, -1},
		{"too few to tell", 0, 0, 99, 0, 0, TW_REUSE_NEVER, -1},
		{"more live sessions", 0, 0, 100, 0, 0, TW_REUSE_NEVER, 90},
		{"full", 0, 0, 1000, 0, 0, TW_REUSE_NEVER, 0},
		{"more than full", 0, 0, 1001, 0, 0, TW_REUSE_NEVER, 0},
		/* 20 a second need 1200 ports. */
		{"TIME_WAIT", 0, 0, 0, 200, 200, TW_REUSE_NEVER, 40},
		/* 10 a second need 600. */
		{"TIME_WAIT ends before", 0, 0, 0, 100, 100, TW_REUSE_NEVER, -1},
		{"TIME_WAIT is used again", 0, 0, 0, 200, 200, TW_REUSE_ALWAYS, -1},
		{"live sessions alone", 0, 0, 100, 200, 200, TW_REUSE_ALWAYS, 90},
		/* 15 a second for 50 s; of the last 100, 5 a second. */
		{"both", 0, 0, 50, 100, 100, TW_REUSE_NEVER, 70},
	};
	struct port_space space = space_of(LOW + 999, TW_REUSE_NEVER);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ports ports = {0};
		struct port_pool *pool;
		struct port_stats stats = {.live = rows[i].live_before,
					   .time_wait = rows[i].time_wait_before,
					   .lingering = rows[i].lingering};
		struct ports_row row = {.stats = &stats, .report = {.span_ns = 10 * SEC}};
		uint64_t ns = 0;

		unit_row("%s", rows[i].name);
		space.tw_reuse = rows[i].tw_reuse;
		ports_set_space(&ports, &space);
		row.pool = pool = go(&ports, 1, 0, STATE_CLOSE, STATE_SYN_SENT);
		pool->live = rows[i].live;
		pool->time_wait = rows[i].time_wait;
		CHECK_NUMBER(rows[i].seconds >= 0, ports_row_full_in(&row, &ns));
		if (rows[i].seconds >= 0)
			CHECK_NUMBER(rows[i].seconds, ns / SEC);
		ports_close(&ports);
	}
}

/* The fullest first; only those that match and have had sessions. */
static void sorted(void)
{
	struct ports ports = with_space();
	struct transition other = of(30, 0, STATE_CLOSE, STATE_SYN_SENT);
	struct port_pool **pools;
	size_t count;

	other.rport = 81;
	take(&ports, other);
	other.rport = 82;
	other.skaddr++;
	ports_take(&ports, &other, false);
	open_one(&ports, 1, LOW);
	open_one(&ports, 2, LOW + 1);
	pools = port_pools_sort(&ports.pools, false, &count);
	CHECK_NUMBER(2, count);
	CHECK_NUMBER(80, pools[0]->key.rport);
	CHECK_NUMBER(81, pools[1]->key.rport);
	port_pools_turn(&ports.pools);
	CHECK_NUMBER(0, pools[0]->lately.opened);
	CHECK_NUMBER(2, pools[0]->whole.opened);
	free(pools);
	ports_close(&ports);
}

/* From 60 % a warning, from 90 % an error; ports of TIME_WAIT that can be used again do not count.
 */
static void pressure(void)
{
	struct ports ports = with_space();
	struct port_pool *pool = NULL;

	for (uint16_t i = 0; i < 10; i++) {
		pool = open_one(&ports, 1 + i, LOW + i);
		unit_row("%u of 10", i + 1);
		CHECK_NUMBER(i + 1 >= 9   ? SEVERITY_ERROR
			     : i + 1 >= 6 ? SEVERITY_WARNING
					  : SEVERITY_OK,
			     port_pressure_of(pool));
	}
	/* It has been so. */
	for (uint16_t i = 0; i < 10; i++)
		go(&ports, 1 + i, LOW + i, STATE_ESTABLISHED, STATE_CLOSE);
	check_in_use(pool, 0, 0);
	CHECK_NUMBER(SEVERITY_ERROR, port_pressure_of(pool));
	ports_close(&ports);
}

static void check_said(const struct port_pool *pool, const char *text)
{
	struct finding_row row = {0};
	struct port_pressure as;

	port_pressure_say(&row, &as, pool);
	CHECK_TEXT(text, row.text);
	CHECK_TEXT("tcpstates --ports --remote 192.0.2.2 -D 80", row.command);
}

static void sentences(void)
{
	static const char *const names[] = {"api", NULL};
	static const int counts[] = {6};
	struct ports ports = with_space(), unknown = {0};
	struct port_pool *pool = made_by(&ports, names, counts);

	open_one(&ports, 50, LOW);
	check_said(pool, "7 of 10 local ports from 192.0.2.1 to 192.0.2.2:80 were taken at once "
			 "(70 %): 1 live, 6 in TIME_WAIT (6 of api)");
	take(&ports, failed(51, 0));
	check_said(pool, "7 of 10 local ports from 192.0.2.1 to 192.0.2.2:80 were taken at once "
			 "(70 %): 1 live, 6 in TIME_WAIT (6 of api); 1 connect() calls found none: "
			 "their range may be narrower (IP_LOCAL_PORT_RANGE), or others have bound "
			 "the ports");
	pool = take(&unknown, failed(52, 0));
	CHECK_NUMBER(SEVERITY_ERROR, port_pressure_of(pool));
	check_said(pool, "1 connect() calls from 192.0.2.1 to 192.0.2.2:80 found no free local "
			 "port; how many there are is not known");
	ports_close(&ports);
	ports_close(&unknown);
}

static struct port_pool *hold(struct ports *ports, struct port_use *held, struct transition t)
{
	return ports_take_of(ports, held, &t, true);
}

/* A view holds the port of its session until TIME_WAIT. */
static void held(void)
{
	struct ports ports = with_space();
	struct port_use client = {0}, server = {0};
	struct port_pool *pool = hold(&ports, &client, of(1, LOW, STATE_CLOSE, STATE_SYN_SENT));
	struct transition to_end = of(1, LOW, STATE_FIN_WAIT2, STATE_TIME_WAIT);

	CHECK(!hold(&ports, &server, of(2, LOW, STATE_LISTEN, STATE_SYN_RECV)));
	CHECK(!hold(&ports, &server, of(2, LOW, STATE_SYN_RECV, STATE_ESTABLISHED)));
	check_in_use(pool, 1, 0);
	CHECK_NUMBER(0, ports.presences.by_id.count);
	/* Nothing to judge anew. */
	CHECK(!hold(&ports, &client, of(1, LOW, STATE_SYN_SENT, STATE_ESTABLISHED)));
	CHECK_NUMBER(1, pool->peak.live);
	hold(&ports, &client, of(1, LOW, STATE_ESTABLISHED, STATE_FIN_WAIT1));
	hold(&ports, &client, of(1, LOW, STATE_FIN_WAIT1, STATE_FIN_WAIT2));
	to_end.flags |= TRANSITION_TO_MINISOCK;
	CHECK(pool == hold(&ports, &client, to_end));
	ports_drop(&ports, &client, &to_end);
	check_in_use(pool, 0, 1);
	CHECK_NUMBER(1, pool->lately.lingering);
	CHECK_NUMBER(1, pool->lately.opened);
	/* The view does not follow it any more. */
	linger(&ports, 1, LOW, true);
	check_in_use(pool, 0, 0);
	CHECK_NUMBER(0, ports.presences.by_id.count);
	ports_close(&ports);
}

/* The end was not seen; or that of TIME_WAIT is still to come. */
static void dropped(void)
{
	struct ports ports = with_space();
	struct port_use lost = {0}, unseen = {0};
	struct transition last = of(2, LOW, STATE_FIN_WAIT2, STATE_TIME_WAIT);
	struct port_pool *pool = hold(&ports, &lost, of(1, LOW, STATE_CLOSE, STATE_SYN_SENT));
	struct transition begin = of(1, LOW, STATE_CLOSE, STATE_SYN_SENT);

	hold(&ports, &unseen, of(2, LOW + 1, STATE_CLOSE, STATE_SYN_SENT));
	check_in_use(pool, 2, 0);
	ports_drop(&ports, &lost, &begin);
	check_in_use(pool, 1, 0);
	last.flags |= TRANSITION_OF_MINISOCK;
	ports_drop(&ports, &unseen, &last);
	check_in_use(pool, 0, 1);
	linger(&ports, 2, LOW, true);
	check_in_use(pool, 0, 0);
	ports_close(&ports);
}

/* A view that had no room for its session holds it later. */
static void held_later(void)
{
	struct ports ports = with_space();
	struct port_use late = {0};
	struct port_pool *pool = open_one(&ports, 1, LOW);

	hold(&ports, &late, of(1, LOW, STATE_ESTABLISHED, STATE_FIN_WAIT1));
	check_in_use(pool, 1, 0);
	CHECK(pool == late.pool);
	CHECK_NUMBER(0, ports.presences.by_id.count);
	hold(&ports, &late, of(1, LOW, STATE_FIN_WAIT1, STATE_CLOSE));
	check_in_use(pool, 0, 0);
	ports_close(&ports);
}

/* The minisock of a session that a view holds was found before, in TIME_WAIT. */
static void held_found_before(void)
{
	static const unsigned int states[] = {STATE_TIME_WAIT, STATE_FIN_WAIT2};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct ports ports = with_space();
		struct port_use client = {0};
		struct port_pool *pool =
			hold(&ports, &client, of(1, LOW, STATE_CLOSE, STATE_SYN_SENT));
		struct transition t = of(1, LOW, STATE_FIN_WAIT2, states[i]);
		bool lingers = states[i] == STATE_TIME_WAIT;

		unit_row("%s", lingers ? "TIME_WAIT" : "orphan");
		take(&ports, found(1, LOW, STATE_TIME_WAIT));
		check_in_use(pool, 1, 1);
		t.flags |= TRANSITION_TO_MINISOCK;
		hold(&ports, &client, t);
		check_in_use(pool, !lingers, lingers);
		ports_close(&ports);
	}
}

/* Another range: what a view holds is counted again. */
static void held_range(void)
{
	struct port_space space = space_of(HIGH, TW_REUSE_NEVER);
	struct ports ports = with_space();
	struct port_use client = {0}, server = {0};
	struct port_pool *pool = hold(&ports, &client, of(1, HIGH, STATE_CLOSE, STATE_SYN_SENT));
	const struct port_home *home;

	space.high = HIGH - 1;
	home = ports_set_space(&ports, &space);
	port_use_recount(&client, home);
	port_use_recount(&server, home);
	check_in_use(pool, 0, 0);
	space.high = HIGH;
	port_use_recount(&client, ports_set_space(&ports, &space));
	check_in_use(pool, 1, 0);
	ports_close(&ports);
}

UNIT_MAIN("ports", TEST(life), TEST(others), TEST(older), TEST(found_before), TEST(ranges),
	  TEST(failures), TEST(reuse), TEST(makers), TEST(full_in), TEST(sorted), TEST(pressure),
	  TEST(sentences), TEST(held), TEST(dropped), TEST(held_later), TEST(held_found_before),
	  TEST(held_range))
