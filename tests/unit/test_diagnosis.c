// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules that are hard to make live, near misses, groups and their bounds. */
#include <stdio.h>
#include <string.h>

#include "trace/clock.h"
#include "trace/state.h"
#include "unit.h"
#include "view/diagnose_row.h"

#define SEC ((uint64_t)NSEC_PER_SEC)

/* A session that has ended, with the state before CLOSE. */
struct story {
	struct session session;
	struct session_row row;
};

static struct story story(enum session_role role, enum cause cause, unsigned int state)
{
	struct story story = {
		.session = {.role = role, .cause = cause, .is_begun = true},
		.row = {.status = SESSION_ENDED,
			.path = {{.state = role == SESSION_CLIENT ? STATE_SYN_SENT : STATE_SYN_RECV,
				  .flags = TRANSITION_DURATION_KNOWN},
				 {.state = STATE_ESTABLISHED, .flags = TRANSITION_DURATION_KNOWN},
				 {.state = state, .flags = TRANSITION_DURATION_KNOWN}},
			.path_count = state == STATE_ESTABLISHED ? 2 : 3},
	};

	story.row.last = (struct transition){
		.flags = TRANSITION_HAS_DETAILS,
		.ip = 4,
		.lport = 40000,
		.rport = 80,
		.laddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		.raddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2},
		.comm = "curl",
		.cookie = 1,
		.newstate = STATE_CLOSE,
	};
	return story;
}

static struct group *judge(struct diagnosis *diagnosis, struct story *story)
{
	const struct judged_session session = {.row = &story->row};

	story->row.session = &story->session;
	return diagnosis_take(diagnosis, &session);
}

/* The rules that hold in a group, as "a,b". */
static const char *found(const struct group *group)
{
	static char text[256];
	const struct rule *rule;

	*text = '\0';
	for (int i = 0; (rule = rule_at(i)); i++)
		if (rule_holds(rule, group, group->cases[i]))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 *text ? "," : "", rule->name);
	return text;
}

/* What so many sessions that end alike make. */
static const char *made_by(struct story story, int count)
{
	struct diagnosis diagnosis = {0};
	struct group *group = NULL;
	const char *text;

	for (int i = 0; i < count; i++) {
		story.row.last.time_ns += SEC;
		group = judge(&diagnosis, &story);
	}
	text = group ? found(group) : "no group";
	diagnosis_close(&diagnosis);
	return text;
}

static void by_cause(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		int count;
		enum session_role role;
		enum cause cause;
		unsigned int state;
	} rows[] = {
		{"unreachable", "unreachable", 1, SESSION_CLIENT, CAUSE_UNREACHABLE,
		 STATE_ESTABLISHED},
		{"time_wait_full", "time-wait-full", 1, SESSION_CLIENT, CAUSE_TIME_WAIT_FULL,
		 STATE_FIN_WAIT2},
		{"no_memory", "no-memory", 1, SESSION_SERVER, CAUSE_NO_MEMORY, STATE_FIN_WAIT1},
		{"no_port", "no-port", 1, SESSION_CLIENT, CAUSE_NO_PORT, STATE_ESTABLISHED},
		{"half_open", "half-open", 20, SESSION_SERVER, CAUSE_HALF_OPEN, STATE_ESTABLISHED},
		{"few half-open", "", 19, SESSION_SERVER, CAUSE_HALF_OPEN, STATE_ESTABLISHED},
		{"refused", "refused", 5, SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED},
		{"few refused", "", 4, SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED},
		{"closed", "", 100, SESSION_CLIENT, CAUSE_FIN_ACKED, STATE_LAST_ACK},
		{"not known", "", 100, SESSION_CLIENT, CAUSE_UNKNOWN, STATE_ESTABLISHED},
		{"reset without data", "", 100, SESSION_CLIENT, CAUSE_RESET_RECEIVED,
		 STATE_ESTABLISHED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].name);
		CHECK_TEXT(
			rows[i].wanted,
			made_by(story(rows[i].role, rows[i].cause, rows[i].state), rows[i].count));
	}
}

/* One in two hundred is no finding, where a rule asks for a share. */
static void share(void)
{
	struct story reset = story(SESSION_CLIENT, CAUSE_RESET_UNREAD, STATE_ESTABLISHED);
	struct story good = story(SESSION_CLIENT, CAUSE_FIN_ACKED, STATE_LAST_ACK);
	struct diagnosis diagnosis = {0};
	struct group *group = NULL;

	for (int i = 0; i < 5; i++)
		group = judge(&diagnosis, &reset);
	CHECK_TEXT("unread-reset", found(group));
	for (int i = 0; i < 1000; i++)
		judge(&diagnosis, &good);
	CHECK_TEXT("", found(group));
	CHECK_NUMBER(1005, group->sessions);
	diagnosis_close(&diagnosis);
}

/* The peer closes sessions at the same age, whatever they do; or after the same idle time. */
static void timeouts(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		uint32_t idle_ms[6];
		uint32_t life_ms[6];
	} rows[] = {
		{"idle",
		 "peer-idle-timeout",
		 {5000, 5001, 5003, 5000, 5002, 5001},
		 {6000, 7000, 8000, 9000, 5500, 12000}},
		{"age",
		 "peer-max-lifetime",
		 {1000, 2000, 3000, 4000, 1500, 2500},
		 {9000, 9001, 9002, 9003, 9004, 9005}},
		{"both",
		 "peer-idle-timeout",
		 {5000, 5001, 5003, 5000, 5002, 5001},
		 {5010, 5011, 5012, 5010, 5011, 5012}},
		{"neither",
		 "",
		 {1000, 2000, 3000, 4000, 1500, 2500},
		 {6000, 7000, 8000, 9000, 5500, 12000}},
		{"at once", "", {10, 11, 10, 11, 10, 11}, {20, 21, 20, 21, 20, 21}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story closed = story(SESSION_CLIENT, CAUSE_FIN_ACKED, STATE_LAST_ACK);
		struct diagnosis diagnosis = {0};
		struct group *group = NULL;

		unit_row("%s", rows[i].name);
		closed.session.close_cause = CAUSE_PEER_FIN;
		closed.session.has_closed = closed.session.has_idle = true;
		closed.row.closer = CLOSER_PEER;
		closed.row.last.tx_bytes = closed.row.last.rx_bytes = 10;
		for (int j = 0; j < 6; j++) {
			closed.session.idle_ms = rows[i].idle_ms[j];
			closed.row.life.ns = rows[i].life_ms[j] * (uint64_t)NSEC_PER_MSEC;
			group = judge(&diagnosis, &closed);
		}
		CHECK_TEXT(rows[i].wanted, found(group));
		diagnosis_close(&diagnosis);
	}
}

/* Requests on connections that are kept alive, and the peer's FIN before its reset. */
static void after_fin(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		uint64_t sent_before;
		uint64_t unacked;
		uint64_t used_ns;
		uint64_t reset_ns; /* after the FIN */
	} rows[] = {
		{"sent long after", "stale-reuse", 100, 0, 2 * SEC, SEC},
		{"sent at once", "keepalive-race", 100, 0, 2 * SEC, NSEC_PER_MSEC},
		{"crossed", "keepalive-race", 200, 100, 2 * SEC, SEC / 10},
		{"crossed, sent more", "keepalive-race", 150, 50, 2 * SEC, SEC},
		{"an upload that is refused", "peer-resets", 200, 100000, 2 * SEC, SEC / 10},
		{"too young", "peer-resets", 200, 100, SEC / 2, SEC / 10},
		{"nothing under way", "peer-resets", 200, 0, 2 * SEC, SEC / 10},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story reset = story(SESSION_CLIENT, CAUSE_RESET_RECEIVED, STATE_CLOSE_WAIT);
		struct judged_session session = {.row = &reset.row,
						 .has_fin = true,
						 .fin_ns = SEC,
						 .sent_before = rows[i].sent_before,
						 .unacked = rows[i].unacked};
		struct diagnosis diagnosis = {0};
		struct group *group = NULL;

		unit_row("%s", rows[i].name);
		reset.row.session = &reset.session;
		reset.row.path[1].duration_ns = rows[i].used_ns;
		reset.row.last.tx_bytes = 200;
		reset.row.last.rx_bytes = 100;
		reset.row.last.time_ns = SEC + rows[i].reset_ns;
		for (int j = 0; j < 5; j++)
			group = diagnosis_take(&diagnosis, &session);
		CHECK_TEXT(rows[i].wanted, found(group));
		diagnosis_close(&diagnosis);
	}
}

/* The client of a server resets it: when it has acknowledged all, before, and if that is not known.
 */
static void reset_by_client(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		uint32_t facts;
		uint32_t tx_queue;
		uint64_t tx_bytes;
	} rows[] = {
		{"served", "client-resets", FACT_QUEUES, 0, 100},
		{"unacknowledged", "peer-resets", FACT_QUEUES, 7, 100},
		{"not answered", "peer-resets", FACT_QUEUES, 0, 0},
		{"not known", "peer-resets", 0, 0, 100},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story reset = story(SESSION_SERVER, CAUSE_RESET_RECEIVED, STATE_ESTABLISHED);

		unit_row("%s", rows[i].name);
		reset.row.last.facts = rows[i].facts;
		reset.row.last.tx_queue = rows[i].tx_queue;
		reset.row.last.tx_bytes = rows[i].tx_bytes;
		reset.row.last.rx_bytes = 100;
		CHECK_TEXT(rows[i].wanted, made_by(reset, 5));
	}
}

/* An attempt that is given up after so long: for a connection of the other family, or not. */
static void given_up(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		enum cause cause;
		uint64_t rival_ns;
		uint64_t spent_ns;
		unsigned int retrans;
	} rows[] = {
		{"for another one", "happy-eyeballs", CAUSE_CLOSE, SEC / 5, SEC / 5, 0},
		{"for another one, late", "happy-eyeballs", CAUSE_CLOSE, SEC * 2, SEC * 2, 1},
		{"not for another one", "", CAUSE_CLOSE, 0, SEC / 5, 0},
		{"not for another one, late", "syn-unanswered", CAUSE_CLOSE, 0, SEC * 2, 1},
		{"by the kernel", "syn-unanswered", CAUSE_SYN_TIMEOUT, 0, SEC * 2, 1},
		{"refused", "refused", CAUSE_REFUSED, 0, NSEC_PER_MSEC, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story one = story(SESSION_CLIENT, rows[i].cause, STATE_ESTABLISHED);
		struct judged_session session = {.row = &one.row, .rival_ns = rows[i].rival_ns};
		struct diagnosis diagnosis = {0};
		struct group *group = NULL;

		unit_row("%s", rows[i].name);
		one.row.session = &one.session;
		one.row.path_count = 1;
		one.row.path[0].duration_ns = rows[i].spent_ns;
		one.row.last.retrans = rows[i].retrans;
		for (int j = 0; j < 5; j++)
			group = diagnosis_take(&diagnosis, &session);
		CHECK_TEXT(rows[i].wanted, found(group));
		diagnosis_close(&diagnosis);
	}
}

/* Which family the other connection has. */
static void other_family(void)
{
	static const char *const families[] = {"an IPv6", "an IPv4"};
	int number = rule_find("happy-eyeballs", strlen("happy-eyeballs"));

	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		struct story one = story(SESSION_CLIENT, CAUSE_CLOSE, STATE_ESTABLISHED);
		struct judged_session session = {.row = &one.row, .rival_ns = SEC / 5};
		struct finding_row row = {.rule = rule_at(number)};
		struct diagnosis diagnosis = {0};
		struct group *group;

		one.row.session = &one.session;
		one.row.path_count = 1;
		if (is_ipv6) {
			one.row.last.ip = 6;
			one.row.last.raddr[0] = 0x20;
		}
		group = diagnosis_take(&diagnosis, &session);
		row.group = group;
		row.cases = group->cases[number];
		finding_say(&row);
		CHECK(strstr(row.text, " got no answer, and were given up for "));
		CHECK(strstr(row.text, families[is_ipv6]));
		CHECK(!strstr(row.text, families[!is_ipv6]));
		CHECK(strstr(row.text, " connection that began 200ms (p50) later: "));
		diagnosis_close(&diagnosis);
	}
}

/* One connection for each request, which the client closes. */
static void churn(void)
{
	static const struct {
		const char *name;
		const char *wanted;
		enum session_closer closer;
		enum cause close_cause;
		uint64_t life_ns;
		unsigned int known;
		int step_ms;
	} rows[] = {
		{"by the client", "pool-churn", CLOSER_LOCAL, CAUSE_CLOSE, NSEC_PER_MSEC,
		 TRANSITION_DURATION_KNOWN, 50},
		{"by the peer", "", CLOSER_PEER, CAUSE_PEER_FIN, NSEC_PER_MSEC,
		 TRANSITION_DURATION_KNOWN, 50},
		{"reset", "", CLOSER_PEER, CAUSE_RESET_RECEIVED, NSEC_PER_MSEC,
		 TRANSITION_DURATION_KNOWN, 50},
		{"in FIN_WAIT2 at last", "pool-churn", CLOSER_LOCAL, CAUSE_CLOSE, NSEC_PER_MSEC,
		 TRANSITION_DURATION_ABOUT, 50},
		{"perhaps longer", "", CLOSER_LOCAL, CAUSE_CLOSE, NSEC_PER_MSEC,
		 TRANSITION_DURATION_AT_LEAST, 50},
		{"long", "", CLOSER_LOCAL, CAUSE_CLOSE, 2 * SEC, TRANSITION_DURATION_KNOWN, 50},
		{"few", "", CLOSER_LOCAL, CAUSE_CLOSE, NSEC_PER_MSEC, TRANSITION_DURATION_KNOWN,
		 200},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct story one = story(SESSION_CLIENT, CAUSE_FIN_ACKED, STATE_LAST_ACK);
		struct diagnosis diagnosis = {0};
		struct group *group = NULL;

		unit_row("%s", rows[i].name);
		one.session.close_cause = rows[i].close_cause;
		one.row.closer = rows[i].closer;
		one.row.life = (struct session_time){rows[i].life_ns, rows[i].known};
		one.row.last.tx_bytes = one.row.last.rx_bytes = 10;
		for (int j = 0; j < 40; j++) {
			one.session.first_ns += (uint64_t)rows[i].step_ms * NSEC_PER_MSEC;
			group = judge(&diagnosis, &one);
		}
		CHECK_TEXT(rows[i].wanted, found(group));
		diagnosis_close(&diagnosis);
	}
}

/* Of a host's own addresses alone it is known that a listener there was this host's. */
static void local(void)
{
	struct story one = story(SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED);
	struct diagnosis diagnosis = {0};

	CHECK(!judge(&diagnosis, &one)->is_local);
	one.row.last.raddr[15] = 1;
	CHECK(judge(&diagnosis, &one)->is_local);
	one.row.last.netns = 9;
	CHECK(!judge(&diagnosis, &one)->is_local);
	diagnosis_close(&diagnosis);
}

static void sentence(void)
{
	struct story refused = story(SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED);
	struct diagnosis diagnosis = {0};
	struct finding_row row = {.rule = rule_at(rule_find("refused", strlen("refused")))};
	struct group *group = NULL;

	for (int i = 0; i < 5; i++)
		group = judge(&diagnosis, &refused);
	row.group = group;
	row.cases = group->cases[rule_find("refused", strlen("refused"))];
	finding_say(&row);
	CHECK_TEXT("5 of 5 sessions of curl to 10.0.0.2:80 were refused, 5 and more in a second: "
		   "no listener there, or a firewall that rejects",
		   row.text);
	CHECK_TEXT("tcpstates --sessions --remote 10.0.0.2 -D 80 --cause refused", row.command);
	row.gap = &(const struct listener_gap){.closed_ns = row.cases->first_ns - 20,
					       .back_ns = row.cases->last_ns + SEC,
					       .closed_by = "nginx"};
	finding_say(&row);
	CHECK_TEXT("5 of 5 sessions of curl to 10.0.0.2:80 were refused, 5 and more in a second: "
		   "no listener there, or a firewall that rejects; nginx closed its listener there "
		   "0.02us before the first, and its owner listened again 1.00s after the last",
		   row.text);
	CHECK_NUMBER(-1, rule_find("refuse", strlen("refuse")));
	diagnosis_close(&diagnosis);
}

/* Further groups are counted. */
static void no_room(void)
{
	struct story one = story(SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED);
	struct diagnosis diagnosis = {0};

	for (int i = 0; i < DIAGNOSIS_GROUPS_MAX + 7; i++) {
		one.row.last.rport = (uint16_t)i;
		CHECK((judge(&diagnosis, &one) == NULL) == (i >= DIAGNOSIS_GROUPS_MAX));
	}
	CHECK_NUMBER(7, diagnosis.ungrouped);
	/* A server's clients are one group. */
	one.session.role = SESSION_SERVER;
	one.row.last.lport = 80;
	CHECK(!judge(&diagnosis, &one));
	diagnosis_close(&diagnosis);
}

/* Each rule's sentence fits with the longest values, and its name into the field. */
static void all_sentences(void)
{
	struct story long_one = story(SESSION_CLIENT, CAUSE_REFUSED, STATE_ESTABLISHED);
	struct diagnosis diagnosis = {0};
	struct cases cases = {.count = UINT64_MAX, .is_burst = true, .first_ns = UINT64_MAX};
	struct listener_gap gap = {.back_ns = UINT64_MAX - 1};
	struct group *group;
	const struct rule *rule;

	memset(long_one.row.last.comm, 'x', sizeof(long_one.row.last.comm) - 1);
	long_one.row.last.ip = 6;
	memset(long_one.row.last.raddr, 0xfd, sizeof(long_one.row.last.raddr));
	group = judge(&diagnosis, &long_one);
	memset(gap.closed_by, 'x', sizeof(gap.closed_by));
	memset(gap.back_by, 'x', sizeof(gap.back_by));
	memset(cases.numbers, 0x7f, sizeof(cases.numbers));
	memset(cases.others, 0x7f, sizeof(cases.others));
	for (int i = 0; (rule = rule_at(i)); i++) {
		struct finding_row row = {.rule = rule,
					  .group = group,
					  .cases = &cases,
					  .is_least = true,
					  .gap = &gap};

		unit_row("%s", rule->name);
		finding_say(&row);
		CHECK(strlen(row.text) + 1 < sizeof(row.text));
		CHECK(strlen(row.command) + 1 < sizeof(row.command));
		CHECK(strlen(rule->name) < 20);
		CHECK(!strchr(row.text, '%') || strstr(row.text, " %)"));
	}
	diagnosis_close(&diagnosis);
}

UNIT_MAIN("diagnosis", TEST(by_cause), TEST(share), TEST(timeouts), TEST(after_fin),
	  TEST(reset_by_client), TEST(given_up), TEST(other_family), TEST(churn), TEST(local),
	  TEST(sentence), TEST(no_room), TEST(all_sentences))
