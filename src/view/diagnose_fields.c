// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of --diagnose. */
#include <string.h>

#include "field/field_rows.h"
#include "view/diagnose_row.h"

#define NAME_SIZE 24 /* of a rule */
#define HINT_SIZE 160
/* Cookies with commas between them. */
#define SAMPLE_SIZE (CASE_SAMPLES_MAX * 20 + 2)

static const char *severity_name(const struct finding_row *row)
{
	static const char *const names[] = {[SEVERITY_ERROR] = "error",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_NOTE] = "note",
					    [SEVERITY_OK] = "ok"};

	return names[row->severity];
}

static const char *event_name(const struct finding_row *row)
{
	static const char *const names[] = {[FINDING_FOUND] = "found",
					    [FINDING_GREW] = "grew",
					    [FINDING_TOTAL] = "total",
					    [FINDING_NONE] = "none"};

	return names[row->event];
}

static const char *role_name(const struct finding_row *row)
{
	return row->group ? session_role_name(row->group->role) : NULL;
}

static struct value text(const char *text, size_t size)
{
	return *text ? (struct value){.kind = VALUE_TEXT, .text = text, .size = strnlen(text, size)}
		     : unknown;
}

static struct value wall(uint64_t time_ns, const struct field_context *context)
{
	return (struct value){.kind = VALUE_WALL,
			      .elapsed = (int64_t)(time_ns + (uint64_t)context->wall_offset_ns)};
}

/* What is neither a session nor a listener may be of any user. */
static bool has_uid(const struct finding_row *row)
{
	return row->group && *row->group->comm &&
	       (!(row->rule->ends & RULE_NO_SESSION) || row->group->role == SESSION_SERVER);
}

#define GETTER(name, result) DEFINE_GETTER(static, finding_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

FIELD(time, wall(row->time_ns, context))
FIELD(timestamp, ((struct value){.kind = VALUE_SECONDS,
				 .elapsed = (int64_t)(row->time_ns - context->first_ns)}))
FIELD(event, name(event_name(row)))
FIELD(severity, name(severity_name(row)))
FIELD(rule, name(row->rule ? row->rule->name : NULL))
FIELD(comm, row->group ? text(row->group->comm, sizeof(row->group->comm)) : unknown)
FIELD(uid, has_uid(row) ? number(row->group->uid) : unknown)
FIELD(role, name(role_name(row)))
FIELD(ip, row->group ? number(row->group->ip) : unknown)
FIELD(raddr, row->group && row->group->role != SESSION_SERVER
		     ? address_value(row->group->ip, row->group->raddr)
		     : unknown)
FIELD(port, row->group ? number_unless_0(row->group->port) : unknown)
FIELD(count, row->cases ? number(row->cases->count) : unknown)
FIELD(of, row->group ? number_unless_0(row->group->sessions) : unknown)
FIELD(at_least, name(row->is_least ? "true" : "false"))
FIELD(first, row->cases ? wall(row->cases->first_ns, context) : unknown)
FIELD(last, row->cases ? wall(row->cases->last_ns, context) : unknown)
FIELD(text, text(row->text, sizeof(row->text)))
FIELD(hint, row->rule ? text(row->rule->hint, HINT_SIZE) : unknown)
FIELD(command, text(row->command, sizeof(row->command)))
GETTER(sample, unknown)

/* Cookies as in --sessions: hexadecimal. */
static char *write_sample(char *place, FIELD_ARGUMENTS)
{
	const struct finding_row *row = data;
	const char *start = place;

	(void)context;
	for (int i = 0; row->cases && i < CASE_SAMPLES_MAX && row->cases->cookies[i]; i++) {
		if (place != start)
			*place++ = ',';
		place = number_write_hex(place, row->cases->cookies[i]);
	}
	return place;
}

static const struct field fields[] = {
	{"time", "TIME", "time of the row: HH:MM:SS, local time; in JSON RFC 3339, UTC", WALL(time),
	 WIDTHS(8, 8)},
	{"timestamp", "TIME(s)", "seconds since the first row", BARE(timestamp), WIDTHS(9, 9)},
	{"event", "EVENT",
	 "found (a rule holds), grew (twice as many cases), total (at the end), none (at the end: "
	 "the rules that found nothing)",
	 QUOTED(event), WIDTHS(5, 5)},
	{"severity", "SEVERITY", "error, warning, note; ok in the last row", QUOTED(severity),
	 WIDTHS(8, 8)},
	{"rule", "RULE", "name of the rule", QUOTED(rule), WIDTHS(19, 19)},
	{"comm", "COMM", "process name of the owner", TEXT(comm, TRANSITION_COMM_SIZE),
	 WIDTHS(10, 16), .is_cut = true},
	{"uid", "UID", "user ID of the sockets' owner", BARE(uid), WIDTHS(5, 5)},
	{"role", "ROLE", "client or server", QUOTED(role), WIDTHS(6, 6)},
	{"ip", "IP", "address family of the sockets: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"raddr", "RADDR", "remote address, except for a server", QUOTED(raddr), WIDTHS(15, 39)},
	{"port", "PORT", "remote port of a client, local port of a server", BARE(port),
	 WIDTHS(5, 5)},
	{"count", "COUNT",
	 "sessions that are cases of the rule; of port-pressure and port-scan, ports; of "
	 "backlog-full, packets",
	 BARE(count), WIDTHS(7, 7)},
	{"of", "OF", "sessions of that owner, role, peer and port that were judged", BARE(of),
	 WIDTHS(7, 7)},
	{"at_least", "LEAST",
	 "true: there may be more cases: transitions were lost, or not all is known",
	 BARE(at_least), WIDTHS(5, 5)},
	{"first", "FIRST", "time of the first case", WALL(first), WIDTHS(8, 8)},
	{"last", "LAST", "time of the last case", WALL(last), WIDTHS(8, 8)},
	{"text", "FINDING", "what was found, as a sentence", TEXT(text, FINDING_TEXT_SIZE),
	 WIDTHS(40, 40)},
	{"hint", "HINT", "what to do", TEXT(hint, HINT_SIZE), WIDTHS(40, 40)},
	{"command", "COMMAND", "shows the sessions behind it", TEXT(command, FINDING_COMMAND_SIZE),
	 WIDTHS(40, 40)},
	{"sample", "SAMPLE",
	 "cookies of up to three of the sessions, or of the listener, separated by commas",
	 QUOTED(sample), .text_size = SAMPLE_SIZE, WIDTHS(20, 20)},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table diagnose_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
