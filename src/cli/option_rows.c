// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What options there are, and what each makes of its argument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/option_row.h"
#include "cli/options.h"
#include "lib/list.h"
#include "lib/parse.h"
#include "trace/state.h"

#define BUFFER_SIZE_MAX (1ull << 30)

static bool add_port(void *set, const char *element)
{
	return port_set_add(set, element);
}

static bool parse_localport(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_port, &options->selection.lports, complaint);
}

static bool parse_remoteport(struct options *options, const char *text, struct complaint *complaint)
{
	return list_parse(text, add_port, &options->selection.rports, complaint);
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

static bool add_field(void *context, const char *element)
{
	struct options *options = context;

	return field_list_add(&options->fields, options->fields_of(options->view), element);
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
	struct state_limits *limits;
	struct complaint *complaint;
};

static bool add_limit(void *into, const char *element)
{
	struct limits_list *list = into;

	return state_limits_set(list->limits, element, &list->complaint->expected);
}

static bool parse_stuck(struct options *options, const char *text, struct complaint *complaint)
{
	struct limits_list list = {&options->stuck_limits, complaint};

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

static const struct option_row rows[] = {
	GROUP("Which sessions"),
	{'4', "ipv4", NULL, "sockets of address family IPv4 only", FLAG(selection.ipv4)},
	{'6', "ipv6", NULL, "sockets of address family IPv6 only", FLAG(selection.ipv6)},
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
	 .is_view = true},
	{0, "summary", "SECONDS", "where the time goes: a table at the end, and every SECONDS",
	 "seconds above 0, as in 10 or 0.5", .is_optional = true, .is_view = true,
	 .parse = parse_summary},
	{0, "by", "KEYS", "of a summary: a row for each state, edge, comm, raddr/24, ...",
	 KEYS_WANTED, .parse = parse_by},
	{0, "stuck", "LIMITS", "sessions that stay in a state for long, as in CLOSE_WAIT:60",
	 "limits as STATE:SECONDS, as in CLOSE_WAIT:60,syn-sent:0.5", .is_optional = true,
	 .is_view = true, .parse = parse_stuck},

	GROUP("Also to"),
	{'Y', "journal", NULL, "the systemd journal, as well as printing", .is_output = true},
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

#define ROW_COUNT ((int)(sizeof(rows) / sizeof(rows[0])))

_Static_assert(ROW_COUNT <= OPTION_ROWS_MAX, "who reads them all has room for them");

const struct option_row *option_row(int number)
{
	return number >= 0 && number < ROW_COUNT ? &rows[number] : NULL;
}
