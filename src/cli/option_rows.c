// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All options, and the parsers of their arguments. */
#include <errno.h>
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

/* Defines a parser of a list. selection_add_NAME() takes each element. */
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
SELECTION_PARSER(cgroup)
SELECTION_PARSER(cause)

static bool add_namespace(void *selection, const char *element)
{
	return selection_add_namespace(selection, element);
}

/* Without CAP_SYS_PTRACE, open(2) of /proc/PID/ns/net fails for processes of other users. */
static bool parse_namespace(struct options *options, const char *text, struct complaint *complaint)
{
	errno = 0;
	if (list_parse(text, add_namespace, &options->selection, complaint))
		return true;
	if (errno == EACCES)
		complaint->expected = "a namespace that this user may open: run as root, or give "
				      "its inode number (NETNS)";
	return false;
}

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
		complaint->expected = "each field only once";
	return false;
}

static bool parse_interval(struct options *options, const char *text, struct complaint *complaint)
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

static bool parse_diagnose(struct options *options, const char *text, struct complaint *complaint)
{
	(void)complaint;
	options->rules = text;
	return !text || *text;
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
	if (options->replay) {
		complaint->expected = "one recording at a time";
		return false;
	}
	options->replay = text;
	return *text;
}

static bool parse_check(struct options *options, const char *text, struct complaint *complaint)
{
	(void)text, (void)complaint;
	/* --fields help, --version and --help take precedence. */
	if (options->action == ACTION_TRACE)
		options->action = ACTION_CHECK;
	return true;
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
	"ports from 0 to 65535 or ranges (lower port first), for example 80,443,8000-8099"
#define NETS_WANTED "addresses or CIDR blocks, for example 10.0.0.0/8,192.0.2.7,2001:db8::/32"
#define STATES_WANTED                                                                           \
	"states as named by the kernel, ss or OpenTelemetry, or groups of ss (all, connected, " \
	"synchronized, bucket, big), for example CLOSE_WAIT,fin-wait-1"
#define KEYS_WANTED                                                                              \
	"keys out of state, edge, pid, comm, laddr, raddr (or blocks: raddr/24), lport, rport, " \
	"netns, cgroup and cause, with --sessions also port, role and closed_by, for example "   \
	"state,comm"
#define FIELDS_WANTED \
	"fields that \"--fields help\" lists, for example time,laddr,raddr,newstate,ms"

static const struct option_row rows[] = {
	GROUP("Session filters"),
	{'4', "ipv4", NULL, "only IPv4 sockets", FLAG(selection.ipv4)},
	{'6', "ipv6", NULL, "only IPv6 sockets", FLAG(selection.ipv6)},
	{'L', "localport", "PORTS", "local ports, for example 80,443,8000-8099", PORTS_WANTED,
	 .parse = parse_localport},
	{'D', "remoteport", "PORTS", "remote ports", PORTS_WANTED, .parse = parse_remoteport},

	{0, "local", "NETS", "local addresses or CIDR blocks, for example 10.0.0.0/8,::1",
	 NETS_WANTED, .parse = parse_local},
	{0, "remote", "NETS", "remote addresses or CIDR blocks", NETS_WANTED,
	 .parse = parse_remote},
	{'p', "pid", "PIDS", "process IDs of the owner",
	 "process IDs above 0, for example 1234,5678", .parse = parse_pid},
	{'c', "comm", "NAMES", "process names of the owner, for example \"nginx*\"",
	 "process names of at most 15 bytes, for example nginx,\"php*\"", .parse = parse_comm},
	{'u', "uid", "USERS", "users of the owner: names or numbers",
	 "names of users of this machine or user IDs, for example www-data,1000",
	 .parse = parse_user},
	{0, "netns", "NS", "network namespaces: inode number, name, path or process ID",
	 "existing network namespaces: an inode number, a process ID, a name or a path",
	 .parse = parse_namespace},
	{0, "cgroup", "CGROUPS", "cgroups and their descendants: path or inode number",
	 "cgroup2 paths from the root or the mount point, or inode numbers, for example "
	 "/system.slice/nginx.service",
	 .parse = parse_cgroup},

	GROUP("State change filters"),
	{0, "from", "STATES", "old states, for example syn-sent,SYN_RECV", STATES_WANTED,
	 .parse = parse_from},
	{0, "to", "STATES", "new states", STATES_WANTED, .parse = parse_to},
	{0, "state", "STATES", "old or new states", STATES_WANTED, .parse = parse_state},
	{0, "min-ms", "MS", "only states that lasted at least MS milliseconds",
	 "milliseconds above 0, for example 100 or 0.5", .parse = parse_least},
	{0, "cause", "CAUSES", "causes of the change, for example reset_received,refused",
	 "causes that \"tcpstates --help\" lists, for example reset_received,refused",
	 .parse = parse_cause},

	GROUP("Limits"),
	{'d', "duration", "SECONDS", "end after SECONDS; in a replay, read only the first SECONDS",
	 "seconds above 0, for example 10 or 0.5", .parse = parse_duration},
	{'n', "count", "N", "end after N lines", "a whole number above 0", .parse = parse_count},

	GROUP("Output"),
	{'w', "wide", NULL, "wide columns: full names and IPv6 addresses, address family",
	 FLAG(wide)},
	{'x', "extended", NULL, "owner, byte counts and cause of each change, in 160 columns",
	 FLAG(extended)},
	{0, "minisocks", NULL, "also show TIME_WAIT; --sessions then waits for its end",
	 FLAG(minisocks)},
	{0, "half-open", NULL, "also show handshakes that are never completed", FLAG(half_open)},
	{'T', "time", NULL, "add a first column TIME: time of the change, HH:MM:SS", FLAG(time)},
	{'t', "timestamp", NULL, "add a column TIME(s): seconds since the first line",
	 FLAG(timestamp)},
	{'s', "csv", NULL, "comma-separated values", FLAG(csv)},
	{'j', "json", NULL, "JSON Lines: one object per line, with every field", FLAG(json)},
	{'F', "fields", "LIST", "only these columns, in this order; \"--fields help\" lists all",
	 FIELDS_WANTED, .is_late = true, .parse = parse_fields},
	{0, "no-header", NULL, "print no heading", FLAG(no_header)},
	{0, "exit-code", NULL, "exit with status 3 if there was a line (or an error found)",
	 FLAG(exit_code)},

	GROUP("Views (instead of a line for each state change)"),
	{0, "sessions", NULL, "one line per session when it ends: states, owner, cause",
	 .is_view = true},
	{0, "summary", "SECONDS", "time in each state, every SECONDS; or of --sessions",
	 "seconds above 0, for example 10 or 0.5", .is_optional = true, .is_view = true,
	 .parse = parse_interval},
	{0, "by", "KEYS", "rows of the summary: state, comm, raddr/24, port, ...", KEYS_WANTED,
	 .parse = parse_by},
	{0, "stuck", "LIMITS", "sessions that stay too long in a state, e.g. CLOSE_WAIT:60",
	 "limits as STATE:SECONDS or stalled:SECONDS, for example CLOSE_WAIT:60,syn-sent:0.5",
	 .is_optional = true, .is_view = true, .parse = parse_stuck},
	{0, "resets", NULL, "resets sent for packets of no session: closed ports, ...",
	 .is_view = true},
	{0, "listeners", "SECONDS", "accept queues of listeners: at the end and every SECONDS",
	 "seconds above 0, for example 10 or 0.5", .is_optional = true, .is_view = true,
	 .parse = parse_interval},
	{0, "ports", "SECONDS", "local ports in use, per destination, and when they run out",
	 "seconds above 0, for example 10 or 0.5", .is_optional = true, .is_view = true,
	 .parse = parse_interval},
	{0, "diagnose", "RULES", "what is wrong, in sentences, with hints what to do",
	 "rules, for example close-wait-leak,refused; the man page lists them", .is_optional = true,
	 .is_view = true, .parse = parse_diagnose},

	GROUP("Other outputs"),
	{'Y', "journal", NULL, "also write to the systemd journal", .is_output = true},
	{'o', "record", "FILE", "also record to FILE; - is standard output", "a file name",
	 .parse = parse_record},
	{'q', "quiet", NULL, "print no lines", FLAG(quiet)},

	GROUP("General"),
	{'r', "replay", "FILE", "read a recording instead of tracing; - is standard input",
	 "a file name", .parse = parse_replay},
	{0, "buffer", "SIZE", "size of the ring buffer, for example 16M (default 8M)",
	 "a size from one page to 1G, for example 512K or 16M", .is_live_only = true,
	 .parse = parse_buffer},
	{0, "check", NULL, "say what this kernel and these privileges let it do, and end",
	 .is_view = true, .parse = parse_check},
	{0, "ebpf", NULL, NULL, .parse = parse_ebpf},
	{'v', "verbose", NULL, "report when tracing starts and which features are missing",
	 FLAG(verbose)},
	{'V', "version", NULL, "print the version and exit", .parse = parse_version},
	{'h', "help", NULL, "print this help and exit", .parse = parse_help},
};

#define ROW_COUNT ((int)(sizeof(rows) / sizeof(rows[0])))

_Static_assert(ROW_COUNT <= OPTION_ROWS_MAX, "who reads them all has room for them");

const struct option_row *option_row(int number)
{
	return number >= 0 && number < ROW_COUNT ? &rows[number] : NULL;
}
