// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of --stuck. */
#include "field/field_rows.h"
#include "field/transition_fields.h"
#include "trace/cause.h"
#include "trace/owner.h"
#include "trace/state.h"
#include "view/stuck_hint.h"
#include "view/stuck_row.h"

#define NOTE_SIZE (STUCK_HINT_SIZE + 2 * VALUE_SIZE_MAX)

static struct value text(const char *text, size_t size)
{
	return *text ? (struct value){.kind = VALUE_TEXT, .text = text, .size = size} : unknown;
}

static struct value state(unsigned int state)
{
	return state ? state_value(state) : unknown;
}

static const char *event_name(const struct stuck_row *row)
{
	static const char *const names[] = {
		[STUCK_EVENT_STUCK] = "stuck", [STUCK_EVENT_STILL] = "still",
		[STUCK_EVENT_LEFT] = "left",   [STUCK_EVENT_LOST] = "lost",
		[STUCK_EVENT_COUNT] = "count",
	};

	return names[row->event];
}

/* In seconds, marked as exact, about or at least. */
static struct value age_marked(const struct stuck_row *row)
{
	/* A thousandth of it, written as milliseconds, is the time in seconds. */
	return duration_marked(row->age_ns / 1000, row->age_known);
}

/* For a count: what all its sessions share. */
static const struct transition *transition_of(const struct stuck_row *row)
{
	if (!row->count)
		return row->t;
	return row->count->is_rest ? NULL : &row->count->first;
}

/* What only a session has; NULL for a count. */
static const struct transition *session_of(const struct stuck_row *row)
{
	return row->t;
}

static bool has_details(const struct transition *t)
{
	return t && t->flags & TRANSITION_HAS_DETAILS;
}

static bool has_figures(const struct transition *t)
{
	return has_details(t) && !(t->facts & FACT_FOUND);
}

static bool has_queues(const struct transition *t)
{
	return has_details(t) && t->facts & FACT_QUEUES;
}

/* A stalled session that goes on has not changed its state. */
static bool has_changed(const struct stuck_row *row)
{
	return row->event == STUCK_EVENT_LEFT && !transition_is_snapshot(row->t);
}

static bool is_here(const struct stuck_row *row)
{
	return row->event == STUCK_EVENT_STUCK || row->event == STUCK_EVENT_STILL;
}

static struct value lport(const struct stuck_row *row)
{
	if (row->count && !row->count->has_lport)
		return unknown;
	return number_unless_0(transition_of(row)->lport);
}

static struct value rport(const struct stuck_row *row)
{
	if (row->count && !row->count->has_rport)
		return unknown;
	return number(transition_of(row)->rport);
}

/*
 * Of a count: only if none of its sessions has been accepted. One that is lost may have been, since
 * it was last seen.
 */
static enum accepted accepted(const struct stuck_row *row)
{
	enum accepted accepted;

	if (row->count)
		return !row->count->is_rest && row->count->unaccepted == row->count->total
			       ? ACCEPTED_NO
			       : ACCEPTED_UNKNOWN;
	accepted = stuck_accepted(row->t, row->state);
	return row->event == STUCK_EVENT_LOST && accepted == ACCEPTED_NO ? ACCEPTED_UNKNOWN
									 : accepted;
}

#define GETTER(name, result) DEFINE_GETTER(static, stuck_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* The same for an expression of t: of a session, or shared by all sessions of a count. */
#define SHARED(name, result)                                              \
	static struct value get_shared_##name(const struct transition *t) \
	{                                                                 \
		return t ? (result) : unknown;                            \
	}                                                                 \
	FIELD(name, get_shared_##name(transition_of(row)))

/* Only for a session. */
#define OWN(name, result)                                              \
	static struct value get_own_##name(const struct transition *t) \
	{                                                              \
		return t ? (result) : unknown;                         \
	}                                                              \
	FIELD(name, get_own_##name(session_of(row)))

FIELD(time,
      ((struct value){.kind = VALUE_WALL,
		      .elapsed = (int64_t)(row->time_ns + (uint64_t)context->wall_offset_ns)}))
FIELD(timestamp, ((struct value){.kind = VALUE_SECONDS,
				 .elapsed = (int64_t)(row->time_ns - context->first_ns)}))
FIELD(event, name(event_name(row)))
FIELD(state, state(row->state))
FIELD(ms, duration_if(row->age_ns, row->age_known, TRANSITION_DURATION_KNOWN))
FIELD(ms_about, duration_if(row->age_ns, row->age_known, TRANSITION_DURATION_ABOUT))
FIELD(ms_at_least, duration_if(row->age_ns, row->age_known, TRANSITION_DURATION_AT_LEAST))
FIELD(age, age_marked(row))
FIELD(count, row->count ? number(row->count->total) : unknown)
FIELD(now, row->count ? number(row->count->now) : unknown)
SHARED(pid, has_details(t) ? number_unless_0(t->pid) : unknown)
FIELD(comm, has_details(transition_of(row))
		    ? text(transition_of(row)->comm, sizeof(transition_of(row)->comm))
		    : unknown)
FIELD(owner, transition_of(row) ? owner_value(transition_of(row), accepted(row), context) : unknown)
FIELD(accepted, name(accepted_name(accepted(row))))
OWN(owner_from, has_details(t) ? name(owner_from_name(t->owner_from)) : unknown)
OWN(uid, has_figures(t) ? number(t->uid) : unknown)
OWN(netns, has_details(t) ? number_unless_0(t->netns) : unknown)
FIELD(cgroup, has_details(row->t)
		      ? text(cgroups_find(context->cgroups, row->t->cgroup), CGROUP_PATH_SIZE)
		      : unknown)
OWN(skaddr, hex_unless_0(t->skaddr))
OWN(cookie, has_details(t) ? hex_unless_0(t->cookie) : unknown)
SHARED(ip, number(t->ip))
OWN(laddr, address_value(t->ip, t->laddr))
FIELD(lport, transition_of(row) ? lport(row) : unknown)
SHARED(raddr, address_value(t->ip, t->raddr))
FIELD(rport, transition_of(row) ? rport(row) : unknown)
OWN(tx_queue, has_queues(t) ? number(t->tx_queue) : unknown)
OWN(rx_queue, has_queues(t) ? number(t->rx_queue) : unknown)
OWN(retrans, has_figures(t) ? number(t->retrans) : unknown)
OWN(tx_bytes, has_figures(t) ? number(t->tx_bytes) : unknown)
OWN(rx_bytes, has_figures(t) ? number(t->rx_bytes) : unknown)
FIELD(limit, name(row->is_stall ? "stalled" : "state"))
FIELD(newstate, has_changed(row) ? state(row->t->newstate) : unknown)
FIELD(cause, has_changed(row) ? name(cause_row(cause_of(row->t))->name) : unknown)
GETTER(hint, is_here(row) ? name(stuck_hint(row->t)) : unknown)

/* Not the default writer: hints are longer than values. */
static char *write_hint(char *place, FIELD_ARGUMENTS)
{
	struct value hint = get_hint(data, context);

	return hint.kind == VALUE_NAME ? (char *)mempcpy(place, hint.text, hint.size) : place;
}

static char *write_left(char *place, const struct stuck_row *row)
{
	const struct transition *t = row->t;
	const char *cause = cause_row(cause_of(t))->name;

	if (transition_is_snapshot(t))
		return stpcpy(place, "goes on: the peer has acknowledged data");
	place = stpcpy(place, "entered ");
	place = value_write_word(place, state_word(t->newstate));
	return cause ? stpcpy(stpcpy(place, ": "), cause) : place;
}

static char *write_tally(char *place, const struct stuck_count *count)
{
	if (count->is_stall)
		place = stpcpy(place, "stalled: ");
	place = stpcpy(number_write(place, count->total), " in total; ");
	return stpcpy(number_write(place, count->now), " at the end");
}

/* A note for people, by kind of row. */
static char *write_note(char *place, FIELD_ARGUMENTS)
{
	const struct stuck_row *row = data;

	switch ((enum stuck_event)row->event) {
	case STUCK_EVENT_STUCK:
	case STUCK_EVENT_STILL:
		return write_hint(place, row, context);
	case STUCK_EVENT_LEFT:
		return write_left(place, row);
	case STUCK_EVENT_LOST:
		return stpcpy(place, "its end was not seen");
	case STUCK_EVENT_COUNT:
		return write_tally(place, row->count);
	}
	return place;
}

/* Not used: write_note() writes the field. */
GETTER(note, unknown)

static const struct field fields[] = {
	{"time", "TIME", "time of the line: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WALL(time), WIDTHS(8, 8)},
	{"timestamp", "TIME(s)", "seconds since the first line", BARE(timestamp), WIDTHS(9, 9)},
	{"event", "EVENT",
	 "stuck (limit exceeded), still (twice, four times, ... the limit), left, lost (its end "
	 "was not seen), count (at the end)",
	 QUOTED(event), WIDTHS(5, 5)},
	{"limit", "LIMIT", "limit that was exceeded: state, or stalled (no progress)",
	 QUOTED(limit), WIDTHS(7, 7)},
	{"state", "STATE", "state in which it is stuck", QUOTED(state), WIDTHS(11, 11)},
	{"ms", "MS", "time in that state (so far or total), in milliseconds", BARE(ms),
	 WIDTHS(12, 12)},
	{"ms_about", "MS~", "the same if only an approximate value is known", BARE(ms_about),
	 WIDTHS(12, 12)},
	{"ms_at_least", "MS>=", "the same if only a lower bound is known", BARE(ms_at_least),
	 WIDTHS(12, 12)},
	{"age", "AGE(s)",
	 "these three combined, in seconds: 61.234, ~61.234 (about), >=61.234 (at least)",
	 QUOTED(age), WIDTHS(10, 12), .is_derived = true},
	{"count", "COUNT", "in count lines: sessions that were stuck in that state", BARE(count),
	 WIDTHS(7, 7)},
	{"now", "NOW", "in count lines: sessions that are still stuck", BARE(now), WIDTHS(7, 7)},
	{"pid", "PID", "process ID of the owner", BARE(pid), WIDTHS(6, 7)},
	{"comm", "COMM", "process name of the owner", TEXT(comm, TRANSITION_COMM_SIZE),
	 WIDTHS(10, 16), .is_cut = true},
	{"owner", "OWNER",
	 "the same, with ! before it if no process has accepted the session, else with ~ if it is "
	 "a guess",
	 TEXT(owner, OWNER_TEXT_SIZE), WIDTHS(11, 17), .is_cut = true, .is_derived = true},
	{"owner_from", "OWNER-FROM",
	 "how the owner is known: holder (it has the socket open), shared (one of several that "
	 "have), or as in --fields help of lines",
	 QUOTED(owner_from), WIDTHS(10, 10)},
	{"accepted", "ACCEPTED",
	 "false: no process has accepted the session, and the owner is the listener's; true: a "
	 "process has its socket, or had it",
	 BARE(accepted), WIDTHS(8, 8)},
	{"uid", "UID", "user ID of the socket's owner", BARE(uid), WIDTHS(5, 5)},
	{"netns", "NETNS", "network namespace: inode number", BARE(netns), WIDTHS(10, 10)},
	{"cgroup", "CGROUP", "cgroup2 of the socket's creator: path",
	 TEXT(cgroup, CGROUP_PATH_SIZE), WIDTHS(20, 40)},
	{"skaddr", "SKADDR", "kernel address of the socket: unique while the socket exists",
	 QUOTED(skaddr), WIDTHS(16, 16)},
	{"cookie", "COOKIE", "unique ID of the socket, never reused; the cookie of ss -e",
	 QUOTED(cookie), WIDTHS(8, 8)},
	{"ip", "IP", "address family of the socket: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"lport", "LPORT", "local port; in count lines only if all sessions share it", BARE(lport),
	 WIDTHS(5, 5)},
	{"raddr", "RADDR", "remote address", QUOTED(raddr), WIDTHS(15, 39)},
	{"rport", "RPORT", "remote port; in count lines only if all sessions share it", BARE(rport),
	 WIDTHS(5, 5)},
	{"tx_queue", "TX-QUEUE", "payload bytes that the peer has not acknowledged", BARE(tx_queue),
	 WIDTHS(8, 8)},
	{"rx_queue", "RX-QUEUE", "received payload bytes that no process has read", BARE(rx_queue),
	 WIDTHS(8, 8)},
	{"retrans", "RETR", "retransmitted segments, including SYN and SYN-ACK", BARE(retrans),
	 WIDTHS(4, 5)},
	{"tx_bytes", "TX-BYTES", "payload bytes sent, not counting retransmissions", BARE(tx_bytes),
	 WIDTHS(9, 12)},
	{"rx_bytes", "RX-BYTES", "payload bytes received", BARE(rx_bytes), WIDTHS(9, 12)},
	{"newstate", "NEWSTATE", "state that it entered next", QUOTED(newstate), WIDTHS(11, 11)},
	{"cause", "CAUSE", "why it left the state; --help lists the causes", QUOTED(cause),
	 WIDTHS(15, 15)},
	{"hint", "HINT", "usual reason why a session stays in this state", QUOTED(hint),
	 .text_size = STUCK_HINT_SIZE, WIDTHS(64, 64)},
	{"note", "NOTE", "the hint, the next state and its cause, or the counts", QUOTED(note),
	 .text_size = NOTE_SIZE, WIDTHS(64, 64), .is_derived = true},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table stuck_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
