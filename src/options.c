// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The option table, and what is derived from it: parsing, checks and --help. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "options.h"
#include "state.h"
#include "stuck_row.h"

#define BUFFER_SIZE_MAX (1ull << 30)

struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;     /* NULL: not listed; lines are separated by \n */
	const char *expected; /* what a good argument is */
	bool is_live_only;
	bool is_optional; /* the argument: with =, or none (NULL) */
	bool is_late;     /* what it means depends on other options: parsed after them */
	size_t flag;      /* without a parser: offset of the bool to set */
	bool (*parse)(struct options *options, const char *text, struct complaint *complaint);
};

static bool add_port(void *set, const char *element)
{
	return port_set_add(set, element);
}

static bool parse_localport(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_port, &options->lports, complaint);
}

static bool parse_remoteport(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_port, &options->rports, complaint);
}

static bool add_net(void *nets, const char *element)
{
	return nets_add(nets, element);
}

static bool parse_local(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_net, &options->selection.locals, complaint);
}

static bool parse_remote(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_net, &options->selection.remotes, complaint);
}

static bool add_state(void *set, const char *element)
{
	return state_set_add(set, element);
}

static bool parse_from(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_state, &options->selection.from, complaint);
}

static bool parse_to(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_state, &options->selection.to, complaint);
}

static bool parse_state(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_state, &options->selection.either, complaint);
}

static bool parse_least(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	return selection_set_least(&options->selection, text);
}

/* A parser of a list of which selection_add_NAME() takes an element. */
#define SELECTION_PARSER(name)                                                       \
	static bool add_##name(void *selection, const char *element)                 \
	{                                                                            \
		return selection_add_##name(selection, element);                     \
	}                                                                            \
                                                                                     \
	static bool parse_##name(struct options *options, const char *text,          \
				 struct complaint *complaint)                        \
	{                                                                            \
		return list_parse(text, add_##name, &options->selection, complaint); \
	}

SELECTION_PARSER(pid)
SELECTION_PARSER(comm)
SELECTION_PARSER(user)
SELECTION_PARSER(namespace)
SELECTION_PARSER(cgroup)
SELECTION_PARSER(cause)

static bool parse_duration(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	return parse_seconds(text, &options->duration_ns) && options->duration_ns;
}

static bool parse_count(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	return parse_number(text, UINT64_MAX, &options->count) && options->count;
}

/* What --fields chooses from. */
static const struct field_table *report_fields(enum report report)
{
	switch (report) {
	case REPORT_LINES:
		break;
	case REPORT_SESSIONS:
		return &session_fields;
	case REPORT_SUMMARY:
		return &summary_fields;
	case REPORT_STUCK:
		return &stuck_fields;
	}
	return &transition_fields;
}

static void set_report(struct options *options, enum report report)
{
	options->has_two_reports |= options->report != REPORT_LINES && options->report != report;
	options->report = report;
}

static bool parse_sessions(struct options *options, const char *text, struct complaint *complaint)
{
	(void)text, (void)complaint;
	set_report(options, REPORT_SESSIONS);
	return true;
}

static bool add_field(void *context, const char *element)
{
	struct options *options = context;

	return field_list_add(&options->fields, report_fields(options->report), element);
}

static bool parse_fields(struct options *options, const char *text, struct complaint *complaint)
{
	if (!strcmp(text, "help")) {
		options->action = ACTION_FIELDS;
		return true;
	}
	if (list_parse(text, add_field, options, complaint))
		return true;
	if (field_list_has(&options->fields, complaint->text))
		complaint->expected = "each field once";
	return false;
}

static bool parse_summary(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	set_report(options, REPORT_SUMMARY);
	return !text || (parse_seconds(text, &options->interval_ns) && options->interval_ns);
}

struct grouping_parse {
	struct grouping *grouping;
	const char *expected;
};

static bool add_key(void *context, const char *element)
{
	struct grouping_parse *parse = context;

	parse->expected = grouping_add(parse->grouping, element);
	return !parse->expected;
}

static bool parse_by(struct options *options, const char *text, struct complaint *complaint)
{
	struct grouping_parse parse = {.grouping = &options->grouping};

	if (list_parse(text, add_key, &parse, complaint))
		return true;
	if (parse.expected && *parse.expected)
		complaint->expected = parse.expected;
	return false;
}

struct limits_list {
	struct stuck_limits *limits;
	struct complaint *complaint;
};

static bool add_limit(void *into, const char *element)
{
	struct limits_list *list = into;

	return stuck_limits_set(list->limits, element, &list->complaint->expected);
}

static bool parse_stuck(struct options *options, const char *text, struct complaint *complaint)
{
	struct limits_list list = {&options->stuck_limits, complaint};

	set_report(options, REPORT_STUCK);
	return !text || list_parse(text, add_limit, &list, complaint);
}

static bool parse_buffer(struct options *options, const char *text, struct complaint *complaint)
{
	uint64_t page = sysconf(_SC_PAGESIZE), size = page, wanted;

	(void)complaint;
	if (!parse_size(text, &wanted) || wanted < page || wanted > BUFFER_SIZE_MAX)
		return false;
	while (size < wanted)
		size *= 2;
	options->buffer_size = size;
	return true;
}

static bool parse_record(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	options->record = text;
	return *text;
}

static bool parse_replay(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	options->replay = text;
	return *text;
}

static bool parse_help(struct options *options, const char *text, struct complaint *complaint)
{
	(void)text, (void)complaint;
	options->action = ACTION_HELP;
	return true;
}

static bool parse_version(struct options *options, const char *text, struct complaint *complaint)
{
	(void)text, (void)complaint;
	options->action = ACTION_VERSION;
	return true;
}

static bool parse_ebpf(struct options *options, const char *text, struct complaint *complaint)
{
	(void)text, (void)complaint;
	options->action = ACTION_EBPF;
	return true;
}

#define FLAG(member) .flag = offsetof(struct options, member)
#define GROUP(title)            \
	{                       \
		.help = (title) \
	}
#define PORTS_WANTED \
	"ports from 0 to 65535 and ranges of them (lower port first), as in 80,443,8000-8099"
#define NETS_WANTED \
	"addresses and blocks (address/prefix), as in 10.0.0.0/8,192.0.2.7,2001:db8::/32"
#define STATES_WANTED                                                                 \
	"states as the kernel, ss or OpenTelemetry names them, or ss's groups (all, " \
	"connected, synchronized, bucket, big), as in CLOSE_WAIT,fin-wait-1"
#define KEYS_WANTED                                                                               \
	"keys among state, edge, pid, comm, laddr, raddr (also blocks: raddr/24), lport, rport, " \
	"netns, cgroup and cause, as in state,comm"
#define FIELDS_WANTED "fields as \"--fields help\" lists them, as in time,laddr,raddr,newstate,ms"

/* A row without a name is the heading of the rows that follow. */
static const struct option_row rows[] = {
	GROUP("Which sessions"),
	{'4', "ipv4", NULL, "sockets of address family IPv4 only", FLAG(ipv4)},
	{'6', "ipv6", NULL, "sockets of address family IPv6 only", FLAG(ipv6)},
	{'L', "localport", "PORTS", "local port: a list of ports and ranges, 80,443,8000-8099",
	 PORTS_WANTED, .parse = parse_localport},
	{'D', "remoteport", "PORTS", "remote port, likewise", PORTS_WANTED,
	 .parse = parse_remoteport},

	{0, "local", "NETS", "local address: a list of addresses and blocks, 10.0.0.0/8,::1",
	 NETS_WANTED, .parse = parse_local},
	{0, "remote", "NETS", "remote address, likewise", NETS_WANTED, .parse = parse_remote},
	{'p', "pid", "PIDS", "the owner's process id", "process ids above 0, as in 1234,5678",
	 .parse = parse_pid},
	{'c', "comm", "NAMES", "the owner's name; with wildcards, as in \"nginx*\"",
	 "names of processes, 15 bytes at most as the kernel has them, as in nginx,\"php*\"",
	 .parse = parse_comm},
	{'u', "uid", "USERS", "the owner's user: names or numbers",
	 "users of this machine by name, or any by number, as in www-data,1000",
	 .parse = parse_user},
	{0, "netns", "NS", "network namespace: its inode number, name or path, or a process",
	 "network namespaces that exist: an inode number, a process id, a name or a path",
	 .parse = parse_namespace},
	{0, "cgroup", "CGROUPS", "cgroup, and those below it: its path, or its inode number",
	 "cgroup2 paths, from the root or from where it is mounted, or inode numbers, as in "
	 "/system.slice/nginx.service",
	 .parse = parse_cgroup},

	GROUP("Which changes"),
	{0, "from", "STATES", "state that was left: a list, as in syn-sent,SYN_RECV", STATES_WANTED,
	 .parse = parse_from},
	{0, "to", "STATES", "state that was entered, likewise", STATES_WANTED, .parse = parse_to},
	{0, "state", "STATES", "one of the two, likewise", STATES_WANTED, .parse = parse_state},
	{0, "min-ms", "MS", "the state that was left lasted so long, or longer",
	 "milliseconds above 0, as in 100 or 0.5", .parse = parse_least},
	{0, "cause", "CAUSES", "why it changed: a list, as in reset_received,refused",
	 "causes as \"--help\" lists them, as in reset_received,refused", .parse = parse_cause},

	GROUP("How long"),
	{'d', "duration", "SECONDS", "end after so many seconds (of a recording: its first ones)",
	 "seconds above 0, as in 10 or 0.5", .parse = parse_duration},
	{'n', "count", "N", "end after N lines", "a whole number above 0", .parse = parse_count},

	GROUP("What is printed"),
	{'w', "wide", NULL, "wide columns: full names and IPv6 addresses, address family",
	 FLAG(wide)},
	{'x', "extended", NULL, "owner, figures and cause of each change, for 160 columns",
	 FLAG(extended)},
	{0, "minisocks", NULL, "TIME_WAIT as well, where bcc's outputs end in CLOSE",
	 FLAG(minisocks)},
	{0, "half-open", NULL, "sessions whose handshake is never finished as well",
	 FLAG(half_open)},
	{'T', "time", NULL, "a first column TIME: when it happened, HH:MM:SS", FLAG(time)},
	{'t', "timestamp", NULL, "a column TIME(s): seconds since the first line", FLAG(timestamp)},
	{'s', "csv", NULL, "comma-separated values", FLAG(csv)},
	{'j', "json", NULL, "JSON Lines: an object a line, every field", FLAG(json)},
	{'F', "fields", "LIST", "these columns, in this order; \"--fields help\" lists them",
	 FIELDS_WANTED, .is_late = true, .parse = parse_fields},
	{0, "no-header", NULL, "no heading", FLAG(no_header)},

	GROUP("Views, instead of a line for each change"),
	{0, "sessions", NULL, "a line for each session when it ends: its states, who, why",
	 .parse = parse_sessions},
	{0, "summary", "SECONDS", "where the time goes: a table at the end, and every SECONDS",
	 "seconds above 0, as in 10 or 0.5", .is_optional = true, .parse = parse_summary},
	{0, "by", "KEYS", "of a summary: a row for each state, edge, comm, raddr/24, ...",
	 KEYS_WANTED, .parse = parse_by},
	{0, "stuck", "LIMITS", "sessions that stay in a state for long, as in CLOSE_WAIT:60",
	 "limits as STATE:SECONDS, as in CLOSE_WAIT:60,syn-sent:0.5", .is_optional = true,
	 .parse = parse_stuck},

	GROUP("Also to"),
	{'Y', "journal", NULL, "the systemd journal, as well as printing", FLAG(journal)},
	{'o', "record", "FILE", "a recording, as well as printing; - is standard output",
	 "a file name", .parse = parse_record},
	{'q', "quiet", NULL, "print no lines", FLAG(quiet)},

	GROUP("Running"),
	{'r', "replay", "FILE", "read a recording, not the kernel; - is standard input",
	 "a file name", .parse = parse_replay},
	{0, "buffer", "SIZE", "size of the ring buffer, as in 512K or 16M (default 8M)",
	 "a size from one page to 1G, as in 512K or 16M", .is_live_only = true,
	 .parse = parse_buffer},
	{0, "ebpf", NULL, NULL, .parse = parse_ebpf},
	{'v', "verbose", NULL, "say what is done, and why something cannot be", FLAG(verbose)},
	{'V', "version", NULL, "print the version and end", .parse = parse_version},
	{'h', "help", NULL, "print this and end", .parse = parse_help},
};

#define ROW_COUNT  ((int)(sizeof(rows) / sizeof(rows[0])))
#define FIRST_CODE 256 /* getopt's answer for row i is FIRST_CODE + i, or its letter */

struct getopt_tables {
	char letters[2 * ROW_COUNT + 2];
	struct option names[ROW_COUNT + 1];
};

static int has_argument(const struct option_row *row)
{
	if (!row->argument)
		return no_argument;
	return row->is_optional ? optional_argument : required_argument;
}

static void getopt_tables_build(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	struct option *name = tables->names;

	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < ROW_COUNT; i++) {
		if (!rows[i].name)
			continue;
		*name++ =
			(struct option){rows[i].name, has_argument(&rows[i]), NULL, FIRST_CODE + i};
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].argument)
			*letter++ = ':';
	}
	*letter = '\0';
	*name = (struct option){0};
}

static const struct option_row *row_find(int code)
{
	if (code >= FIRST_CODE && code < FIRST_CODE + ROW_COUNT)
		return &rows[code - FIRST_CODE];
	for (int i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter && rows[i].letter == code)
			return &rows[i];
	return NULL;
}

static int row_apply(const struct option_row *row, struct options *options, const char *argument)
{
	struct complaint complaint = {.expected = row->expected};

	if (!row->parse) {
		*(bool *)((char *)options + row->flag) = true;
		return 0;
	}
	if (argument)
		complaint_quote(&complaint, argument);
	if (row->parse(options, argument, &complaint))
		return 0;
	log_error("--%s: %s\"%s\" is not right; expected: %s", row->name, complaint.place,
		  complaint.text, complaint.expected);
	return -1;
}

/* What getopt_long() could not make sense of, quoted as it was typed. */
static int complain_option(int answer, char **argv)
{
	const struct option_row *row = row_find(optopt);

	if (answer == ':' && row)
		log_error("--%s: %s missing; expected: %s", row->name, row->argument,
			  row->expected);
	else if (row)
		log_error("\"%s\": --%s takes no value", argv[optind - 1], row->name);
	else if (optopt)
		log_error("\"-%c\" is no option; \"tcpstates --help\" lists them", optopt);
	else
		log_error("\"%s\" is no option, or the beginning of several; "
			  "\"tcpstates --help\" lists them",
			  argv[optind - 1]);
	return -1;
}

/* A recording may be of another machine, a live trace is of this one. */
static int check_cgroups(const struct options *options)
{
	char missing[CGROUP_PATH_SIZE];

	if (options->replay || !selection_find_missing_cgroup(&options->selection, missing))
		return 0;
	log_error("--cgroup: \"%s\": no such cgroup; paths begin at the root of the cgroup2 "
		  "hierarchy, as in /system.slice/nginx.service",
		  missing);
	return -1;
}

/* What no transition has can be shown by nobody. A recording has both views. */
static int check_selection(const struct options *options)
{
	const struct selection *selection = &options->selection;
	bool has_minisocks = options_view(options) == VIEW_FULL || options->record;
	const char *why = selection_check(selection, has_minisocks);

	if (options->ipv4 &&
	    !(nets_may_be_ipv4(&selection->locals) && nets_may_be_ipv4(&selection->remotes)))
		why = "-4: the addresses of --local or --remote are of IPv6 only, so nothing can "
		      "match";
	if (selection->causes == 1ull << CAUSE_HALF_OPEN && !options->half_open)
		why = "--cause: only with --half-open can this cause match; add it";
	if (!why)
		return 0;
	log_error("%s", why);
	return -1;
}

/* A key that is printed has to be one by which is counted. */
static int check_summary(const struct options *options)
{
	const struct grouping *grouping = &options->grouping;

	for (enum group_by by = 0; by < GROUP_BY_COUNT; by++) {
		const char *name = group_by_name(by);
		const char *field = by == GROUP_BY_EDGE ? "oldstate" : name;

		if (grouping_has(grouping, by) ||
		    !(field_list_has(&options->fields, field) ||
		      (by == GROUP_BY_EDGE && field_list_has(&options->fields, "newstate"))))
			continue;
		log_error("--fields: %s is no key of this summary; add %s to --by, or leave it out",
			  field, name);
		return -1;
	}
	return 0;
}

/* A summary is by state unless told otherwise. */
static int check_report(struct options *options)
{
	bool is_summary = options->report == REPORT_SUMMARY;

	if (options->has_two_reports) {
		log_error("--sessions, --summary and --stuck exclude each other; choose one "
			  "view");
		return -1;
	}
	if (options->grouping.count && !is_summary) {
		log_error("--by is for a summary; add --summary");
		return -1;
	}
	if (!is_summary)
		return 0;
	if (!options->grouping.count)
		grouping_add(&options->grouping, group_by_name(GROUP_BY_STATE));
	return check_summary(options);
}

/* What each option allows, but not together. */
static int check_together(const struct options *options, bool has_live_option)
{
	if (options->ipv4 && options->ipv6)
		log_error("-4 and -6 exclude each other; without either, both families are shown");
	else if (options->csv && options->json)
		log_error("--csv and --json exclude each other; choose one format");
	else if (options->quiet && !options->record && !options->journal)
		log_error("--quiet leaves nothing to do; add --record FILE or --journal");
	else if (options->record && !strcmp(options->record, "-") && !options->quiet)
		log_error("--record -: standard output would carry lines and the recording; "
			  "add --quiet, or record to a file");
	else if (options->replay && has_live_option)
		log_error("--buffer is for a live trace; leave it out with --replay");
	else
		return check_selection(options) || check_cgroups(options) ? -1 : 0;
	return -1;
}

/* Takes the options whose turn it is: the late ones last. 0, or -1 after a report. */
static int take_options(struct options *options, int argc, char **argv, bool is_late,
			bool *has_live_option)
{
	struct getopt_tables tables = {0};
	int code;

	getopt_tables_build(&tables);
	optind = 0; /* from the beginning, in glibc and musl */
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		const struct option_row *row = row_find(code);

		if (!row || code == ':' || code == '?')
			return complain_option(code, argv);
		if (row->is_late == is_late && row_apply(row, options, optarg))
			return -1;
		*has_live_option |= row->is_live_only;
	}
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	bool has_live_option = false;

	*options = (struct options){.buffer_size = OPTIONS_BUFFER_SIZE};
	stuck_limits_default(&options->stuck_limits);
	if (take_options(options, argc, argv, false, &has_live_option) ||
	    take_options(options, argc, argv, true, &has_live_option))
		return -1;
	if (optind < argc) {
		log_error("\"%s\" is no option; \"tcpstates --help\" lists them", argv[optind]);
		return -1;
	}
	selection_finish(&options->selection);
	if (options->action != ACTION_TRACE)
		return 0;
	return check_report(options) || check_together(options, has_live_option) ? -1 : 0;
}

void options_free(struct options *options)
{
	selection_free(&options->selection);
}

bool options_want_details(const struct options *options)
{
	return selection_wants_details(&options->selection) || options->record ||
	       options->report != REPORT_LINES || options->extended || options->minisocks ||
	       options->half_open || (options->json && !options->fields.count && !options->quiet) ||
	       field_list_has_details(&options->fields);
}

bool options_follow_minisocks(const struct options *options)
{
	return options->record || (options_view(options) == VIEW_FULL && !options->quiet);
}

bool options_want_standing(const struct options *options)
{
	return options->report != REPORT_LINES || options->record;
}

enum view options_view(const struct options *options)
{
	return options->report != REPORT_LINES || options->minisocks || options->half_open ||
			       options->extended || options->json
		       ? VIEW_FULL
		       : VIEW_SOCKETS;
}

static void print_row(const struct option_row *row)
{
	const char *before = !row->argument ? "" : row->is_optional ? "[=" : " ";
	char left[40];

	snprintf(left, sizeof(left), "%c%c%c --%s%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name, before,
		 row->argument ? row->argument : "", row->is_optional ? "]" : "");
	printf("  %-24s %s\n", left, row->help);
}

#define HELP_COLUMNS 80

/* The names of all causes, in as many lines as they need. */
static void print_causes(void)
{
	int column = printf("\nCauses (column CAUSE of -x):");

	for (enum cause cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++) {
		const char *name = cause_row(cause)->name;

		if (column + 1 + (int)strlen(name) + 1 > HELP_COLUMNS)
			column = printf("\n ") - 1;
		column += printf(" %s%s", name, cause < CAUSE_COUNT - 1 ? "," : "");
	}
	putchar('\n');
}

void options_print_help(void)
{
	puts("Usage: tcpstates [OPTION]...          trace every TCP session of this machine\n"
	     "       tcpstates -r FILE [OPTION]...  read a recording instead\n"
	     "\n"
	     "One line for each state change of a TCP session, with the time it spent in the\n"
	     "state it left. Tracing needs root (or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN).");
	for (int i = 0; i < ROW_COUNT; i++) {
		if (!rows[i].name)
			printf("\n%s\n", rows[i].help);
		else if (rows[i].help)
			print_row(&rows[i]);
	}
	print_causes();
	puts("\n"
	     "Lists are separated by commas. Within a list any will do; different options must\n"
	     "all hold. Examples:\n"
	     "  tcpstates -wT                  wide columns, with the time of day\n"
	     "  tcpstates -x                   who owns each session, how much, why it closed\n"
	     "  tcpstates -L 80,443            only sessions with one of these local ports\n"
	     "  tcpstates -j | jq .            JSON for another program\n"
	     "  tcpstates -q -o today.tcps     record now, print nothing;\n"
	     "  tcpstates -r today.tcps -s     read it later, as CSV\n"
	     "\n"
	     "Exit status: 0 fine, 1 failed, 2 wrong usage. Reference: man tcpstates");
}

void options_print_fields(const struct options *options)
{
	const struct field_table *table = report_fields(options->report);

	for (int i = 0; i < table->count; i++)
		printf("%-10s %-9s %s\n", table->fields[i].key, table->fields[i].heading,
		       table->fields[i].help);
}
