// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a session: those of its newest transition, and those derived from its path. */
#include <string.h>

#include "field/field_rows.h"
#include "field/transition_fields.h"
#include "trace/reset.h"
#include "trace/state.h"
#include "view/session_row.h"

/* Room for the longest path, as JSON. */
#define STATE_JSON_SIZE 176
#define PATH_SIZE       ((SESSION_STEPS_MAX + 2) * STATE_JSON_SIZE)

static struct value wall(uint64_t time_ns, const struct field_context *context)
{
	return (struct value){.kind = VALUE_WALL,
			      .elapsed = (int64_t)(time_ns + (uint64_t)context->wall_offset_ns)};
}

static struct value timestamp(const struct session *session, const struct field_context *context)
{
	if (!session->is_begun)
		return unknown;
	return (struct value){.kind = VALUE_SECONDS,
			      .elapsed = (int64_t)(session->first_ns - context->first_ns)};
}

static struct value status(const struct session_row *r)
{
	static const char *const names[] = {
		[SESSION_ENDED] = "ended", [SESSION_OPEN] = "open", [SESSION_LOST] = "lost"};

	return name(names[r->status]);
}

/* When the first end closed, or of an open session so far. */
static struct value idle(const struct session_row *r)
{
	if (r->session->has_idle)
		return number(r->session->idle_ms);
	return !r->session->has_closed && transition_is_at_end(&r->last) &&
			       r->last.facts & FACT_IDLE
		       ? number(r->last.idle_ms)
		       : unknown;
}

/* A getter that returns an expression of r, its session s, and context. */
#define GETTER(name, result)                            \
	static struct value get_##name(FIELD_ARGUMENTS) \
	{                                               \
		const struct session_row *r = data;     \
		const struct session *s = r->session;   \
                                                        \
		(void)s, (void)context;                 \
		return result;                          \
	}

#define FIELD(name, result) GETTER(name, result) DEFINE_WRITER(static, name)

/* A duration as fields: exact, about, at least, and the three combined. */
#define TIME_FIELDS(exact, about, at_least, marked, member)                                       \
	FIELD(exact, duration_if(r->member.ns, r->member.flags, TRANSITION_DURATION_KNOWN))       \
	FIELD(about, duration_if(r->member.ns, r->member.flags, TRANSITION_DURATION_ABOUT))       \
	FIELD(at_least, duration_if(r->member.ns, r->member.flags, TRANSITION_DURATION_AT_LEAST)) \
	FIELD(marked, duration_marked(r->member.ns, r->member.flags))

FIELD(time, s->is_begun ? wall(s->first_ns, context) : unknown)
FIELD(end, r->status == SESSION_ENDED ? wall(r->last.time_ns, context) : unknown)
FIELD(timestamp, timestamp(s, context))
FIELD(status, status(r))
FIELD(partial, name(s->is_partial ? "true" : "false"))
FIELD(role, name(session_role_name(s->role)))
FIELD(state, state_value(r->last.newstate))
TIME_FIELDS(ms, ms_about, ms_at_least, lasted, total)
TIME_FIELDS(life_ms, life_ms_about, life_ms_at_least, life, life)
TIME_FIELDS(handshake_ms, handshake_ms_about, handshake_ms_at_least, handshake, handshake)
TIME_FIELDS(time_wait_ms, time_wait_ms_about, time_wait_ms_at_least, time_wait, time_wait)
/* A session has a port, even if it is not known. */
FIELD(session_lport, number_unless_0(r->last.lport))

/* A figure of the last transition, if it is the session's last one. */
#define FIGURE(name) \
	FIELD(session_##name, r->has_figures ? get_transition_##name(r, context) : unknown)

FIGURE(tx_bytes)
FIGURE(rx_bytes)
FIGURE(rtt_ms)
FIGURE(min_rtt_ms)
FIGURE(retrans)
FIGURE(cwnd)
FIGURE(mss)
FIGURE(segs_out)
FIELD(idle_ms, idle(r))
FIELD(signal, number_unless_0(s->signal))
FIELD(reset_reason, name(reset_reason_name(s->reset_reason)))
FIELD(session_owner, owner_value(&r->last, r->accepted, context))
FIELD(session_accepted, name(accepted_name(r->accepted)))
FIELD(closed_by, name(session_closer_name(r->closer)))
FIELD(cause, name(cause_row(r->cause)->name))
FIELD(end_cause, r->status == SESSION_ENDED ? name(cause_row(s->cause)->name) : unknown)

static char *write_text(char *place, const char *text)
{
	return stpcpy(place, text);
}

/* STATE=ms (exact), STATE~ms (about), STATE>=ms (at least), or STATE (not known). */
static char *write_step(char *place, const struct session_step *step)
{
	struct session_time time = {step->duration_ns, step->flags};
	struct value lasted = duration_marked(time.ns, time.flags);

	place = write_text(place, state_word(step->state)->text);
	if (lasted.kind == VALUE_MS)
		*place++ = '=';
	return value_write(place, &lasted, NULL);
}

/* The states in order, separated by spaces; ? is a part that was not seen. */
static char *write_path(char *place, const void *row, const struct field_context *context)
{
	const struct session_row *r = row;
	char *begin = place;

	(void)context;
	for (int i = 0; i < r->path_count; i++) {
		if (r->path[i].follows_gap)
			place = write_text(place, "? ");
		place = write_step(place, &r->path[i]);
		*place++ = ' ';
	}
	if (r->status == SESSION_LOST)
		return write_text(place, "?");
	return place > begin ? place - 1 : place;
}

static char *write_json_time(char *place, const char *key, const struct session_step *step,
			     enum transition_flags known)
{
	place = write_text(place, key);
	if (!(step->flags & known))
		return write_text(place, "null");
	return number_write_thousandths(place, step->duration_ns / NSEC_PER_USEC);
}

static char *write_json_step(char *place, const struct session_step *step)
{
	const char *cause = cause_row(step->cause)->name;

	place = write_text(write_text(place, "{\"state\":\""), state_word(step->state)->text);
	place = write_json_time(place, "\",\"ms\":", step, TRANSITION_DURATION_KNOWN);
	place = write_json_time(place, ",\"ms_about\":", step, TRANSITION_DURATION_ABOUT);
	place = write_json_time(place, ",\"ms_at_least\":", step, TRANSITION_DURATION_AT_LEAST);
	place = write_text(place, cause ? ",\"cause\":\"" : ",\"cause\":null");
	return cause ? write_text(write_text(place, cause), "\"}") : write_text(place, "}");
}

/* An array of objects; null is a part that was not seen. */
static char *write_path_json(char *place, const void *row, const struct field_context *context)
{
	const struct session_row *r = row;

	(void)context;
	*place++ = '[';
	for (int i = 0; i < r->path_count; i++) {
		if (i)
			*place++ = ',';
		if (r->path[i].follows_gap)
			place = write_text(place, "null,");
		place = write_json_step(place, &r->path[i]);
	}
	return write_text(place, r->status == SESSION_LOST ? ",null]" : "]");
}

static const struct field fields[] = {
	{"time", "TIME", "start of the session: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WALL(time), WIDTHS(8, 8)},
	{"end", "END", "end of the session, in the same format", WALL(end), WIDTHS(8, 8)},
	{"timestamp", "TIME(s)",
	 "start of the session: seconds after the start of the first one printed", BARE(timestamp),
	 WIDTHS(9, 9)},
	{"status", "STATUS", "ended, open (not ended yet) or lost (its end was not seen)",
	 QUOTED(status), WIDTHS(6, 6)},
	{"partial", "PARTIAL", "whether a part of the session was not seen: true or false",
	 BARE(partial), WIDTHS(7, 7)},
	{"role", "ROLE", "role of this end: client or server", QUOTED(role), WIDTHS(6, 6)},
	{"state", "STATE", "current state; CLOSE or TIME_WAIT if it has ended", QUOTED(state),
	 WIDTHS(11, 11)},
	TRANSITION_ROWS_OF_OWNER(session),
	TRANSITION_ROW_SKADDR,
	TRANSITION_ROWS_OF_ENDS(session_lport),
	{"ms", "MS", "time from start to end, in milliseconds", BARE(ms), WIDTHS(10, 10)},
	{"ms_about", "MS~", "the same if only an approximate value is known", BARE(ms_about),
	 WIDTHS(10, 10)},
	{"ms_at_least", "MS>=", "the same if only a lower bound is known", BARE(ms_at_least),
	 WIDTHS(10, 10)},
	{"lasted", "LASTED", "these three combined: 1.234, ~1.234 (about), >=1.234 (at least)",
	 QUOTED(lasted), WIDTHS(11, 12), .is_derived = true},
	{"life_ms", "LIFE-MS", "time from start to end without TIME_WAIT, in milliseconds",
	 BARE(life_ms), WIDTHS(10, 10)},
	{"life_ms_about", "LIFE-MS~", "the same if only an approximate value is known",
	 BARE(life_ms_about), WIDTHS(10, 10)},
	{"life_ms_at_least", "LIFE-MS>=", "the same if only a lower bound is known",
	 BARE(life_ms_at_least), WIDTHS(10, 10)},
	{"life", "LIFE", "these three combined", QUOTED(life), WIDTHS(11, 12), .is_derived = true},
	{"handshake_ms", "HANDSHAKE-MS",
	 "time in SYN_SENT (client) or SYN_RECV (server) until it was established, in milliseconds",
	 BARE(handshake_ms), WIDTHS(12, 12)},
	{"handshake_ms_about", "HANDSHAKE-MS~", "the same if only an approximate value is known",
	 BARE(handshake_ms_about), WIDTHS(13, 13)},
	{"handshake_ms_at_least", "HANDSHAKE-MS>=", "the same if only a lower bound is known",
	 BARE(handshake_ms_at_least), WIDTHS(14, 14)},
	{"handshake", "HANDSHAKE", "these three combined", QUOTED(handshake), WIDTHS(9, 9),
	 .is_derived = true},
	{"time_wait_ms", "TIME-WAIT-MS", "time in TIME_WAIT, in milliseconds; with --minisocks",
	 BARE(time_wait_ms), WIDTHS(12, 12)},
	{"time_wait_ms_about", "TIME-WAIT-MS~", "the same if only an approximate value is known",
	 BARE(time_wait_ms_about), WIDTHS(13, 13)},
	{"time_wait_ms_at_least", "TIME-WAIT-MS>=", "the same if only a lower bound is known",
	 BARE(time_wait_ms_at_least), WIDTHS(14, 14)},
	{"time_wait", "TIME-WAIT", "these three combined", QUOTED(time_wait), WIDTHS(11, 11),
	 .is_derived = true},
	TRANSITION_ROWS_OF_FIGURES(session),
	{"idle_ms", "IDLE-MS",
	 "time since the last data in either direction when the first end closed, or so far, in "
	 "milliseconds",
	 BARE(idle_ms), WIDTHS(7, 8)},
	{"signal", "SIGNAL", "signal that ended the owner's process (cause signal)", BARE(signal),
	 WIDTHS(6, 6)},
	{"reset_reason", "RESET-REASON",
	 "the kernel's reason for a reset that it sent; needs Linux 6.10", QUOTED(reset_reason),
	 WIDTHS(24, 24)},
	{"closed_by", "CLOSED",
	 "which end closed first: local, peer or none (the peer could not be reached)",
	 QUOTED(closed_by), WIDTHS(6, 6)},
	{"cause", "CAUSE",
	 "why it closed: what aborted it, or why the first end closed; --help lists the causes",
	 QUOTED(cause), WIDTHS(15, 15)},
	{"end_cause", "END-CAUSE", "why its last state ended", QUOTED(end_cause), WIDTHS(15, 15)},
	{"path", "PATH", "states in order, with the time in each; ? is a part that was not seen",
	 .class = FIELD_BARE, .text_size = PATH_SIZE, WIDTHS(60, 60), .write = write_path,
	 .write_json = write_path_json},
	{"segs_out", "SEGS-OUT",
	 "segments sent, including those without payload; only with --fields",
	 BARE(session_segs_out), WIDTHS(8, 8), .is_on_request = true},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table session_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
