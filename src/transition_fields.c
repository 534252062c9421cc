// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a transition. */
#include <string.h>

#include "cause.h"
#include "field.h"
#include "reset.h"
#include "state.h"

#define IPV4_IN_MAPPED 12 /* where the IPv4 address begins in ::ffff:a.b.c.d */

static struct value number(uint64_t number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

static struct value state(unsigned int state)
{
	return (struct value){.kind = VALUE_WORD, .word = state_word(state)};
}

static struct value address(const struct transition *t, const uint8_t *bytes)
{
	if (t->ip == 4)
		return (struct value){.kind = VALUE_IPV4, .address = bytes + IPV4_IN_MAPPED};
	return (struct value){.kind = VALUE_IPV6, .address = bytes};
}

static const struct value unknown = {.kind = VALUE_UNKNOWN};

/* The duration, where that is what is known of it. */
static struct value duration(const struct transition *t, enum transition_flags known)
{
	if (!(t->flags & known))
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = t->duration_ns};
}

/* The duration, marked by what is known of it. */
static struct value duration_marked(const struct transition *t)
{
	struct value value = {.kind = VALUE_MS, .number = t->duration_ns};

	if (t->flags & TRANSITION_DURATION_ABOUT)
		value.kind = VALUE_MS_ABOUT;
	else if (t->flags & TRANSITION_DURATION_AT_LEAST)
		value.kind = VALUE_MS_AT_LEAST;
	else if (!(t->flags & TRANSITION_DURATION_KNOWN))
		value.kind = VALUE_UNKNOWN;
	return value;
}

static bool has_details(const struct transition *t)
{
	return t->flags & TRANSITION_HAS_DETAILS;
}

/* Of which 0 says that it is not known. */
static struct value number_unless_0(uint64_t value)
{
	return value ? number(value) : unknown;
}

static struct value microseconds(uint32_t us)
{
	if (!us)
		return unknown;
	return (struct value){.kind = VALUE_MS, .number = (uint64_t)us * NSEC_PER_USEC};
}

/* A name of ours; NULL: unknown. */
static struct value name(const char *text)
{
	if (!text)
		return unknown;
	return (struct value){.kind = VALUE_NAME, .text = text, .size = strlen(text)};
}

static struct value cgroup_path(const char *path)
{
	if (!*path)
		return unknown;
	return (struct value){.kind = VALUE_TEXT, .text = path, .size = strlen(path)};
}

static struct value owner_from(const struct transition *t)
{
	static const char *const names[] = {
		[OWNER_CONNECT] = "connect", [OWNER_LISTEN] = "listen",
		[OWNER_ACCEPT] = "accept",   [OWNER_INHERITED] = "inherited",
		[OWNER_SCAN] = "scan",       [OWNER_USE] = "use",
		[OWNER_KERNEL] = "kernel",
	};

	return name(t->owner_from < sizeof(names) / sizeof(names[0]) ? names[t->owner_from] : NULL);
}

/* Of a minisock whose end was inferred, nobody knows who was on the CPU. */
static bool has_cpu(const struct transition *t)
{
	return !(t->flags & TRANSITION_OF_MINISOCK) || t->c_comm[0];
}

#define ARGUMENTS const void *row, const struct field_context *context

/* A getter of which the value is an expression of t and context. */
#define GETTER(name, result)                      \
	static struct value get_##name(ARGUMENTS) \
	{                                         \
		const struct transition *t = row; \
                                                  \
		(void)t, (void)context;           \
		return result;                    \
	}

/* The same with a writer, in which the compiler sees which kind of value it is to write. */
#define FIELD(name, result)                                      \
	GETTER(name, result)                                     \
	static char *write_##name(char *place, ARGUMENTS)        \
	{                                                        \
		struct value written = get_##name(row, context); \
                                                                 \
		return value_write(place, &written);             \
	}

/* The same of what version 2 of the record brought. */
#define DETAIL(name, result) FIELD(name, has_details(t) ? (result) : unknown)

FIELD(skaddr, ((struct value){.kind = VALUE_HEX, .number = t->skaddr}))
FIELD(c_pid, has_cpu(t) ? number(t->c_pid) : unknown)
FIELD(ip, number(t->ip))
FIELD(laddr, address(t, t->laddr))
FIELD(lport, number(t->lport))
FIELD(raddr, address(t, t->raddr))
FIELD(rport, number(t->rport))
FIELD(oldstate, state(t->oldstate))
FIELD(newstate, state(t->newstate))
FIELD(ms, duration(t, TRANSITION_DURATION_KNOWN))
FIELD(ms_about, duration(t, TRANSITION_DURATION_ABOUT))
FIELD(ms_at_least, duration(t, TRANSITION_DURATION_AT_LEAST))
FIELD(lasted, duration_marked(t))
/* One that a socket has, and a minisock has forgotten. */
#define OF_SOCKET(name, result) DETAIL(name, !(t->facts & FACT_FOUND) ? (result) : unknown)

DETAIL(pid, number_unless_0(t->pid))
DETAIL(owner_from, owner_from(t))
OF_SOCKET(uid, number(t->uid))
DETAIL(netns, number_unless_0(t->netns))
DETAIL(cgroup_id, number_unless_0(t->cgroup))
DETAIL(cookie, t->cookie ? ((struct value){.kind = VALUE_HEX, .number = t->cookie}) : unknown)
DETAIL(cause, name(cause_row(cause_of(t))->name))
DETAIL(signal, cause_of(t) == CAUSE_SIGNAL ? number(t->signal) : unknown)
DETAIL(reset_reason, name(reset_reason_name(t->reset_reason)))
DETAIL(rtt_ms, microseconds(t->rtt_us))
DETAIL(min_rtt_ms, microseconds(t->min_rtt_us))
OF_SOCKET(retrans, number(t->retrans))
OF_SOCKET(tx_bytes, number(t->tx_bytes))
OF_SOCKET(rx_bytes, number(t->rx_bytes))
OF_SOCKET(cwnd, number(t->cwnd))
OF_SOCKET(mss, number(t->mss))
DETAIL(idle_ms, (t->facts & FACT_IDLE) ? number(t->idle_ms) : unknown)
FIELD(timestamp,
      ((struct value){.kind = VALUE_SECONDS, .elapsed = (int64_t)(t->time_ns - context->first_ns)}))
GETTER(time, ((struct value){.kind = VALUE_WALL,
			     .elapsed = (int64_t)(t->time_ns + (uint64_t)context->wall_offset_ns)}))
GETTER(comm,
       has_details(t) && t->comm[0]
	       ? ((struct value){.kind = VALUE_TEXT, .text = t->comm, .size = sizeof(t->comm)})
	       : unknown)
GETTER(cgroup, cgroup_path(!has_details(t) ? "" : cgroups_find(context->cgroups, t->cgroup)))
GETTER(c_comm, ((struct value){.kind = VALUE_TEXT, .text = t->c_comm, .size = sizeof(t->c_comm)}))

#define WIDTHS(normal, wide) .width = (normal), .wide_width = (wide)
#define IS_DETAIL            .is_detail = true
#define BARE(name)           .class = FIELD_BARE, .get = get_##name, .write = write_##name
#define QUOTED(name)         .class = FIELD_QUOTED, .get = get_##name, .write = write_##name

static const struct field fields[] = {
	{"time", "TIME", "time of the change: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 .class = FIELD_WALL, WIDTHS(8, 8), .get = get_time},
	{"timestamp", "TIME(s)", "seconds since the first change shown", BARE(timestamp),
	 WIDTHS(9, 9)},
	{"skaddr", "SKADDR", "the socket's kernel address: tells sockets apart while they live",
	 QUOTED(skaddr), WIDTHS(16, 16)},
	{"c_pid", "C-PID", "process that was on the CPU", BARE(c_pid), WIDTHS(5, 5)},
	{"c_comm", "C-COMM", "name of the thread that was on the CPU", .class = FIELD_TEXT,
	 .text_size = TRANSITION_COMM_SIZE, WIDTHS(10, 16), .is_cut = true, .get = get_c_comm},
	{"ip", "IP", "address family of the socket: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"lport", "LPORT", "local port", BARE(lport), WIDTHS(5, 5)},
	{"raddr", "RADDR", "remote address", QUOTED(raddr), WIDTHS(15, 39)},
	{"rport", "RPORT", "remote port", BARE(rport), WIDTHS(5, 5)},
	{"oldstate", "OLDSTATE", "state that was left", QUOTED(oldstate), WIDTHS(11, 11)},
	{"newstate", "NEWSTATE", "state that was entered", QUOTED(newstate), WIDTHS(11, 11),
	 .has_arrow = true},
	{"ms", "MS", "time in the state that was left, in milliseconds", BARE(ms), WIDTHS(10, 10)},
	{"ms_about", "MS~", "the same where it is known roughly only", BARE(ms_about),
	 WIDTHS(10, 10), IS_DETAIL},
	{"ms_at_least", "MS>=", "the same where only a lower bound is known", BARE(ms_at_least),
	 WIDTHS(10, 10), IS_DETAIL},
	{"lasted", "LASTED", "all three in one: 1.234, ~1.234 (about), >=1.234 (at least)",
	 QUOTED(lasted), WIDTHS(10, 12), IS_DETAIL, .is_derived = true},
	{"pid", "PID", "the owner: the process whose session it is", BARE(pid), WIDTHS(6, 7),
	 IS_DETAIL},
	{"comm", "COMM", "name of the owner's process", .class = FIELD_TEXT,
	 .text_size = TRANSITION_COMM_SIZE, WIDTHS(10, 16), .is_cut = true, .get = get_comm,
	 IS_DETAIL},
	{"owner_from", "OWNER-FROM",
	 "how the owner is known: connect, listen, accept, inherited (from the listener), scan "
	 "(at the start), use (shut down or closed), kernel",
	 QUOTED(owner_from), WIDTHS(10, 10), IS_DETAIL},
	{"uid", "UID", "the owner's user id", BARE(uid), WIDTHS(5, 5), IS_DETAIL},
	{"netns", "NETNS", "network namespace: its inode number", BARE(netns), WIDTHS(10, 10),
	 IS_DETAIL},
	{"cgroup", "CGROUP", "cgroup2 of the socket's creator: its path", .class = FIELD_TEXT,
	 .text_size = CGROUP_PATH_SIZE, WIDTHS(20, 40), .get = get_cgroup, IS_DETAIL},
	{"cgroup_id", "CGROUP-ID", "the same: its inode number", BARE(cgroup_id), WIDTHS(9, 9),
	 IS_DETAIL},
	{"cookie", "COOKIE", "tells sessions apart for ever; as ss -e shows it", QUOTED(cookie),
	 WIDTHS(8, 8), IS_DETAIL},
	{"tx_bytes", "TX-BYTES", "payload sent, each byte once", BARE(tx_bytes), WIDTHS(9, 12),
	 IS_DETAIL},
	{"rx_bytes", "RX-BYTES", "payload received", BARE(rx_bytes), WIDTHS(9, 12), IS_DETAIL},
	{"rtt_ms", "RTT-MS", "round-trip time, smoothed, in milliseconds", BARE(rtt_ms),
	 WIDTHS(7, 8), IS_DETAIL},
	{"min_rtt_ms", "MIN-RTT", "the least round-trip time of late, in milliseconds",
	 BARE(min_rtt_ms), WIDTHS(7, 8), IS_DETAIL},
	{"retrans", "RETR", "segments sent again, SYN and SYN-ACK too", BARE(retrans), WIDTHS(4, 5),
	 IS_DETAIL},
	{"cwnd", "CWND", "congestion window, in segments", BARE(cwnd), WIDTHS(5, 5), IS_DETAIL},
	{"mss", "MSS", "largest segment sent, in bytes", BARE(mss), WIDTHS(5, 5), IS_DETAIL},
	{"idle_ms", "IDLE-MS", "time since data went in either direction, in milliseconds",
	 BARE(idle_ms), WIDTHS(7, 8), IS_DETAIL},
	{"signal", "SIGNAL", "the signal that ended the process (cause signal)", BARE(signal),
	 WIDTHS(6, 6), IS_DETAIL},
	{"reset_reason", "RESET-REASON", "the kernel's own reason for a reset it sent, since 6.11",
	 QUOTED(reset_reason), WIDTHS(24, 24), IS_DETAIL},
	{"cause", "CAUSE", "why the session changed its state; --help lists the causes",
	 QUOTED(cause), WIDTHS(15, 15), IS_DETAIL},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table transition_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
