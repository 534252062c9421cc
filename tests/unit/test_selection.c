// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the user asks to see: each kind of element, what is none, and what can match nothing. */
#include <stdlib.h>
#include <sys/stat.h>

#include "trace/cause.h"
#include "trace/selection.h"
#include "trace/state.h"
#include "unit.h"

typedef bool selection_add(struct selection *selection, const char *text);

static void refuses(selection_add *add, const char *const *rows, size_t count)
{
	struct selection selection = {0};

	for (size_t i = 0; i < count; i++) {
		unit_row("%s", rows[i]);
		CHECK(!add(&selection, rows[i]));
	}
	selection_finish(&selection);
	CHECK(!selection_wants_details(&selection));
	CHECK_NUMBER(0, selection.least_ns);
	selection_free(&selection);
}

static void pids(void)
{
	static const char *const bad[] = {"",   "0",    "-1",    "4194305", "18446744073709551617",
					  "1 ", "0x10", "nginx", "1.5"};
	struct selection selection = {0};

	CHECK(selection_add_pid(&selection, "4194304"));
	CHECK(selection_add_pid(&selection, "1"));
	CHECK(selection_add_pid(&selection, "1"));
	selection_finish(&selection);
	CHECK(selection_wants_details(&selection));
	CHECK(numbers_has(&selection.pids, 1));
	CHECK(numbers_has(&selection.pids, 4194304));
	CHECK(!numbers_has(&selection.pids, 2));
	selection_free(&selection);
	refuses(selection_add_pid, bad, ARRAY_SIZE(bad));
}

static void comms(void)
{
	static const char *const bad[] = {"", "a-name-too-long!"};
	struct selection selection = {0};

	CHECK(selection_add_comm(&selection, "nginx"));
	CHECK(selection_add_comm(&selection, "fifteen-letters"));
	CHECK(selection_add_comm(&selection, "a-name-too-lon*g"));
	CHECK(selection_add_comm(&selection, "[abcdefghijklmnop]"));
	CHECK_NUMBER(4, selection.comms.count);
	CHECK_TEXT("nginx", selection.comms.text[0]);
	CHECK(selection_wants_details(&selection));
	selection_free(&selection);
	refuses(selection_add_comm, bad, ARRAY_SIZE(bad));
}

static void users(void)
{
	static const char *const bad[] = {"", "no-such-user", "4294967295", "-1", "root "};
	struct selection selection = {0};

	CHECK(selection_add_user(&selection, "4294967294")); /* nobody need have it */
	CHECK(selection_add_user(&selection, "root"));
	selection_finish(&selection);
	CHECK(numbers_has(&selection.uids, 0));
	CHECK(numbers_has(&selection.uids, 4294967294));
	CHECK(selection_wants_details(&selection));
	selection_free(&selection);
	refuses(selection_add_user, bad, ARRAY_SIZE(bad));
}

static void namespaces(void)
{
	static const char *const bad[] = {"",
					  "0",
					  "4194304",
					  "4294967296",
					  "no-such-name",
					  ".",
					  "/",
					  "/etc/passwd",
					  "/dev/null",
					  "-1",
					  "/proc/self/ns/mnt",
					  "/proc/self/ns"};
	struct selection selection = {0};
	struct stat here;
	char text[20];

	CHECK_NUMBER(0, stat("/proc/self/ns/net", &here));
	snprintf(text, sizeof(text), "%d", getpid());
	CHECK(selection_add_namespace(&selection, text));
	CHECK_NUMBER(here.st_ino, selection.namespaces.sorted[0]);
	CHECK(selection_add_namespace(&selection, "/proc/self/ns/net"));
	CHECK_NUMBER(here.st_ino, selection.namespaces.sorted[1]);
	CHECK(selection_add_namespace(&selection, "4026531840"));
	CHECK_NUMBER(4026531840, selection.namespaces.sorted[2]);
	CHECK(selection_wants_details(&selection));
	selection_free(&selection);
	refuses(selection_add_namespace, bad, ARRAY_SIZE(bad));
}

static void cgroups(void)
{
	static const char *const bad[] = {"",
					  "0",
					  "-1",
					  "18446744073709551616",
					  "system.slice",
					  "a/b",
					  "./a",
					  "/a/..",
					  "/../a",
					  "/.",
					  "/a/./b",
					  "/.."};
	static const struct {
		const char *text, *path;
	} rows[] = {
		{"/", "/"},           {"//", "/"},          {"/a", "/a"},
		{"/a/", "/a"},        {"/a/b", "/a/b"},     {"//a///b//", "/a/b"},
		{"/a/..b", "/a/..b"}, {"/.a/b.", "/.a/b."}, {"/a b\\", "/a b\\"},
	};
	struct selection selection = {0};
	char path[300];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].text);
		CHECK(selection_add_cgroup(&selection, rows[i].text));
		CHECK_TEXT(rows[i].path, selection.cgroups.text[i]);
	}
	CHECK(selection_add_cgroup(&selection, "18446744073709551615"));
	selection_finish(&selection);
	CHECK(numbers_has(&selection.cgroup_ids, UINT64_MAX));
	CHECK(selection_wants_details(&selection));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[CGROUP_PATH_SIZE - 1] = '\0';
	CHECK(selection_add_cgroup(&selection, path));
	CHECK_TEXT(path, selection.cgroups.text[selection.cgroups.count - 1]);
	path[CGROUP_PATH_SIZE - 1] = 'x';
	path[CGROUP_PATH_SIZE] = '\0';
	CHECK(!selection_add_cgroup(&selection, path));
	selection_free(&selection);
	refuses(selection_add_cgroup, bad, ARRAY_SIZE(bad));
}

static void missing_cgroups(void)
{
	struct selection selection = {0};
	char missing[CGROUP_PATH_SIZE];
	int root = cgroup_open_root();

	CHECK(!selection_find_missing_cgroup(&selection, missing));
	if (root >= 0) {
		CHECK(selection_add_cgroup(&selection, "/"));
		CHECK(!selection_find_missing_cgroup(&selection, missing));
		CHECK(!cgroup_path_exists(root, "/cgroup.procs"));
		close(root);
	}
	CHECK(selection_add_cgroup(&selection, "/no/such"));
	CHECK(selection_find_missing_cgroup(&selection, missing));
	CHECK_TEXT("/no/such", missing);
	selection_free(&selection);
}

static void causes(void)
{
	static const char *const bad[] = {"", "unknown", "clos", "close ", "0", "reset"};
	struct selection selection = {0};

	CHECK(selection_add_cause(&selection, "close"));
	CHECK(selection_add_cause(&selection, "ERROR"));
	CHECK(selection_add_cause(&selection, "close"));
	CHECK_NUMBER(1ull << CAUSE_CLOSE | 1ull << CAUSE_ERROR, selection.causes);
	CHECK(selection_wants_details(&selection));
	for (int cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++)
		CHECK(selection_add_cause(&selection, cause_row(cause)->name));
	CHECK_NUMBER((1ull << CAUSE_COUNT) - 2, selection.causes);
	selection_free(&selection);
	refuses(selection_add_cause, bad, ARRAY_SIZE(bad));
}

static void least(void)
{
	static const char *const bad[] = {
		"",   "0",  "0.0", "0.000000", "0.0000001", "1.0000000001",
		"-1", "1.", ".5",  "1ms",      "1e3",       "18446744073709551615"};
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"1", 1000000},  {"0.5", 500000},       {"100", 100000000},
		{"0.000001", 1}, {"1.000000", 1000000}, {"86400000", 86400000000000},
	};
	struct selection selection = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].text);
		CHECK(selection_set_least(&selection, rows[i].text));
		CHECK_NUMBER(rows[i].ns, selection.least_ns);
	}
	CHECK(!selection_wants_details(&selection));
	refuses(selection_set_least, bad, ARRAY_SIZE(bad));
}

/*
 * Every way that TCP has (RFC 9293, and where Linux closes at once), written down once more: from
 * which state to which.
 */
static const char *const ways[] = {
	"CLOSE LISTEN",           "CLOSE SYN_SENT",       "LISTEN CLOSE",
	"LISTEN SYN_RECV",        "SYN_SENT ESTABLISHED", "SYN_SENT SYN_RECV",
	"SYN_SENT CLOSE",         "SYN_RECV ESTABLISHED", "SYN_RECV FIN_WAIT1",
	"SYN_RECV CLOSE_WAIT",    "SYN_RECV CLOSE",       "ESTABLISHED FIN_WAIT1",
	"ESTABLISHED CLOSE_WAIT", "ESTABLISHED CLOSE",    "FIN_WAIT1 FIN_WAIT2",
	"FIN_WAIT1 CLOSING",      "FIN_WAIT1 CLOSE",      "FIN_WAIT2 TIME_WAIT",
	"FIN_WAIT2 CLOSE",        "CLOSING TIME_WAIT",    "CLOSING CLOSE",
	"TIME_WAIT CLOSE",        "CLOSE_WAIT LAST_ACK",  "CLOSE_WAIT CLOSE",
	"LAST_ACK CLOSE",
};

/* 2: in both views, 1: only where TIME_WAIT is shown, 0: in none. */
static int way_exists(unsigned int from, unsigned int to)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		unsigned int first = 0, second = 0;
		char one[20], other[20];

		sscanf(ways[i], "%19s %19s", one, other);
		state_set_add(&first, one);
		state_set_add(&second, other);
		if (first == STATE_BIT(from) && second == STATE_BIT(to))
			return strstr(ways[i], "TIME_WAIT") ? 1 : 2;
	}
	return 0;
}

static void check_selection(const struct selection *selection, int exists)
{
	const char *full = selection_check(selection, true);
	const char *sockets = selection_check(selection, false);

	CHECK_NUMBER(exists >= 1, !full);
	CHECK_NUMBER(exists == 2, !sockets);
	if (full)
		CHECK_PART("nothing can match", full);
	if (sockets)
		CHECK_PART(full ? "nothing can match" : "--minisocks", sockets);
}

/* Both at once, and each by itself as the one of the two or as both. */
static void pairs(void)
{
	for (unsigned int from = 1; from <= 12; from++)
		for (unsigned int to = 1; to <= 12; to++) {
			struct selection there = {.from = STATE_BIT(from), .to = STATE_BIT(to)};
			struct selection one = {.from = STATE_BIT(from), .either = STATE_BIT(to)};
			struct selection other = {.to = STATE_BIT(to), .either = STATE_BIT(from)};
			int best_from = 0, best_to = 0;

			unit_row("%u > %u", from, to);
			check_selection(&there, way_exists(from, to));
			for (unsigned int state = 1; state <= 12; state++) {
				int out = way_exists(from, state), in = way_exists(state, to);

				if (from == to || state == to)
					best_from = out > best_from ? out : best_from;
				if (from == to || state == from)
					best_to = in > best_to ? in : best_to;
			}
			check_selection(&one, best_from);
			check_selection(&other, best_to);
		}
}

/* Sets: one way is enough. */
static void sets(void)
{
	for (int round = 0; round < 3000; round++) {
		struct selection selection = {.from = unit_random() & unit_random() & STATES_ALL,
					      .to = unit_random() & unit_random() & STATES_ALL,
					      .either = unit_random() & unit_random() & STATES_ALL};
		int best = 0;

		unit_row("%x > %x, %x", selection.from, selection.to, selection.either);
		for (unsigned int from = 1; from <= 12; from++)
			for (unsigned int to = 1; to <= 12; to++) {
				unsigned int both = STATE_BIT(from) | STATE_BIT(to);

				if ((!selection.from || selection.from & STATE_BIT(from)) &&
				    (!selection.to || selection.to & STATE_BIT(to)) &&
				    (!selection.either || selection.either & both) &&
				    way_exists(from, to) > best)
					best = way_exists(from, to);
			}
		check_selection(&selection, best);
	}
}

static void causes_that_match_nothing(void)
{
	struct selection opens = {.causes = 1ull << CAUSE_CLOSE,
				  .to = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_LISTEN)};
	struct selection closes = {.causes = 1ull << CAUSE_CLOSE,
				   .to = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE)};
	struct selection timer = {.causes = 1ull << CAUSE_TIMER | 1ull << CAUSE_RECYCLED};
	struct selection more = {.causes = 1ull << CAUSE_TIMER | 1ull << CAUSE_EXIT};

	CHECK_PART("has no cause", selection_check(&opens, true));
	CHECK(!selection_check(&closes, false));
	CHECK(!selection_check(&timer, true));
	CHECK_PART("--minisocks", selection_check(&timer, false));
	CHECK(!selection_check(&more, false));
}

UNIT_MAIN("selection", TEST(pids), TEST(comms), TEST(users), TEST(namespaces), TEST(cgroups),
	  TEST(missing_cgroups), TEST(causes), TEST(least), TEST(pairs), TEST(sets),
	  TEST(causes_that_match_nothing))
