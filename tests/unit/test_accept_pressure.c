// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When an accept queue was full or slow: near misses, what is inferred or not known, what is said.
 */
#include <string.h>

#include "unit.h"
#include "view/accept_pressure.h"

#define SEC   ((uint64_t)NSEC_PER_SEC)
#define EXACT (LISTENER_KNOWN_ACCEPTED | LISTENER_KNOWN_OVERFLOWS)

static struct listener report_of(uint64_t cookie, uint64_t time_ns)
{
	return (struct listener){.cookie = cookie,
				 .time_ns = time_ns,
				 .event = LISTENER_FOUND,
				 .ip = 4,
				 .lport = 80,
				 .laddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
				 .comm = "nginx",
				 .uid = 33,
				 .limit = 2,
				 .peak = 3,
				 .known = LISTENER_KNOWN_NETNS};
}

static const struct listener_history *take(struct listeners *all, const struct listener *report)
{
	enum queue_rule rule;

	return accept_queue_take(all, report, &rule);
}

/* So many connections that waited for that time. True: the last of them made it a finding. */
static bool accept_after(struct listeners *all, uint64_t delay_ns, unsigned int count)
{
	const struct listener accepted = {.cookie = 1,
					  .time_ns = 7 * SEC,
					  .event = LISTENER_ACCEPTED,
					  .known = LISTENER_KNOWN_ACCEPTED | LISTENER_KNOWN_DELAY,
					  .delay_ns = delay_ns};
	bool is_new = false;

	for (unsigned int i = 0; i < count; i++)
		is_new = take(all, &accepted);
	return is_new;
}

/* The text of a finding at the end. */
static const char *said(struct listeners *all, enum queue_rule rule, struct finding_row *row)
{
	static struct accept_queue_finding as;

	*row = (struct finding_row){.event = FINDING_TOTAL};
	accept_queue_say(row, &as, all->oldest, rule);
	return row->text;
}

/* What one listener and its namespace counted between two reports. */
static void full(void)
{
	static const struct {
		const char *name;
		const char *lack; /* NULL: it can be judged */
		unsigned int known;
		uint64_t overflows;
		uint32_t drops;
		uint64_t netns_overflows;
		uint64_t netns_drops;
		bool holds;
	} rows[] = {
		{"a full queue", NULL, EXACT, 1, 1, 0, 0, true},
		{"just full", NULL, EXACT, 0, 0, 0, 0, false},
		{"dropped for another reason", NULL, EXACT, 0, 9, 0, 0, false},
		{"overflows of others", NULL, EXACT, 0, 9, 7, 9, false},
		{"inferred", NULL, LISTENER_KNOWN_NETNS, 0, 9, 7, 9, true},
		{"inferred: just full", NULL, LISTENER_KNOWN_NETNS, 0, 0, 7, 9, false},
		{"inferred: a socket filter", NULL, LISTENER_KNOWN_NETNS, 0, 9, 0, 0, false},
		{"whose is not known", "why a listener dropped packets is not known",
		 LISTENER_KNOWN_NETNS, 0, 9, 7, 10, false},
		{"nothing is known of its namespace", "why a listener dropped packets is not known",
		 0, 0, 9, 0, 0, false},
		{"nothing is dropped", NULL, 0, 0, 0, 0, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listeners all = {0};
		struct listener report = report_of(1, SEC);
		const char *lack;

		unit_row("%s", rows[i].name);
		report.known = (uint8_t)rows[i].known;
		CHECK(!take(&all, &report));
		report.overflows = rows[i].overflows;
		report.drops = rows[i].drops;
		report.netns_overflows = rows[i].netns_overflows;
		report.netns_drops = rows[i].netns_drops;
		CHECK((take(&all, &report) != NULL) == rows[i].holds);
		CHECK(accept_queue_holds(all.oldest, QUEUE_FULL) == rows[i].holds);
		lack = accept_queues_lack(&all, QUEUE_FULL);
		CHECK_TEXT(rows[i].lack ? rows[i].lack : "", lack ? lack : "");
		listeners_close(&all);
	}
}

static void slow(void)
{
	static const struct {
		const char *name;
		unsigned int late;
		uint64_t late_ns;
		unsigned int soon;
		bool holds;
	} rows[] = {
		{"slow", 5, ACCEPT_SLOW_NS, 0, true},
		{"slow, but four only", 4, 10 * SEC, 0, false},
		{"not slow", 50, ACCEPT_SLOW_NS - 1, 0, false},
		{"a hundredth", 5, SEC, 495, true},
		{"less than a hundredth", 5, SEC, 496, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listeners all = {0};
		struct listener report = report_of(1, SEC);

		unit_row("%s", rows[i].name);
		report.known = EXACT;
		take(&all, &report);
		CHECK(!accept_after(&all, SEC / 1000, rows[i].soon));
		CHECK(accept_after(&all, rows[i].late_ns, rows[i].late) == rows[i].holds);
		CHECK(accept_queue_holds(all.oldest, QUEUE_SLOW) == rows[i].holds);
		CHECK(!accept_queue_holds(all.oldest, QUEUE_FULL));
		CHECK(!accept_queues_lack(&all, QUEUE_SLOW));
		listeners_close(&all);
	}
}

/* Without fentry: also when another listener's are known. */
static void accepts_unseen(void)
{
	struct listeners all = {0};
	struct listener report = report_of(1, SEC);

	CHECK(!accept_queues_lack(&all, QUEUE_SLOW));
	take(&all, &report);
	CHECK_TEXT("accept() was not seen", accept_queues_lack(&all, QUEUE_SLOW));
	report = report_of(2, SEC);
	report.known = EXACT;
	take(&all, &report);
	CHECK_TEXT("accept() was not seen", accept_queues_lack(&all, QUEUE_SLOW));
	listeners_close(&all);
}

/* It is new when it first holds, and when there are twice as many. */
static void grows(void)
{
	struct listeners all = {0};
	struct listener report = report_of(1, SEC);
	struct finding_row row;

	report.known = EXACT;
	take(&all, &report);
	report.time_ns = 2 * SEC;
	report.overflows = 3;
	CHECK(take(&all, &report));
	CHECK_TEXT("the accept queue of nginx at 10.0.0.1:80 was full (longest 3, limit 2): 3 SYNs "
		   "and last ACKs were dropped",
		   said(&all, QUEUE_FULL, &row));
	CHECK_TEXT("tcpstates --listeners=1 -L 80", row.command);
	CHECK_NUMBER(0, row.group->sessions);
	CHECK_NUMBER(33, row.group->uid);
	report.overflows = 5;
	CHECK(!take(&all, &report));
	report.overflows = 6;
	report.time_ns = 4 * SEC;
	report.event = LISTENER_ENDED;
	CHECK(take(&all, &report));
	CHECK_TEXT("the accept queue of nginx at 10.0.0.1:80 was full (longest 3, limit 2): 6 SYNs "
		   "and last ACKs were dropped",
		   said(&all, QUEUE_FULL, &row));
	CHECK_NUMBER(6, row.cases->count);
	CHECK_NUMBER(2 * SEC, row.cases->first_ns);
	CHECK_NUMBER(4 * SEC, row.cases->last_ns);
	CHECK(!row.is_least);
	CHECK(accept_after(&all, SEC, 5));
	CHECK_TEXT("5 of 5 connections to nginx at 10.0.0.1:80 waited 200 ms or more for accept() "
		   "(p99 1.00s, longest 1.00s); the longest queue was 3, its limit is 2",
		   said(&all, QUEUE_SLOW, &row));
	CHECK_NUMBER(5, row.group->sessions);
	CHECK_NUMBER(7 * SEC, row.cases->first_ns);
	CHECK(!accept_after(&all, SEC, 4));
	CHECK(accept_after(&all, SEC, 1));
	listeners_close(&all);
}

/* What is inferred of a part of the run is a lower bound if the rest is not known. */
static void inferred(void)
{
	struct listeners all = {0};
	struct listener report = report_of(1, SEC);
	struct finding_row row;

	take(&all, &report);
	report.time_ns = 2 * SEC;
	report.drops = report.netns_drops = 4;
	report.netns_overflows = 4;
	take(&all, &report);
	CHECK_TEXT("the accept queue of nginx at 10.0.0.1:80 was full (longest 3, limit 2): ~4 "
		   "SYNs and last ACKs were dropped",
		   said(&all, QUEUE_FULL, &row));
	CHECK(!row.is_least);
	/* Another one drops as well. */
	report.time_ns = 3 * SEC;
	report.drops += 10;
	report.netns_drops += 20;
	report.netns_overflows += 20;
	take(&all, &report);
	CHECK_TEXT("the accept queue of nginx at 10.0.0.1:80 was full (longest 3, limit 2): at "
		   "least ~4 SYNs and last ACKs were dropped",
		   said(&all, QUEUE_FULL, &row));
	CHECK(row.is_least);
	CHECK_NUMBER(2 * SEC, row.cases->last_ns);
	CHECK(!accept_queues_lack(&all, QUEUE_FULL));
	listeners_close(&all);
}

/* The namespace's counters are read a little earlier than the socket's: the sums agree later. */
static void read_apart(void)
{
	struct listeners all = {0};
	struct listener report = report_of(1, SEC);
	struct finding_row row;

	take(&all, &report);
	report.time_ns = 2 * SEC;
	report.drops = 5;
	report.netns_drops = report.netns_overflows = 4;
	CHECK(!take(&all, &report));
	report.time_ns = 3 * SEC;
	report.netns_drops = report.netns_overflows = 5;
	CHECK(take(&all, &report));
	said(&all, QUEUE_FULL, &row);
	CHECK_NUMBER(5, row.cases->count);
	CHECK_NUMBER(3 * SEC, row.cases->first_ns);
	CHECK(!row.is_least);
	listeners_close(&all);
}

/* The longest values fit. */
static void longest(void)
{
	struct listeners all = {0};
	struct listener report = report_of(1, SEC);
	struct finding_row row;

	memset(report.comm, 'x', sizeof(report.comm));
	memset(report.laddr, 0xfd, sizeof(report.laddr));
	report.ip = 6;
	report.known = EXACT;
	report.lport = 65535;
	take(&all, &report);
	report.overflows = UINT64_MAX;
	report.peak = report.limit = UINT32_MAX;
	take(&all, &report);
	accept_after(&all, UINT64_MAX, 5);
	for (enum queue_rule rule = 0; rule < QUEUE_RULES; rule++) {
		CHECK(strlen(said(&all, rule, &row)) + 1 < sizeof(row.text));
		CHECK(strstr(row.text, " xxxxxxxxxxxxxxxx at [fdfd:"));
		CHECK(strlen(queue_rule_name(rule)) < RULE_NAME_SIZE);
	}
	listeners_close(&all);
}

UNIT_MAIN("accept_pressure", TEST(full), TEST(slow), TEST(accepts_unseen), TEST(grows),
	  TEST(inferred), TEST(read_apart), TEST(longest))
