// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The command line: what each option sets, what is refused, and how the user is told. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/options.h"
#include "plan.h"
#include "trace/cause.h"
#include "unit.h"

#define ARGUMENTS_MAX 20

/* A command line split at its spaces, as a shell hands it over; '' stands for an empty argument. */
struct command_line {
	char text[400];
	char *argv[ARGUMENTS_MAX + 2];
	int argc;
};

static void command_line_split(struct command_line *line, const char *text)
{
	static char program[] = "tcpstates";
	char *rest = line->text, *word;

	snprintf(line->text, sizeof(line->text), "%s", text);
	line->argc = 0;
	line->argv[line->argc++] = program;
	while (*text && line->argc <= ARGUMENTS_MAX && (word = strsep(&rest, " ")))
		line->argv[line->argc++] = strcmp(word, "''") ? word : word + 2;
	line->argv[line->argc] = NULL;
}

/* The options point into the line. told: what the user is told. */
static int parse(struct options *options, struct command_line *line, const char *text,
		 struct unit_capture *told)
{
	struct plan plan;
	int status;

	unit_row("%s", text);
	command_line_split(line, text);
	optind = 0; /* begin anew */
	unit_capture_begin(told);
	status = options_parse(options, line->argc, line->argv, sink_fields);
	if (!status && options->action == ACTION_TRACE)
		status = plan_make(&plan, options);
	unit_capture_end(told);
	return status;
}

/* Parses what must be right, without a word. */
static void parse_good(struct options *options, struct command_line *line, const char *text)
{
	struct unit_capture told;

	CHECK_NUMBER(0, parse(options, line, text, &told));
	CHECK_TEXT("", told.text);
}

static void defaults(void)
{
	struct command_line line;
	struct options options, expected = {.buffer_size = 8 << 20};

	memset(&options, 0xff, sizeof(options)); /* all of it is set */
	parse_good(&options, &line, "");
	CHECK_NUMBER(ACTION_TRACE, options.action);
	CHECK_NUMBER(expected.buffer_size, options.buffer_size);
	CHECK(!options.selection.ipv4 && !options.selection.ipv6 &&
	      !options.selection.lports.is_given);
	CHECK(!options.selection.rports.is_given && !options.duration_ns && !options.count);
	CHECK(!options.wide && !options.extended && !options.minisocks && !options.time &&
	      !options.timestamp && !options.csv);
	CHECK(!options.json && !options.no_header && !options.quiet && !options.fields.count);
	CHECK(!options.output_count && !options.record && !options.replay && !options.verbose);
}

/* Each flag, by its letter and by its name, sets its member and no other. */
static void flags(void)
{
	static const struct {
		const char *letter, *name;
		size_t member;
	} rows[] = {
		{"-4", "--ipv4", offsetof(struct options, selection.ipv4)},
		{"-6", "--ipv6", offsetof(struct options, selection.ipv6)},
		{"-w", "--wide", offsetof(struct options, wide)},
		{"-x", "--extended", offsetof(struct options, extended)},
		{"--minisocks", "--minisocks", offsetof(struct options, minisocks)},
		{"-T", "--time", offsetof(struct options, time)},
		{"-t", "--timestamp", offsetof(struct options, timestamp)},
		{"-s", "--csv", offsetof(struct options, csv)},
		{"-j", "--json", offsetof(struct options, json)},
		{"-v", "--verbose", offsetof(struct options, verbose)},
		{"--no-header", "--no-header", offsetof(struct options, no_header)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options by_letter, by_name;

		parse_good(&by_letter, &line, rows[i].letter);
		parse_good(&by_name, &line, rows[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			CHECK_NUMBER(k == i, *(bool *)((char *)&by_letter + rows[k].member));
			CHECK_NUMBER(k == i, *(bool *)((char *)&by_name + rows[k].member));
		}
	}
}

static void outputs(void)
{
	static const char *const rows[] = {"-Y", "--journal", "-Y --journal"};
	struct command_line line;
	struct options options;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		parse_good(&options, &line, rows[i]);
		CHECK_NUMBER(1, options.output_count);
		CHECK_TEXT("", options_output(&options, "journal"));
		CHECK(!options_output(&options, "record"));
	}
}

static void actions(void)
{
	static const struct {
		const char *arguments;
		enum action action;
	} rows[] = {
		{"-h", ACTION_HELP},
		{"--help", ACTION_HELP},
		{"-V", ACTION_VERSION},
		{"--version", ACTION_VERSION},
		{"--ebpf", ACTION_EBPF},
		{"-F help", ACTION_FIELDS},
		{"--fields=help", ACTION_FIELDS},
		{"-w -L 80 -h", ACTION_HELP},
		{"-h -4 -6", ACTION_HELP}, /* who asks for help may be wrong */
		{"-q --version", ACTION_VERSION},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;

		parse_good(&options, &line, rows[i].arguments);
		CHECK_NUMBER(rows[i].action, options.action);
	}
}

static void numbers(void)
{
	static const struct {
		const char *arguments;
		uint64_t duration_ns, count, buffer_size;
	} rows[] = {
		{"-d 10", 10000000000, 0, 8 << 20},
		{"-d 0.5", 500000000, 0, 8 << 20},
		{"--duration 0.000000001", 1, 0, 8 << 20},
		{"--duration=2.5", 2500000000, 0, 8 << 20},
		{"-n 1", 0, 1, 8 << 20},
		{"-n5", 0, 5, 8 << 20},
		{"--count 18446744073709551615", 0, UINT64_MAX, 8 << 20},
		{"-d 1 -n 2 -d 3", 3000000000, 2, 8 << 20},
		{"--buffer 1M", 0, 0, 1 << 20},
		{"--buffer=64k", 0, 0, 64 << 10},
		{"--buffer 65536", 0, 0, 64 << 10},
		{"--buffer 65537", 0, 0, 128 << 10}, /* the next power of two */
		{"--buffer 3M", 0, 0, 4 << 20},
		{"--buffer 1G", 0, 0, 1 << 30},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;

		parse_good(&options, &line, rows[i].arguments);
		CHECK_NUMBER(rows[i].duration_ns, options.duration_ns);
		CHECK_NUMBER(rows[i].count, options.count);
		CHECK_NUMBER(rows[i].buffer_size, options.buffer_size);
	}
}

static void smallest_buffer_is_a_page(void)
{
	struct command_line line;
	struct options options;
	struct unit_capture told;
	char text[40];
	long page = sysconf(_SC_PAGESIZE);

	snprintf(text, sizeof(text), "--buffer %ld", page);
	parse_good(&options, &line, text);
	CHECK_NUMBER(page, options.buffer_size);
	snprintf(text, sizeof(text), "--buffer %ld", page - 1);
	CHECK_NUMBER(-1, parse(&options, &line, text, &told));
}

static void ports(void)
{
	static const struct {
		const char *arguments;
		bool lport_80, lport_81, rport_443, lports_given, rports_given;
	} rows[] = {
		{"-L 80", true, false, false, true, false},
		{"-L80", true, false, false, true, false},
		{"--localport 80-81", true, true, false, true, false},
		{"--localport=8080,81", false, true, false, true, false},
		{"-L 80 -L 81", true, true, false, true, false},
		{"-D 443", false, false, true, false, true},
		{"--remoteport 1-65535", false, false, true, false, true},
		{"-L 80 -D 80", true, false, false, true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;

		parse_good(&options, &line, rows[i].arguments);
		CHECK_NUMBER(rows[i].lport_80, port_set_has(&options.selection.lports, 80));
		CHECK_NUMBER(rows[i].lport_81, port_set_has(&options.selection.lports, 81));
		CHECK_NUMBER(rows[i].rport_443, port_set_has(&options.selection.rports, 443));
		CHECK_NUMBER(rows[i].lports_given, options.selection.lports.is_given);
		CHECK_NUMBER(rows[i].rports_given, options.selection.rports.is_given);
	}
}

static void fields(void)
{
	static const struct {
		const char *arguments;
		const char *keys;
	} rows[] = {
		{"-F ms", "ms"},
		{"-F laddr,raddr,newstate", "laddr,raddr,newstate"},
		{"--fields MS,C-COMM,time(s)", "ms,c_comm,timestamp"},
		{"-F laddr -F ms", "laddr,ms"},
		{"-T -F ms,time", "ms,time"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;
		char keys[100] = "";

		parse_good(&options, &line, rows[i].arguments);
		for (int k = 0; k < options.fields.count; k++) {
			strcat(keys, k ? "," : "");
			strcat(keys, options.fields.field[k]->key);
		}
		CHECK_TEXT(rows[i].keys, keys);
	}
}

static void files(void)
{
	struct command_line line;
	struct options options;

	parse_good(&options, &line, "-r a.tcps -o b.tcps");
	CHECK_TEXT("a.tcps", options.replay);
	CHECK_TEXT("b.tcps", options.record);
	parse_good(&options, &line, "--replay=- --record=- --quiet");
	CHECK_TEXT("-", options.replay);
	CHECK_TEXT("-", options.record);
	CHECK(options.quiet);
}

/* What belongs together, as people type it. */
static void combinations(void)
{
	static const char *const rows[] = {
		"-wT",
		"-tT",
		"-stT",
		"-jtT",
		"-ws",
		"-xw",
		"-sx",
		"--minisocks -w",
		"-q -o x",
		"-q -Y",
		"-qYo x",
		"-4 -L 80,443 -D 1024-65535 -d 5 -n 10 -w -T -t --no-header",
		"-6 -s -F time,ms -r - -o x",
		"-s -Y -o x",
		"-v --buffer 1M",
		"--to TIME_WAIT -x",
		"--to time-wait -j",
		"--from TIME_WAIT --minisocks",
		"--to TIME_WAIT -q -o x", /* a recording has it */
		"--cause timer,exit",
		"--cause timer -o x",
		"--cause half_open --half-open",
		"-r x --cgroup /no/such/cgroup,99",
		"-4 --local ::/0",
		"-6 --local 10.0.0.0/8",
		"-L 80 -D 1-9 --local ::1 --remote ::1 -p 1 -c a -u 0 --from LISTEN,CLOSE -n 1",
		"-4 -4",
		"--",
		"--wid", /* what only one option begins with */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;

		parse_good(&options, &line, rows[i]);
		CHECK_NUMBER(ACTION_TRACE, options.action);
		options_free(&options);
	}
}

/* The keys of --by, as text. */
static const char *keys_of(const struct options *options)
{
	static char text[200];

	*text = '\0';
	for (int i = 0; i < options->grouping.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
			 group_by_name(options->grouping.order[i]));
	return text;
}

/* Which view it is, and its keys: times of different states are never in one group. */
static void summaries(void)
{
	static const struct {
		const char *arguments;
		const char *view;
		const char *keys;
	} rows[] = {
		{"--summary", "summary", "state"},
		{"--summary --by comm", "summary", "comm,state"},
		{"--summary --by cause,raddr/24", "summary", "cause,raddr,state"},
		{"--summary --by state,comm", "summary", "state,comm"},
		{"--summary --by comm,edge", "summary", "comm,edge"},
		{"--summary --by edge,state", "summary", "edge,state"},
		{"--summary --by comm --from ESTABLISHED", "summary", "comm"},
		{"--by comm --from ESTABLISHED --summary", "summary", "comm"},
		{"--summary --from ESTABLISHED", "summary", "state"},
		{"--summary --by comm --from ESTABLISHED,SYN_SENT", "summary", "comm,state"},
		{"--summary --by comm --to CLOSE", "summary", "comm,state"},
		{"--sessions --summary", "session_summary", "comm,role,port"},
		{"--summary=5 --sessions", "session_summary", "comm,role,port"},
		{"--sessions --summary=5 --sessions --summary", "session_summary",
		 "comm,role,port"},
		{"--sessions --summary --by cause,closed_by,role,port", "session_summary",
		 "cause,closed_by,role,port"},
		{"--by raddr/24 --summary --sessions --from SYN_SENT", "session_summary", "raddr"},
		{"--sessions", "sessions", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;

		parse_good(&options, &line, rows[i].arguments);
		CHECK_TEXT(rows[i].view, options.view);
		CHECK_TEXT(rows[i].keys, keys_of(&options));
		options_free(&options);
	}
}

/* The user reads the offending text, and what would be right or which options it is about. */
static void refused(void)
{
	static const struct {
		const char *arguments;
		const char *quoted;
		const char *advice;
	} rows[] = {
		/* views and keys */
		{"--sessions --stuck", "--stuck", "--sessions with --summary"},
		{"--sessions --summary --stuck", "--stuck", "choose one view"},
		{"--stuck --summary --sessions", "--stuck", "choose one view"},
		{"--by comm", "--by", "add it"},
		{"--sessions --by comm", "--by", "--summary"},
		{"--summary --by port", "port", "add --sessions"},
		{"--summary --by comm,role", "role", "add --sessions"},
		{"--summary --by closed_by", "closed_by", "add --sessions"},
		{"--sessions --summary --by state", "state", "omit --sessions"},
		{"--sessions --summary --by comm,edge", "edge", "omit --sessions"},
		{"--sessions --summary --by comm -F role", "role", "--by"},
		{"--sessions --summary -F state", "\"state\"", "--fields help"},
		{"--sessions --summary --from TIME_WAIT", "--sessions", "--minisocks"},

		/* ports */
		{"-L http", "\"http\"", "from 0 to 65535"},
		{"-L 80,65536", "\"65536\"", "from 0 to 65535"},
		{"-L 80,,443", "\"\"", "80,443,8000-8099"},
		{"-L 80,", "\"\"", "80,443,8000-8099"},
		{"-L ''", "\"\"", "80,443,8000-8099"},
		{"-L -1", "\"-1\"", "--localport"},
		{"-D 90-80", "\"90-80\"", "lower port first"},
		{"-D 80-", "\"80-\"", "--remoteport"},
		{"--remoteport=0x50", "\"0x50\"", "--remoteport"},

		/* which sessions, which changes */
		{"--local 10.0.0.0/33", "\"10.0.0.0/33\"", "CIDR blocks"},
		{"--local 10.0.0.0/8,", "\"\"", "CIDR blocks"},
		{"--remote localhost", "\"localhost\"", "--remote"},
		{"-p 0", "\"0\"", "above 0"},
		{"-p 1,x", "\"x\"", "--pid"},
		{"-c ''", "\"\"", "--comm"},
		{"-c a-name-too-long!", "\"a-name-too-long!\"", "15 bytes"},
		{"-u nobody-at-all", "\"nobody-at-all\"", "names of users"},
		{"--netns nowhere", "\"nowhere\"", "existing"},
		{"-r x --cgroup a", "\"a\"", "from the root"},
		{"-r x --cgroup 0", "\"0\"", "--cgroup"},
		{"--cgroup /no/such/cgroup", "\"/no/such/cgroup\"", "no such cgroup"},
		{"--from nonsense", "\"nonsense\"", "fin-wait-1"},
		{"--to LISTEN,,CLOSE", "\"\"", "--to"},
		{"--state ''", "\"\"", "--state"},
		{"--min-ms 0", "\"0\"", "above 0"},
		{"--min-ms 0.0000001", "\"0.0000001\"", "--min-ms"},
		{"--cause unknown", "\"unknown\"", "--cause"},

		/* what can match nothing */
		{"--from LISTEN --to ESTABLISHED", "--from, --to", "nothing can match"},
		{"--from NEW_SYN_RECV", "--from, --to", "nothing can match"},
		{"--to TIME_WAIT", "--from, --to", "--minisocks"},
		{"--cause timer", "--cause", "--minisocks"},
		{"--cause half_open -j", "--cause", "--half-open"},
		{"--cause close --to ESTABLISHED", "--cause", "nothing can match"},
		{"-4 --local ::1", "--local", "nothing can match"},
		{"-4 --remote ::1,2001:db8::/32", "--remote", "nothing can match"},

		/* numbers */
		{"-d 0", "\"0\"", "above 0"},
		{"-d 0.0", "\"0.0\"", "above 0"},
		{"-d -5", "\"-5\"", "above 0"},
		{"-d ten", "\"ten\"", "10 or 0.5"},
		{"-d 1.", "\"1.\"", "--duration"},
		{"-d ''", "\"\"", "--duration"},
		{"-n 0", "\"0\"", "above 0"},
		{"-n 1.5", "\"1.5\"", "whole number"},
		{"-n 18446744073709551616", "\"18446744073709551616\"", "--count"},
		{"--buffer 1T", "\"1T\"", "512K or 16M"},
		{"--buffer 0", "\"0\"", "one page"},
		{"--buffer 2G", "\"2G\"", "1G"},
		{"--buffer 1073741825", "\"1073741825\"", "1G"},

		/* fields */
		{"-F nonsense", "\"nonsense\"", "--fields help"},
		{"-F laddr,,ms", "\"\"", "--fields help"},
		{"-F ms,help", "\"help\"", "--fields help"},
		{"-F ms,laddr,ms", "\"ms\"", "each field only once"},
		{"-F ms -F ms", "\"ms\"", "each field only once"},

		/* files */
		{"-r ''", "\"\"", "a file name"},
		{"-o ''", "\"\"", "a file name"},

		/* options */
		{"-z", "\"-z\"", "--help"},
		{"-wz", "\"-z\"", "--help"},
		{"--nonsense", "\"--nonsense\"", "unknown option"},
		{"--t", "\"--t\"", "ambiguous option"},
		{"--timed", "\"--timed\"", "unknown option"},
		{"--t=1", "\"--t=1\"", "ambiguous option"},
		{"--tim", "\"--tim\"", "ambiguous option"},
		{"--wide=yes", "\"--wide=yes\"", "takes no value"},
		{"-L", "--localport", "needs a value"},
		{"-w -F", "--fields", "needs a value"},
		{"--record", "--record", "needs a value"},
		{"80", "\"80\"", "--help"},
		{"-w 80 -T", "\"80\"", "--help"},
		{"-- -w", "\"-w\"", "--help"},

		/* what does not go together */
		{"-4 -6", "-4 and -6", "both families"},
		{"-s -j", "--csv and --json", "choose one"},
		{"-q", "--quiet", "--record FILE"},
		{"-q -r x", "--quiet", "--record FILE"},
		{"-o -", "--record -", "--quiet"},
		{"-o - -Y", "--record -", "--quiet"},
		{"-r x -r y", "\"y\" for --replay", "one recording at a time"},
		{"-r x --replay=-", "\"-\" for --replay", "one recording at a time"},
		{"-r x --buffer 1M", "--buffer", "--replay"},
		{"--buffer 8M -r x", "--buffer", "--replay"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;
		struct unit_capture told;

		CHECK_NUMBER(-1, parse(&options, &line, rows[i].arguments, &told));
		CHECK_PART("tcpstates: ", told.text);
		CHECK_PART(rows[i].quoted, told.text);
		CHECK_PART(rows[i].advice, told.text);
		CHECK(strchr(told.text, '\n') == strrchr(told.text, '\n')); /* one line */
		options_free(&options);
	}
}

/* A field is the same one by its heading and in any case: what is wrong is that it comes twice. */
static void field_twice_by_its_other_name(void)
{
	static const char *const rows[] = {"-F laddr,LADDR", "-F C-PID,c-pid", "-F ms,Ms"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;
		struct unit_capture told;

		CHECK_NUMBER(-1, parse(&options, &line, rows[i], &told));
		CHECK_PART("each field only once", told.text);
	}
}

/* A page of text as an argument is quoted as far as it fits. */
static void long_argument(void)
{
	struct command_line line;
	struct options options;
	struct unit_capture told;
	char text[300] = "-L ";

	memset(text + 3, '8', sizeof(text) - 4);
	CHECK_NUMBER(-1, parse(&options, &line, text, &told));
	CHECK_PART("\"88888888888888888888", told.text);
	CHECK_PART("from 0 to 65535", told.text);
}

/* Each adds to its own member, whichever way it is repeated. */
static void selections(void)
{
	static const struct {
		const char *arguments;
		size_t locals, remotes, pids, comms, uids, namespaces, cgroups, cgroup_ids;
		unsigned int from, to, either;
		uint64_t least_ns, causes;
	} rows[] = {
		{"--local 10.0.0.0/8,::1", .locals = 2},
		{"--local 10.0.0.0/8 --local 10.1.0.0/16", .locals = 1},
		{"--remote 10.1.2.3", .remotes = 1},
		{"-p 1,2 --pid 3", .pids = 3},
		{"-c nginx,php* --comm [ab]c", .comms = 3},
		{"-u root,33 --uid 1000", .uids = 3},
		{"--netns 4026531840,/proc/self/ns/net", .namespaces = 2},
		{"--netns 4026531840 --netns 4026531840", .namespaces = 1},
		{"-r x --cgroup /a,/b/ --cgroup 17", .cgroups = 2, .cgroup_ids = 1},
		{"--from syn-sent,SYN_RECV", .from = 0xc},
		{"--to established --to closed", .to = 0x82},
		{"--state close-wait", .either = 0x100},
		{"--min-ms 0.5 --min-ms 100", .least_ns = 100000000},
		{"--cause close,EXIT --cause close",
		 .causes = 1ull << CAUSE_CLOSE | 1ull << CAUSE_EXIT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command_line line;
		struct options options;
		const struct selection *selection = &options.selection;

		parse_good(&options, &line, rows[i].arguments);
		CHECK_NUMBER(rows[i].locals, selection->locals.count);
		CHECK_NUMBER(rows[i].remotes, selection->remotes.count);
		CHECK_NUMBER(rows[i].pids, selection->pids.count);
		CHECK_NUMBER(rows[i].comms, selection->comms.count);
		CHECK_NUMBER(rows[i].uids, selection->uids.count);
		CHECK_NUMBER(rows[i].namespaces, selection->namespaces.count);
		CHECK_NUMBER(rows[i].cgroups, selection->cgroups.count);
		CHECK_NUMBER(rows[i].cgroup_ids, selection->cgroup_ids.count);
		CHECK_NUMBER(rows[i].from, selection->from);
		CHECK_NUMBER(rows[i].to, selection->to);
		CHECK_NUMBER(rows[i].either, selection->either);
		CHECK_NUMBER(rows[i].least_ns, selection->least_ns);
		CHECK_NUMBER(rows[i].causes, selection->causes);
		options_free(&options);
	}
}

/* A file with that content; the caller closes it. text: an option that reads it. */
static FILE *list_file(char *text, size_t size, const char *option, const char *content)
{
	FILE *file = tmpfile();

	CHECK(file);
	fputs(content, file);
	fflush(file);
	snprintf(text, size, "%s @/proc/self/fd/%d", option, fileno(file));
	return file;
}

static void list_files(void)
{
	static const struct {
		const char *option, *content;
		size_t count;
	} rows[] = {
		{"-p", "1", 1},
		{"-p", "1\n2\n3\n", 3},
		{"-p", "1,2 3\t4\r\n\r\n  5  \n", 5},
		{"-p", "# a comment\n\n1 # another, 2\n#3\n", 1},
		{"-p", ",,1,,\n", 1},
		{"-p 7,8 -p", "9", 3},
	};
	char text[100];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		FILE *file = list_file(text, sizeof(text), rows[i].option, rows[i].content);
		struct command_line line;
		struct options options;

		parse_good(&options, &line, text);
		CHECK_NUMBER(rows[i].count, options.selection.pids.count);
		options_free(&options);
		fclose(file);
	}
}

/* The user reads which element of which line, or that there is no file, or nothing in it. */
static void bad_list_files(void)
{
	static const struct {
		const char *option, *content, *told;
	} rows[] = {
		{"--remote", "10.0.0.0/8\n10.0.0.0/40\n", ":2: invalid value \"10.0.0.0/40\""},
		{"-L", "80\n\n# here it comes\nhttp,81", ":4: invalid value \"http\""},
		{"--from", "LISTEN x", ":1: invalid value \"x\""},
		{"--from", "@other", ":1: invalid value \"@other\""}, /* files name no files */
		{"-p", "", "at least one element"},
		{"-p", "# nothing\n\n,\n", "at least one element"},
		{"-L", " ", "at least one element"},
	};
	static const char *const unreadable[] = {"-p @", "-p @/no/such/file", "-p 1,@/",
						 "-L @/no/such", "-p @/dev/zero"};
	struct command_line line;
	struct options options;
	struct unit_capture told;
	char text[100];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		FILE *file = list_file(text, sizeof(text), rows[i].option, rows[i].content);

		CHECK_NUMBER(-1, parse(&options, &line, text, &told));
		CHECK_PART(rows[i].told, told.text);
		CHECK_PART("/proc/self/fd/", told.text);
		options_free(&options);
		fclose(file);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		CHECK_NUMBER(-1, parse(&options, &line, unreadable[i], &told));
		CHECK_PART(strchr(unreadable[i], '@'), told.text);
		CHECK_PART("a readable text file", told.text);
		options_free(&options);
	}
}

/* A list file is read whole, so its size is limited; the limit itself is allowed. */
static void long_list_files(void)
{
	static const size_t limit = (size_t)64 << 20;
	char *content = malloc(limit + 2), text[100];

	memset(content, '\n', limit + 1);
	content[0] = '1';
	for (size_t over = 0; over < 2; over++) {
		struct unit_capture told;
		struct command_line line;
		struct options options;
		FILE *file;

		content[limit + over] = '\0';
		file = list_file(text, sizeof(text), "-p", content);
		CHECK_NUMBER(over ? -1 : 0, parse(&options, &line, text, &told));
		if (over)
			CHECK_PART("a readable text file of at most 64M", told.text);
		content[limit + over] = '\n';
		options_free(&options);
		fclose(file);
	}
	free(content);
}

UNIT_MAIN("options", TEST(defaults), TEST(flags), TEST(outputs), TEST(actions), TEST(numbers),
	  TEST(smallest_buffer_is_a_page), TEST(ports), TEST(fields), TEST(files),
	  TEST(combinations), TEST(summaries), TEST(refused), TEST(selections), TEST(list_files),
	  TEST(bad_list_files), TEST(long_list_files), TEST(field_twice_by_its_other_name),
	  TEST(long_argument))
