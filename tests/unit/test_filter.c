// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a transition must match to be shown: options and one transition, yes or no. */
#include <stddef.h>

#include "trace/filter.h"
#include "trace/state.h"
#include "unit.h"

#define START_NS 1000

/* Ports are comma-free here: "" is no option, otherwise one port or range, or two with a space. */
static void ports_add(struct port_set *set, const char *ports)
{
	char first[20] = "", second[20] = "";

	if (sscanf(ports, "%19s %19s", first, second) < 1)
		return;
	CHECK(port_set_add(set, first));
	if (*second)
		CHECK(port_set_add(set, second));
}

static void sessions(void)
{
	static const struct {
		bool ipv4, ipv6;
		const char *lports, *rports;
		uint8_t ip;
		uint16_t lport, rport;
		bool matches;
	} rows[] = {
		/* without options everything does */
		{false, false, "", "", 4, 0, 0, true},
		{false, false, "", "", 6, 65535, 65535, true},

		/* families */
		{true, false, "", "", 4, 80, 40000, true},
		{true, false, "", "", 6, 80, 40000, false},
		{false, true, "", "", 6, 80, 40000, true},
		{false, true, "", "", 4, 80, 40000, false},

		/* one port, either side */
		{false, false, "80", "", 4, 80, 40000, true},
		{false, false, "80", "", 4, 81, 40000, false},
		{false, false, "80", "", 4, 40000, 80, false},
		{false, false, "80", "", 4, 0, 40000, false},
		{false, false, "0", "", 4, 0, 443, true},
		{false, false, "", "443", 6, 40000, 443, true},
		{false, false, "", "443", 6, 443, 40000, false},

		/* a list: any will do */
		{false, false, "80 443", "", 4, 80, 1, true},
		{false, false, "80 443", "", 4, 443, 1, true},
		{false, false, "80 443", "", 4, 81, 1, false},

		/* a range, ends included */
		{false, false, "8000-8099", "", 4, 7999, 1, false},
		{false, false, "8000-8099", "", 4, 8000, 1, true},
		{false, false, "8000-8099", "", 4, 8099, 1, true},
		{false, false, "8000-8099", "", 4, 8100, 1, false},
		{false, false, "", "0-65535", 4, 1, 65535, true},

		/* different options: all must hold */
		{false, false, "80", "40000", 4, 80, 40000, true},
		{false, false, "80", "40000", 4, 80, 40001, false},
		{false, false, "80", "40000", 4, 81, 40000, false},
		{true, false, "80", "40000", 4, 80, 40000, true},
		{true, false, "80", "40000", 6, 80, 40000, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct selection selection = {.ipv4 = rows[i].ipv4, .ipv6 = rows[i].ipv6};
		struct transition transition = {.time_ns = START_NS,
						.ip = rows[i].ip,
						.lport = rows[i].lport,
						.rport = rows[i].rport};
		struct filter filter;

		unit_row("row %zu: -L \"%s\" -D \"%s\", ip %u, %u to %u", i, rows[i].lports,
			 rows[i].rports, rows[i].ip, rows[i].lport, rows[i].rport);
		ports_add(&selection.lports, rows[i].lports);
		ports_add(&selection.rports, rows[i].rports);
		filter_init(&filter, &selection, false, START_NS, 0, NULL);
		CHECK_NUMBER(rows[i].matches, filter_match(&filter, &transition));
	}
}

static void duration(void)
{
	static const struct {
		uint64_t start_ns, duration_ns, time_ns;
		bool matches;
	} rows[] = {
		{START_NS, 0, UINT64_MAX, true},
		{START_NS, 500, START_NS - 1, true}, /* just before: still in flight then */
		{START_NS, 500, START_NS, true},
		{START_NS, 500, START_NS + 500, true},
		{START_NS, 500, START_NS + 501, false},
		{START_NS, 500, UINT64_MAX, false},
		{0, 1, 1, true},
		{0, 1, 2, false},
		{START_NS, UINT64_MAX, UINT64_MAX, true}, /* no limit rather than one in the past */
		{UINT64_MAX - 1, 500, UINT64_MAX, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct selection none = {.ipv4 = false};
		struct transition transition = {.time_ns = rows[i].time_ns, .ip = 4};
		struct filter filter;

		unit_row("row %zu", i);
		filter_init(&filter, &none, false, rows[i].start_ns, rows[i].duration_ns, NULL);
		CHECK_NUMBER(rows[i].matches, filter_match(&filter, &transition));
	}
}

/* What never had a socket is shown when it is asked for. */
static void half_open(void)
{
	static const struct {
		uint8_t oldstate, newstate, flags;
		bool is_half_open;
	} rows[] = {
		{STATE_LISTEN, STATE_SYN_RECV, TRANSITION_OF_MINISOCK, true},
		{STATE_SYN_RECV, STATE_CLOSE, TRANSITION_OF_MINISOCK, true},
		{STATE_LISTEN, STATE_SYN_RECV, 0, false},
		{STATE_SYN_RECV, STATE_CLOSE, 0, false},
		{STATE_TIME_WAIT, STATE_CLOSE, TRANSITION_OF_MINISOCK, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition transition = {.ip = 4,
						.oldstate = rows[i].oldstate,
						.newstate = rows[i].newstate,
						.flags = rows[i].flags};
		const struct selection none = {.ipv4 = false};
		struct filter filter;

		unit_row("row %zu", i);
		filter_init(&filter, &none, false, 0, 0, NULL);
		CHECK_NUMBER(!rows[i].is_half_open, filter_match(&filter, &transition));
		filter_init(&filter, &none, true, 0, 0, NULL);
		CHECK_NUMBER(true, filter_match(&filter, &transition));
	}
}

/*
 * A transition, and options that ask for what it has (yes) and for what it has not (no): one at a
 * time, then every two of them.
 */
static const struct transition subject = {
	.time_ns = START_NS,
	.duration_ns = 2000000,
	.laddr = {[10] = 0xff, 0xff, 192, 0, 2, 1},
	.raddr = {0x20, 0x01, 0x0d, 0xb8, [15] = 7},
	.lport = 80,
	.rport = 40000,
	.ip = 6,
	.oldstate = STATE_CLOSE_WAIT,
	.newstate = STATE_LAST_ACK,
	.flags = TRANSITION_HAS_DETAILS | TRANSITION_DURATION_KNOWN,
	.pid = 4242,
	.cgroup = 30,
	.comm = "nginx: worker",
	.uid = 33,
	.netns = 4026531840,
	.facts = FACT_IN_CALL | FACT_LAST_FD,
	.shutdown = 3,
};

static const struct {
	const char *option, *yes, *no;
} questions[] = {
	{"local", "192.0.2.0/24", "192.0.3.0/24"},
	{"local", "::/0", "2001:db8::/32"},
	{"remote", "2001:db8::7", "2001:db8::8"},
	{"pid", "4242", "4241"},
	{"comm", "nginx*", "nginx"},
	{"comm", "*work[a-e]r", "worker"},
	{"uid", "33", "0"},
	{"netns", "4026531840", "4026531841"},
	{"cgroup", "/web", "/we"},
	{"cgroup", "/web/a", "/web/b"},
	{"cgroup", "/", "/web/a/below"},
	{"cgroup", "30", "31"},
	{"cgroup", "20", "40"},
	{"from", "close-wait", "LAST_ACK"},
	{"to", "last_ack", "CLOSE_WAIT"},
	{"state", "LAST_ACK", "ESTABLISHED"},
	{"state", "CLOSE_WAIT", "CLOSE"},
	{"min-ms", "2", "2.000001"},
	{"cause", "close", "exit"},
};

static void ask(struct selection *selection, const char *option, const char *value)
{
	if (!strcmp(option, "local"))
		CHECK(nets_add(&selection->locals, value));
	else if (!strcmp(option, "remote"))
		CHECK(nets_add(&selection->remotes, value));
	else if (!strcmp(option, "pid"))
		CHECK(selection_add_pid(selection, value));
	else if (!strcmp(option, "comm"))
		CHECK(selection_add_comm(selection, value));
	else if (!strcmp(option, "uid"))
		CHECK(selection_add_user(selection, value));
	else if (!strcmp(option, "netns"))
		CHECK(selection_add_namespace(selection, value));
	else if (!strcmp(option, "cgroup"))
		CHECK(selection_add_cgroup(selection, value));
	else if (!strcmp(option, "from"))
		CHECK(state_set_add(&selection->from, value));
	else if (!strcmp(option, "to"))
		CHECK(state_set_add(&selection->to, value));
	else if (!strcmp(option, "state"))
		CHECK(state_set_add(&selection->either, value));
	else if (!strcmp(option, "min-ms"))
		CHECK(selection_set_least(selection, value));
	else
		CHECK(selection_add_cause(selection, value));
}

static bool matches(struct selection selection, const struct transition *transition)
{
	struct cgroups cgroups;
	struct filter filter;
	bool answer;

	selection_finish(&selection);
	cgroups_open(&cgroups, -1);
	filter_init(&filter, &selection, false, START_NS, 0, &cgroups);
	cgroups_learn(&cgroups, 20, "/web"); /* a recording tells the paths later */
	cgroups_learn(&cgroups, 30, "/web/a");
	cgroups_learn(&cgroups, 31, "/web/b");
	answer = filter_match(&filter, transition);
	cgroups_close(&cgroups);
	selection_free(&selection);
	return answer;
}

static void alone(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		struct selection yes = {0}, no = {0}, any = {0};

		unit_row("--%s %s, %s", questions[i].option, questions[i].yes, questions[i].no);
		ask(&yes, questions[i].option, questions[i].yes);
		CHECK(matches(yes, &subject));
		ask(&no, questions[i].option, questions[i].no);
		CHECK(!matches(no, &subject));
		if (!strcmp(questions[i].option, "min-ms"))
			continue;
		ask(&any, questions[i].option, questions[i].no); /* within a list any will do */
		ask(&any, questions[i].option, questions[i].yes);
		CHECK(matches(any, &subject));
	}
}

/* Different options must all hold. */
static void in_pairs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		for (size_t k = 0; k < ARRAY_SIZE(questions); k++) {
			struct selection both = {0}, one = {0};

			if (!strcmp(questions[i].option, questions[k].option))
				continue;
			unit_row("--%s and --%s %s", questions[i].option, questions[k].option,
				 questions[k].no);
			ask(&both, questions[i].option, questions[i].yes);
			ask(&both, questions[k].option, questions[k].yes);
			CHECK(matches(both, &subject));
			ask(&one, questions[i].option, questions[i].yes);
			ask(&one, questions[k].option, questions[k].no);
			CHECK(!matches(one, &subject));
		}
}

/* Who asks for what is not known does not get it. */
static void unknown(void)
{
	static const char *const rows[][2] = {
		{"pid", "1"},    {"comm", "*"},    {"uid", "0"},       {"netns", "4026531840"},
		{"cgroup", "/"}, {"cgroup", "20"}, {"cause", "close"}, {"min-ms", "0.000001"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition nothing = subject, bare = subject;
		struct selection selection = {0}, again = {0};

		unit_row("--%s %s", rows[i][0], rows[i][1]);
		memset(&nothing.pid, 0, sizeof(nothing) - offsetof(struct transition, pid));
		nothing.flags = 0;
		ask(&selection, rows[i][0], rows[i][1]);
		CHECK(!matches(selection, &nothing));
		if (!strcmp(rows[i][0], "min-ms"))
			continue;
		bare.flags &= ~TRANSITION_HAS_DETAILS;
		ask(&again, rows[i][0], rows[i][1]);
		CHECK(!matches(again, &bare));
	}
}

/* At least so long is what a time that is about right, or a lower bound, tells too. */
static void kinds_of_durations(void)
{
	static const struct {
		unsigned int flags;
		uint64_t ns;
		bool matches;
	} rows[] = {
		{TRANSITION_DURATION_KNOWN, 2000000, true},
		{TRANSITION_DURATION_KNOWN, 1999999, false},
		{TRANSITION_DURATION_ABOUT, 2000000, true},
		{TRANSITION_DURATION_ABOUT, 1999999, false},
		{TRANSITION_DURATION_AT_LEAST, 2000000, true},
		{TRANSITION_DURATION_AT_LEAST, 1999999, false},
		{0, 2000000, false},
		{TRANSITION_HAS_DETAILS, UINT64_MAX, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = {
			.time_ns = START_NS, .flags = rows[i].flags, .duration_ns = rows[i].ns};

		unit_row("row %zu", i);
		CHECK_NUMBER(rows[i].matches, matches((struct selection){.least_ns = 2000000}, &t));
	}
}

static const struct reset_count reset = {
	.key = {.laddr = {[10] = 0xff, 0xff, 10, 0, 0, 1},
		.raddr = {[10] = 0xff, 0xff, 192, 0, 2, 7},
		.lport = 80,
		.rport = 40000,
		.netns = 4026531840,
		.ip = 4},
	.count = 3,
	.first_ns = START_NS + 10,
	.last_ns = START_NS + 20,
};

static bool matches_resets(struct selection *selection, uint64_t duration_ns,
			   const struct reset_count *count)
{
	struct cgroups cgroups;
	struct filter filter;
	bool answer;

	selection_finish(selection);
	cgroups_open(&cgroups, -1);
	filter_init(&filter, selection, false, START_NS, duration_ns, &cgroups);
	answer = filter_match_resets(&filter, count);
	cgroups_close(&cgroups);
	selection_free(selection);
	return answer;
}

/* By what a packet has; what found no room has none of it, and is shown whatever is asked for. */
static void resets(void)
{
	static const struct {
		const char *option, *value;
		bool matches;
	} rows[] = {
		{"localport", "80", true},        {"localport", "81", false},
		{"remoteport", "40000", true},    {"remoteport", "80", false},
		{"local", "10.0.0.0/8", true},    {"local", "192.0.2.7", false},
		{"remote", "192.0.2.0/24", true}, {"remote", "2001:db8::/32", false},
		{"netns", "4026531840", true},    {"netns", "4026531841", false},
	};
	struct reset_count rest = {.key.flags = RESET_OF_REST, .count = 1, .first_ns = START_NS};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int is_rest = 0; is_rest < 2; is_rest++) {
			struct selection selection = {0};

			unit_row("--%s %s, %d", rows[i].option, rows[i].value, is_rest);
			if (!strcmp(rows[i].option, "localport"))
				ports_add(&selection.lports, rows[i].value);
			else if (!strcmp(rows[i].option, "remoteport"))
				ports_add(&selection.rports, rows[i].value);
			else
				ask(&selection, rows[i].option, rows[i].value);
			CHECK_NUMBER(rows[i].matches || is_rest,
				     matches_resets(&selection, 0, is_rest ? &rest : &reset));
		}
}

static void resets_by_family_and_time(void)
{
	struct selection any = {0}, ipv4 = {.ipv4 = true}, ipv6 = {.ipv6 = true};

	CHECK(matches_resets(&any, 0, &reset));
	CHECK(matches_resets(&ipv4, 0, &reset));
	CHECK(!matches_resets(&ipv6, 0, &reset));
	/* By the first: the kernel's counts cannot be divided. */
	CHECK(matches_resets(&any, 10, &reset));
	CHECK(!matches_resets(&any, 9, &reset));
}

/* A packet without a session has no owner, no state, no cause. */
static void resets_without_owners(void)
{
	static const char *const rows[] = {"pid", "comm",  "uid",    "cgroup", "from",
					   "to",  "state", "min-ms", "cause"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct selection selection = {0};

		unit_row("--%s", rows[i]);
		for (size_t k = 0; k < ARRAY_SIZE(questions); k++)
			if (!strcmp(questions[k].option, rows[i])) {
				ask(&selection, rows[i], questions[k].yes);
				break;
			}
		CHECK(selection_excludes_resets(&selection));
		CHECK_TEXT(rows[i], selection_excludes_resets(&selection) + 2);
		CHECK(!matches_resets(&selection, 0, &reset));
	}
}

static const struct listener listening = {
	.time_ns = START_NS + 10,
	.event = LISTENER_FOUND,
	.ip = 4,
	.lport = 80,
	.laddr = {[10] = 0xff, 0xff, 10, 0, 0, 1},
	.comm = "nginx",
	.pid = 1234,
	.uid = 33,
	.netns = 4026531840,
};

static bool matches_listener(struct selection *selection, uint64_t duration_ns,
			     const struct listener *report)
{
	struct cgroups cgroups;
	struct filter filter;
	bool answer;

	selection_finish(selection);
	cgroups_open(&cgroups, -1);
	filter_init(&filter, selection, false, START_NS, duration_ns, &cgroups);
	answer = filter_match_listener(&filter, report);
	cgroups_close(&cgroups);
	selection_free(selection);
	return answer;
}

/* By what a listener has; of an accept(), only the time is known. */
static void listeners(void)
{
	static const struct {
		const char *option, *value;
		bool matches;
	} rows[] = {
		{"localport", "80", true},     {"localport", "81", false},
		{"local", "10.0.0.0/8", true}, {"local", "192.0.2.7", false},
		{"netns", "4026531840", true}, {"netns", "4026531841", false},
		{"pid", "1234", true},         {"pid", "12", false},
		{"comm", "ng*", true},         {"comm", "apache", false},
		{"uid", "33", true},           {"uid", "34", false},
		{"cgroup", "77", false},
	};
	const struct listener accepted = {.time_ns = START_NS, .event = LISTENER_ACCEPTED};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
			struct selection selection = {0};

			unit_row("--%s %s, %d", rows[i].option, rows[i].value, is_accepted);
			if (!strcmp(rows[i].option, "localport"))
				ports_add(&selection.lports, rows[i].value);
			else
				ask(&selection, rows[i].option, rows[i].value);
			CHECK_NUMBER(rows[i].matches || is_accepted,
				     matches_listener(&selection, 0,
						      is_accepted ? &accepted : &listening));
		}
}

static void listeners_by_family_and_time(void)
{
	struct selection any = {0}, ipv4 = {.ipv4 = true}, ipv6 = {.ipv6 = true};

	CHECK(matches_listener(&any, 0, &listening));
	CHECK(matches_listener(&ipv4, 0, &listening));
	CHECK(!matches_listener(&ipv6, 0, &listening));
	CHECK(matches_listener(&any, 10, &listening));
	CHECK(!matches_listener(&any, 9, &listening));
}

/* A listener has no peer, no change of state, no cause. */
static void listeners_without_peers(void)
{
	static const char *const rows[] = {"remote", "from", "to", "state", "min-ms", "cause"};
	struct selection of_port = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct selection selection = {0};

		unit_row("--%s", rows[i]);
		for (size_t k = 0; k < ARRAY_SIZE(questions); k++)
			if (!strcmp(questions[k].option, rows[i])) {
				ask(&selection, rows[i], questions[k].yes);
				break;
			}
		if (!strcmp(rows[i], "remote"))
			ask(&selection, "remote", "10.0.0.0/8");
		CHECK(selection_excludes_listeners(&selection));
		CHECK_TEXT(rows[i], selection_excludes_listeners(&selection) + 2);
		CHECK(!matches_listener(&selection, 0, &listening));
	}
	ports_add(&of_port.rports, "443");
	CHECK_TEXT("--remoteport", selection_excludes_listeners(&of_port));
	CHECK(!matches_listener(&of_port, 0, &listening));
}

UNIT_MAIN("filter", TEST(resets), TEST(resets_by_family_and_time), TEST(resets_without_owners),
	  TEST(listeners), TEST(listeners_by_family_and_time), TEST(listeners_without_peers),
	  TEST(sessions), TEST(duration), TEST(half_open), TEST(alone), TEST(in_pairs),
	  TEST(unknown), TEST(kinds_of_durations))
