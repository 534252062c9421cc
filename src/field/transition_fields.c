// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a transition. */
#include <string.h>

#include "field/field_rows.h"
#include "field/transition_fields.h"
#include "trace/cause.h"
#include "trace/owner.h"
#include "trace/reset.h"
#include "trace/state.h"

/* size is an upper bound: the writer looks for the NUL, 16 bytes at a time. */
static struct value cgroup_path(const char *path)
{
	if (!*path)
		return unknown;
	return (struct value){.kind = VALUE_TEXT, .text = path, .size = CGROUP_PATH_SIZE};
}

/* If the end of a minisock was inferred, the process on the CPU is not known. */
static bool has_cpu(const struct transition *t)
{
	return !transition_is_of_minisock(t) || t->c_comm[0];
}

/* Getter and writer for an expression of t and context. */
#define DEFINE_FIELD(scope, name, result)                 \
	DEFINE_GETTER(scope, transition, t, name, result) \
	DEFINE_WRITER(scope, name)

#define FIELD(name, result) DEFINE_FIELD(static, name, result)
/* Also used in tables of other rows: declared in transition_fields.h. */
#define SHARED(name, result) DEFINE_FIELD(, transition_##name, result)

/* Known only if the record has details (version 2). */
#define DETAIL(name, result)        FIELD(name, transition_has_details(t) ? (result) : unknown)
#define SHARED_DETAIL(name, result) SHARED(name, transition_has_details(t) ? (result) : unknown)
/* Members that a socket has, but a minisock older than the trace has not. */
#define SHARED_OF_SOCKET(name, result) \
	SHARED_DETAIL(name, !transition_is_found(t) ? (result) : unknown)

/* A minisock older than the trace: its socket is gone, and its address is not known. */
SHARED(skaddr, hex_unless_0(t->skaddr))
FIELD(c_pid, has_cpu(t) ? number(t->c_pid) : unknown)
SHARED(ip, number(t->ip))
SHARED(laddr, address_value(t->ip, t->laddr))
SHARED(lport, number(t->lport))
SHARED(raddr, address_value(t->ip, t->raddr))
SHARED(rport, number(t->rport))
FIELD(oldstate, state_value(t->oldstate))
FIELD(newstate, state_value(t->newstate))
FIELD(ms, duration_if(t->duration_ns, t->flags, TRANSITION_DURATION_KNOWN))
FIELD(ms_about, duration_if(t->duration_ns, t->flags, TRANSITION_DURATION_ABOUT))
FIELD(ms_at_least, duration_if(t->duration_ns, t->flags, TRANSITION_DURATION_AT_LEAST))
FIELD(lasted, duration_marked(t->duration_ns, t->flags))
SHARED_DETAIL(pid, number_unless_0(t->pid))
SHARED_DETAIL(owner_from, name(owner_from_name(t->owner_from)))
DETAIL(transition_accepted, name(accepted_name(accepted_of(t))))
DETAIL(transition_owner, owner_value(t, accepted_of(t), context))
SHARED_OF_SOCKET(uid, number(t->uid))
SHARED_DETAIL(netns, number_unless_0(t->netns))
SHARED_DETAIL(cgroup_id, number_unless_0(t->cgroup))
SHARED_DETAIL(cookie, hex_unless_0(t->cookie))
DETAIL(cause, name(cause_row(cause_of(t))->name))
DETAIL(signal, cause_of(t) == CAUSE_SIGNAL ? number(t->signal) : unknown)
DETAIL(reset_reason, name(reset_reason_name(t->reset_reason)))
SHARED_DETAIL(rtt_ms, microseconds(t->rtt_us))
SHARED_DETAIL(min_rtt_ms, microseconds(t->min_rtt_us))
SHARED_OF_SOCKET(retrans, number(t->retrans))
SHARED_OF_SOCKET(tx_bytes, number(t->tx_bytes))
SHARED_OF_SOCKET(rx_bytes, number(t->rx_bytes))
/* Never 0 in a socket; a request socket has neither. */
SHARED_OF_SOCKET(cwnd, number_unless_0(t->cwnd))
SHARED_OF_SOCKET(mss, number_unless_0(t->mss))
SHARED_DETAIL(tx_queue, (t->facts & FACT_QUEUES) ? number(t->tx_queue) : unknown)
SHARED_DETAIL(rx_queue, (t->facts & FACT_QUEUES) ? number(t->rx_queue) : unknown)
DETAIL(idle_ms, (t->facts & FACT_IDLE) ? number(t->idle_ms) : unknown)
DETAIL(isn_local, (t->known & TRANSITION_KNOWN_ISN) ? number(t->isn_local) : unknown)
DETAIL(isn_remote, (t->known & TRANSITION_KNOWN_ISN) ? number(t->isn_remote) : unknown)
SHARED_DETAIL(segs_out, (t->known & TRANSITION_KNOWN_SEGS_OUT) ? number(t->segs_out) : unknown)
DETAIL(icmp_type, number_unless_0(t->icmp_type))
DETAIL(icmp_code, t->icmp_type ? number(t->icmp_code) : unknown)
FIELD(timestamp,
      ((struct value){.kind = VALUE_SECONDS, .elapsed = (int64_t)(t->time_ns - context->first_ns)}))
FIELD(time, ((struct value){.kind = VALUE_WALL,
			    .elapsed = (int64_t)(t->time_ns + (uint64_t)context->wall_offset_ns)}))
SHARED(comm,
       transition_has_details(t) && t->comm[0]
	       ? ((struct value){.kind = VALUE_TEXT, .text = t->comm, .size = sizeof(t->comm)})
	       : unknown)
SHARED(cgroup,
       cgroup_path(!transition_has_details(t) ? "" : cgroups_find(context->cgroups, t->cgroup)))
FIELD(c_comm,
      has_cpu(t)
	      ? ((struct value){.kind = VALUE_TEXT, .text = t->c_comm, .size = sizeof(t->c_comm)})
	      : unknown)

static const struct field fields[] = {
	{"time", "TIME", "time of the state change: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WALL(time), WIDTHS(8, 8)},
	{"timestamp", "TIME(s)", "seconds since the first line", BARE(timestamp), WIDTHS(9, 9)},
	TRANSITION_ROW_SKADDR,
	{"c_pid", "C-PID", "process that was on the CPU", BARE(c_pid), WIDTHS(5, 5)},
	{"c_comm", "C-COMM", "name of the thread that was on the CPU",
	 TEXT(c_comm, TRANSITION_COMM_SIZE), WIDTHS(10, 16), .is_cut = true},
	TRANSITION_ROWS_OF_ENDS(transition_lport),
	{"oldstate", "OLDSTATE", "old state", QUOTED(oldstate), WIDTHS(11, 11)},
	{"newstate", "NEWSTATE", "new state", QUOTED(newstate), WIDTHS(11, 11), .has_arrow = true},
	{"ms", "MS", "time spent in the old state, in milliseconds", BARE(ms), WIDTHS(10, 10)},
	{"ms_about", "MS~", "the same if only an approximate value is known", BARE(ms_about),
	 WIDTHS(10, 10), IS_DETAIL},
	{"ms_at_least", "MS>=", "the same if only a lower bound is known", BARE(ms_at_least),
	 WIDTHS(10, 10), IS_DETAIL},
	{"lasted", "LASTED", "these three combined: 1.234, ~1.234 (about), >=1.234 (at least)",
	 QUOTED(lasted), WIDTHS(10, 12), IS_DETAIL, .is_derived = true},
	TRANSITION_ROWS_OF_OWNER(transition),
	TRANSITION_ROWS_OF_FIGURES(transition),
	TRANSITION_ROWS_OF_QUEUES,
	{"idle_ms", "IDLE-MS", "time since the last data in either direction, in milliseconds",
	 BARE(idle_ms), WIDTHS(7, 8), IS_DETAIL},
	{"signal", "SIGNAL", "signal that ended the owner's process (cause signal)", BARE(signal),
	 WIDTHS(6, 6), IS_DETAIL},
	{"reset_reason", "RESET-REASON",
	 "the kernel's reason for a reset that it sent; needs Linux 6.10", QUOTED(reset_reason),
	 WIDTHS(24, 24), IS_DETAIL},
	{"cause", "CAUSE", "why the session changed its state; --help lists the causes",
	 QUOTED(cause), WIDTHS(15, 15), IS_DETAIL},
	{"isn_local", "ISN-LOCAL",
	 "initial sequence number of this end, at the change to ESTABLISHED; only with --fields",
	 BARE(isn_local), WIDTHS(10, 10), IS_DETAIL, .is_on_request = true},
	{"isn_remote", "ISN-REMOTE",
	 "that of the other end, which has the same pair, exchanged; only with --fields",
	 BARE(isn_remote), WIDTHS(10, 10), IS_DETAIL, .is_on_request = true},
	{"segs_out", "SEGS-OUT",
	 "segments sent, including those without payload; only with --fields",
	 BARE(transition_segs_out), WIDTHS(8, 8), IS_DETAIL, .is_on_request = true},
	{"icmp_type", "ICMP-TYPE",
	 "type of the ICMP error that answered the SYN; only with --fields", BARE(icmp_type),
	 WIDTHS(9, 9), IS_DETAIL, .is_on_request = true},
	{"icmp_code", "ICMP-CODE", "and its code; only with --fields", BARE(icmp_code),
	 WIDTHS(9, 9), IS_DETAIL, .is_on_request = true},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table transition_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
