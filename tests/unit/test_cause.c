// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Causes. Each row is what was observed on kernels 6.1 to 7.2 when real traffic made that change,
 * and what had made it.
 */
#include <errno.h>

#include "field/value.h"
#include "trace/cause.h"
#include "trace/lifetime.h"
#include "trace/state.h"
#include "unit.h"

#define TO     TRANSITION_TO_MINISOCK
#define OF     TRANSITION_OF_MINISOCK
#define CALL   FACT_IN_CALL
#define CLOSED (FACT_IN_CALL | FACT_LAST_FD | FACT_ACCEPTED)
#define SOUGHT FACT_MINISOCK_SOUGHT
#define ACKED  FACT_ALL_ACKED

struct row {
	const char *why;
	uint8_t oldstate, newstate;
	enum cause cause;
	uint32_t facts;
	uint16_t err;
	uint8_t shutdown;
	uint8_t flags;
	uint16_t err_soft;
	uint8_t retransmits, probes, signal;
	uint8_t connect_end, icmp_err;
	uint8_t owner_from;
	bool is_old; /* of a recording that lacks TRANSITION_KNOWN_END */
};

static struct transition transition_of(const struct row *row)
{
	return (struct transition){
		.oldstate = row->oldstate,
		.newstate = row->newstate,
		.flags = TRANSITION_HAS_DETAILS | row->flags,
		.facts = row->facts,
		.err = row->err,
		.err_soft = row->err_soft,
		.shutdown = row->shutdown,
		.retransmits = row->retransmits,
		.probes = row->probes,
		.signal = row->signal,
		.known = row->is_old ? 0 : TRANSITION_KNOWN_END,
		.connect_end = row->connect_end,
		.icmp_err = row->icmp_err,
		.owner_from = row->owner_from,
	};
}

static const char *name_of(enum cause cause)
{
	const char *name = cause_row(cause)->name;

	return name ? name : "(none)";
}

/* Both views tell the same cause, where both have the transition. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct transition t = transition_of(&rows[i]), changed;
		const struct transition *seen;

		unit_row("%s > %s: %s", state_word(rows[i].oldstate)->text,
			 state_word(rows[i].newstate)->text, rows[i].why);
		CHECK_TEXT(name_of(rows[i].cause), name_of(cause_of(&t)));
		for (enum lifetime view = LIFETIME_SOCKET; view <= LIFETIME_SESSION; view++) {
			seen = lifetime_show(view, &t, &changed);
			if (seen)
				CHECK_TEXT(name_of(rows[i].cause), name_of(cause_of(seen)));
		}
	}
}

#define CHECK_ROWS(rows) check_rows(rows, ARRAY_SIZE(rows))

static void opening(void)
{
	static const struct row rows[] = {
		{"connect()", STATE_CLOSE, STATE_SYN_SENT, CAUSE_UNKNOWN, CALL},
		{"listen()", STATE_CLOSE, STATE_LISTEN, CAUSE_UNKNOWN, CALL},
		{"SYN-ACK came", STATE_SYN_SENT, STATE_ESTABLISHED, CAUSE_UNKNOWN},
		{"a child", STATE_LISTEN, STATE_SYN_RECV, CAUSE_UNKNOWN},
		{"its ACK came", STATE_SYN_RECV, STATE_ESTABLISHED, CAUSE_UNKNOWN},
	};

	CHECK_ROWS(rows);
}

#define EST    STATE_ESTABLISHED
#define FW1    STATE_FIN_WAIT1
#define FW2    STATE_FIN_WAIT2
#define CW     STATE_CLOSE_WAIT
#define LA     STATE_LAST_ACK
#define KERNEL (FACT_IN_CALL | FACT_KERNEL_THREAD)
#define EXITS  (CLOSED | FACT_EXITING)

static void this_end_closes(void)
{
	static const struct row rows[] = {
		{"kernel thread", EST, FW1, CAUSE_KERNEL, KERNEL, .shutdown = 3},
		{"kernel thread", CW, LA, CAUSE_KERNEL, KERNEL, .shutdown = 3},
		{"exit", EST, FW1, CAUSE_EXIT, EXITS, .shutdown = 3},
		{"exit", CW, LA, CAUSE_EXIT, EXITS, .shutdown = 3},
		{"SIGKILL", EST, FW1, CAUSE_SIGNAL, EXITS, .shutdown = 3, .signal = 9},
		{"SIGTERM", CW, LA, CAUSE_SIGNAL, EXITS, .shutdown = 3, .signal = 15},
		{"SHUT_WR", EST, FW1, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED, .shutdown = 2},
		{"SHUT_WR", CW, LA, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED, .shutdown = 2},
		{"close()", EST, FW1, CAUSE_CLOSE, CLOSED, .shutdown = 3},
		{"close()", CW, LA, CAUSE_CLOSE, CLOSED, .shutdown = 3},
		{"SHUT_RDWR", EST, FW1, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED, .shutdown = 3},
		{"SHUT_RDWR", CW, LA, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED, .shutdown = 3},
		{"close() in SYN_RECV", STATE_SYN_RECV, FW1, CAUSE_CLOSE, CLOSED, .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

#define OWN CALL | FACT_ACCEPTED, .owner_from = OWNER_KERNEL

/* A process has the kernel close the kernel's own socket, in a call or as it exits. */
static void a_process_closes_the_kernels(void)
{
	static const struct row rows[] = {
		{"in a call", EST, FW1, CAUSE_KERNEL, OWN, .shutdown = 3},
		{"in a call", CW, LA, CAUSE_KERNEL, OWN, .shutdown = 3},
		{"shutdown of sending", EST, FW1, CAUSE_KERNEL, OWN, .shutdown = 2},
		{"exit", EST, FW1, CAUSE_KERNEL, FACT_EXITING | OWN, .shutdown = 3},
		{"SIGKILL", EST, FW1, CAUSE_KERNEL, FACT_EXITING | OWN, .shutdown = 3, .signal = 9},
		{"unread data", EST, STATE_CLOSE, CAUSE_KERNEL, OWN, .shutdown = 3},
		{"in SYN_SENT", STATE_SYN_SENT, STATE_CLOSE, CAUSE_KERNEL, OWN, .shutdown = 3},
		{"disconnected in SYN_SENT", STATE_SYN_SENT, STATE_CLOSE, CAUSE_KERNEL, OWN,
		 .connect_end = CONNECT_END_DISCONNECT},
		{"no port", STATE_SYN_SENT, STATE_CLOSE, CAUSE_NO_PORT, OWN,
		 .connect_end = CONNECT_END_NO_PORT},
		{"listener", STATE_LISTEN, STATE_CLOSE, CAUSE_KERNEL, OWN, .shutdown = 3},
		{"listener: ss -K or shutdown", STATE_LISTEN, STATE_CLOSE, CAUSE_UNKNOWN, OWN},
		{"ss -K", EST, STATE_CLOSE, CAUSE_DESTROYED, OWN, .err = ECONNABORTED},
		{"the peer's FIN", EST, CW, CAUSE_PEER_FIN, FACT_ACCEPTED,
		 .owner_from = OWNER_KERNEL},
	};

	CHECK_ROWS(rows);
}

#define SUBFLOW FACT_SUBFLOW

/* The kernel closes subflows of MPTCP: only what the connection's process did is a cause. */
static void subflows(void)
{
	static const struct row rows[] = {
		{"close()", EST, FW1, CAUSE_CLOSE, SUBFLOW | CLOSED, .shutdown = 3},
		{"close()", CW, LA, CAUSE_CLOSE, SUBFLOW | CLOSED | FACT_ORPHAN, .shutdown = 3},
		{"SHUT_WR", EST, FW1, CAUSE_SHUTDOWN, SUBFLOW | CALL, .shutdown = 2},
		{"SIGKILL", EST, FW1, CAUSE_SIGNAL, SUBFLOW | EXITS, .shutdown = 3, .signal = 9},
		{"address removed", EST, FW1, CAUSE_UNKNOWN, SUBFLOW | FACT_ACCEPTED,
		 .shutdown = 3},
		{"the peer removed it", CW, LA, CAUSE_UNKNOWN, SUBFLOW, .shutdown = 3},
		{"unread data", EST, STATE_CLOSE, CAUSE_RESET_UNREAD, SUBFLOW | CLOSED,
		 .shutdown = 3},
		{"SO_LINGER 0", EST, STATE_CLOSE, CAUSE_RESET_LINGER,
		 SUBFLOW | CLOSED | FACT_LINGER_0, .shutdown = 3},
		{"disconnected", EST, STATE_CLOSE, CAUSE_DISCONNECT, SUBFLOW | CALL},
		{"reset by MPTCP", EST, STATE_CLOSE, CAUSE_UNKNOWN, SUBFLOW},
		{"reset by MPTCP, orphan", FW1, STATE_CLOSE, CAUSE_UNKNOWN, SUBFLOW | FACT_ORPHAN,
		 .shutdown = 3},
		{"given up by MPTCP", STATE_SYN_SENT, STATE_CLOSE, CAUSE_UNKNOWN, SUBFLOW},
		{"reset by the peer", EST, STATE_CLOSE, CAUSE_RESET_RECEIVED,
		 SUBFLOW | FACT_RESET_RECEIVED, ECONNRESET},
		{"ss -K", EST, STATE_CLOSE, CAUSE_DESTROYED, SUBFLOW | CALL, ECONNABORTED},
		{"FIN acked", LA, STATE_CLOSE, CAUSE_FIN_ACKED, SUBFLOW | FACT_PEER_FIN | ACKED,
		 .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

static void a_listener_ends(void)
{
	static const struct row rows[] = {
		{"exit", STATE_LISTEN, STATE_CLOSE, CAUSE_EXIT, EXITS, .shutdown = 3},
		{"killed", STATE_LISTEN, STATE_CLOSE, CAUSE_SIGNAL, EXITS, .shutdown = 3,
		 .signal = 9},
		{"close()", STATE_LISTEN, STATE_CLOSE, CAUSE_CLOSE, CLOSED, .shutdown = 3},
		{"close(), the descriptor not seen", STATE_LISTEN, STATE_CLOSE, CAUSE_CLOSE, CALL,
		 .shutdown = 3},
		{"SHUT_RD", STATE_LISTEN, STATE_CLOSE, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED},
		{"kernel thread", STATE_LISTEN, STATE_CLOSE, CAUSE_KERNEL, KERNEL, .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

static void the_peer_acts(void)
{
	static const struct row rows[] = {
		{"FIN", EST, CW, CAUSE_PEER_FIN, FACT_ACCEPTED | FACT_PEER_FIN, .shutdown = 1},
		{"FIN, read from the backlog", EST, CW, CAUSE_PEER_FIN, CALL | FACT_PEER_FIN},
		{"our FIN acknowledged", FW1, FW2, CAUSE_FIN_ACKED, .shutdown = 3},
		{"both at once", FW1, STATE_CLOSING, CAUSE_PEER_FIN, FACT_PEER_FIN, .shutdown = 3},
		{"our FIN acknowledged", LA, STATE_CLOSE, CAUSE_FIN_ACKED,
		 FACT_ORPHAN | FACT_PEER_FIN | ACKED, .shutdown = 3},
		{"our FIN acknowledged, in a call", LA, STATE_CLOSE, CAUSE_FIN_ACKED,
		 CALL | FACT_ORPHAN | FACT_PEER_FIN | ACKED, .shutdown = 3},
		{"our FIN acknowledged, no TIME_WAIT", STATE_CLOSING, STATE_CLOSE, CAUSE_FIN_ACKED,
		 SOUGHT | FACT_PEER_FIN | ACKED, .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

/* LAST_ACK and CLOSING end without the ACK of the FIN. */
static void last_fin_not_acked(void)
{
	static const struct row rows[] = {
		{"too many orphans, by a timer", LA, STATE_CLOSE, CAUSE_NO_MEMORY,
		 FACT_ORPHAN | FACT_PEER_FIN, .shutdown = 3},
		{"too many orphans, by a timer", STATE_CLOSING, STATE_CLOSE, CAUSE_NO_MEMORY,
		 FACT_ORPHAN | FACT_PEER_FIN | SOUGHT, .shutdown = 3},
		{"too many orphans in close()", LA, STATE_CLOSE, CAUSE_NO_MEMORY,
		 CALL | FACT_ORPHAN | FACT_PEER_FIN | FACT_RESET_SENT, .shutdown = 3},
		{"connect(AF_UNSPEC)", LA, STATE_CLOSE, CAUSE_DISCONNECT,
		 CALL | FACT_ACCEPTED | FACT_PEER_FIN, .shutdown = 2},
		{"connect(AF_UNSPEC) after SHUT_RDWR", LA, STATE_CLOSE, CAUSE_DISCONNECT,
		 CALL | FACT_ACCEPTED | FACT_PEER_FIN, .shutdown = 3},
		{"SO_LINGER 0", LA, STATE_CLOSE, CAUSE_CLOSE,
		 CLOSED | FACT_PEER_FIN | FACT_LINGER_0, .shutdown = 3},
		{"SO_LINGER 0, at exit", LA, STATE_CLOSE, CAUSE_EXIT,
		 EXITS | FACT_PEER_FIN | FACT_LINGER_0, .shutdown = 3},
		{"SO_LINGER 0, with unsent data", LA, STATE_CLOSE, CAUSE_RESET_LINGER,
		 CLOSED | FACT_PEER_FIN | FACT_LINGER_0 | FACT_RESET_SENT, .shutdown = 3},
		{"unread data", STATE_CLOSING, STATE_CLOSE, CAUSE_RESET_UNREAD,
		 CLOSED | FACT_PEER_FIN | SOUGHT, .shutdown = 3},
		{"nobody knows", LA, STATE_CLOSE, CAUSE_UNKNOWN, FACT_ACCEPTED | FACT_PEER_FIN,
		 .shutdown = 2},
		{"acknowledged or not, in an older recording", LA, STATE_CLOSE, CAUSE_UNKNOWN,
		 FACT_ORPHAN | FACT_PEER_FIN, .shutdown = 3, .is_old = true},
		{"likewise", STATE_CLOSING, STATE_CLOSE, CAUSE_UNKNOWN, FACT_PEER_FIN | SOUGHT,
		 .shutdown = 3, .is_old = true},
	};

	CHECK_ROWS(rows);
}

/* An ICMP error with IP_RECVERR, or one of TLS, that the program has not read yet. */
static void pending_errors(void)
{
	static const struct row rows[] = {
		{"FIN", FW2, STATE_TIME_WAIT, CAUSE_PEER_FIN, SOUGHT | FACT_PEER_FIN, EHOSTUNREACH,
		 3, .flags = TO},
		{"our FIN acknowledged", LA, STATE_CLOSE, CAUSE_FIN_ACKED,
		 FACT_ORPHAN | FACT_PEER_FIN | ACKED, EHOSTUNREACH, 3},
		{"our FIN acknowledged, error twice", LA, STATE_CLOSE, CAUSE_FIN_ACKED,
		 FACT_ORPHAN | FACT_PEER_FIN | ACKED, EHOSTUNREACH, 3, .err_soft = EHOSTUNREACH},
		{"unread data", EST, STATE_CLOSE, CAUSE_RESET_UNREAD, CLOSED, EHOSTUNREACH, 3},
		{"SO_LINGER 0", CW, STATE_CLOSE, CAUSE_RESET_LINGER, CLOSED | FACT_LINGER_0,
		 EBADMSG, 3},
		{"SO_LINGER 0, data unacknowledged", EST, STATE_CLOSE, CAUSE_RESET_LINGER,
		 CLOSED | FACT_LINGER_0, EHOSTUNREACH, 3, .err_soft = EHOSTUNREACH,
		 .retransmits = 3},
		{"connect(AF_UNSPEC)", EST, STATE_CLOSE, CAUSE_DISCONNECT, CALL | FACT_ACCEPTED,
		 ECONNREFUSED},
		{"tcp_max_tw_buckets", FW2, STATE_CLOSE, CAUSE_TIME_WAIT_FULL,
		 SOUGHT | FACT_PEER_FIN | FACT_ACCEPTED, EHOSTUNREACH, 3},
		{"data after close()", FW1, STATE_CLOSE, CAUSE_RESET_LATE_DATA,
		 FACT_ORPHAN | FACT_RESET_SENT, EHOSTUNREACH, 3},
		{"a reset came, and replaced it", FW2, STATE_CLOSE, CAUSE_RESET_RECEIVED,
		 FACT_ORPHAN | SOUGHT, ECONNRESET, 3},
		{"the timer expired", LA, STATE_CLOSE, CAUSE_RETRANS_TIMEOUT,
		 FACT_ORPHAN | FACT_PEER_FIN, ETIMEDOUT, 3, .retransmits = 8},
		{"nobody knows", EST, STATE_CLOSE, CAUSE_ERROR, FACT_ACCEPTED, EBADMSG},
	};

	CHECK_ROWS(rows);
}

static void minisocks(void)
{
	static const struct row rows[] = {
		{"FIN", FW2, STATE_TIME_WAIT, CAUSE_PEER_FIN, SOUGHT | FACT_PEER_FIN, .shutdown = 3,
		 .flags = TO},
		{"our FIN acknowledged", STATE_CLOSING, STATE_TIME_WAIT, CAUSE_FIN_ACKED,
		 SOUGHT | FACT_PEER_FIN, .shutdown = 3, .flags = TO},
		{"orphan, acknowledged after close()", FW2, FW2, CAUSE_FIN_ACKED,
		 SOUGHT | FACT_ORPHAN, .shutdown = 3, .flags = TO},
		{"orphan, close() after shutdown()", FW2, FW2, CAUSE_CLOSE, SOUGHT | CLOSED,
		 .shutdown = 3, .flags = TO},
		{"orphan, exit after shutdown()", FW2, FW2, CAUSE_EXIT, SOUGHT | EXITS,
		 .shutdown = 3, .flags = TO},
		{"orphan's FIN", FW2, STATE_TIME_WAIT, CAUSE_PEER_FIN, FACT_PEER_FIN, .flags = OF},
		{"the time is over", STATE_TIME_WAIT, STATE_CLOSE, CAUSE_TIMER, FACT_TIMER,
		 .flags = OF},
		{"the orphan's time is over", FW2, STATE_CLOSE, CAUSE_TIMER, FACT_TIMER,
		 .flags = OF},
		{"a new session", STATE_TIME_WAIT, STATE_CLOSE, CAUSE_RECYCLED, FACT_RECYCLED,
		 .flags = OF},
		{"the peer's reset", STATE_TIME_WAIT, STATE_CLOSE, CAUSE_RESET_RECEIVED,
		 FACT_RESET_RECEIVED, .flags = OF},
		{"the peer's reset of an orphan", FW2, STATE_CLOSE, CAUSE_RESET_RECEIVED,
		 FACT_RESET_RECEIVED, .flags = OF},
		{"data for an orphan", FW2, STATE_CLOSE, CAUSE_RESET_LATE_DATA, FACT_RESET_SENT,
		 .flags = OF},
		{"ss -K", STATE_TIME_WAIT, STATE_CLOSE, CAUSE_DESTROYED, FACT_DESTROYED,
		 .flags = OF},
		{"nobody knows", STATE_TIME_WAIT, STATE_CLOSE, CAUSE_UNKNOWN, .flags = OF},
		{"tcp_max_tw_buckets", FW2, STATE_CLOSE, CAUSE_TIME_WAIT_FULL,
		 SOUGHT | FACT_PEER_FIN | FACT_ACCEPTED, .shutdown = 3},
		{"not looked for", FW2, STATE_CLOSE, CAUSE_UNKNOWN, FACT_PEER_FIN | FACT_ACCEPTED,
		 .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

static void destroyed(void)
{
	static const struct row rows[] = {
		{"ss -K", EST, STATE_CLOSE, CAUSE_DESTROYED, CALL | FACT_ACCEPTED, ECONNABORTED},
		{"ss -K", STATE_SYN_SENT, STATE_CLOSE, CAUSE_DESTROYED, CALL | FACT_ACCEPTED,
		 ECONNABORTED},
		{"ss -K", LA, STATE_CLOSE, CAUSE_DESTROYED, CALL | FACT_ORPHAN, ECONNABORTED, 3},
		{"not by a task", EST, STATE_CLOSE, CAUSE_ERROR, FACT_ACCEPTED, ECONNABORTED},
	};

	CHECK_ROWS(rows);
}

#define SS STATE_SYN_SENT
#define C  STATE_CLOSE

static void timeouts(void)
{
	static const struct row rows[] = {
		{"SYN", SS, C, CAUSE_SYN_TIMEOUT, 0, ETIMEDOUT, .retransmits = 6},
		{"SYN, TCP_USER_TIMEOUT", SS, C, CAUSE_USER_TIMEOUT,
		 FACT_USER_TIMEOUT | FACT_USER_TIMEOUT_OVER, ETIMEDOUT, .retransmits = 2},
		{"SYN, TCP_USER_TIMEOUT was longer", SS, C, CAUSE_SYN_TIMEOUT, FACT_USER_TIMEOUT,
		 ETIMEDOUT, .retransmits = 2},
		{"SYN, in an older recording", SS, C, CAUSE_UNKNOWN, FACT_USER_TIMEOUT, ETIMEDOUT,
		 .retransmits = 2, .is_old = true},
		{"SYN, ICMP meanwhile", SS, C, CAUSE_UNREACHABLE, 0, EHOSTUNREACH,
		 .err_soft = EHOSTUNREACH, .retransmits = 6},
		{"keepalive", EST, C, CAUSE_KEEPALIVE, FACT_KEEPALIVE | FACT_ACCEPTED, ETIMEDOUT,
		 .probes = 3},
		{"keepalive, TCP_USER_TIMEOUT", EST, C, CAUSE_USER_TIMEOUT,
		 FACT_KEEPALIVE | FACT_USER_TIMEOUT, ETIMEDOUT, .probes = 1},
		{"likewise, in an older recording", EST, C, CAUSE_USER_TIMEOUT,
		 FACT_KEEPALIVE | FACT_USER_TIMEOUT, ETIMEDOUT, .probes = 1, .is_old = true},
		{"zero window", EST, C, CAUSE_ZERO_WINDOW, FACT_UNSENT, ETIMEDOUT, .probes = 15},
		{"zero window, TCP_USER_TIMEOUT", EST, C, CAUSE_USER_TIMEOUT,
		 FACT_UNSENT | FACT_USER_TIMEOUT | FACT_USER_TIMEOUT_OVER, ETIMEDOUT, .probes = 2},
		{"zero window, TCP_USER_TIMEOUT was longer", EST, C, CAUSE_ZERO_WINDOW,
		 FACT_UNSENT | FACT_USER_TIMEOUT, ETIMEDOUT, .probes = 15},
		{"zero window, in an older recording", EST, C, CAUSE_UNKNOWN,
		 FACT_UNSENT | FACT_USER_TIMEOUT, ETIMEDOUT, .probes = 15, .is_old = true},
		{"TCP_USER_TIMEOUT", EST, C, CAUSE_USER_TIMEOUT, FACT_USER_TIMEOUT, ETIMEDOUT,
		 .retransmits = 4},
		{"data", EST, C, CAUSE_RETRANS_TIMEOUT, FACT_ACCEPTED, ETIMEDOUT,
		 .retransmits = 15},
		{"data, keepalive on", EST, C, CAUSE_RETRANS_TIMEOUT, FACT_KEEPALIVE, ETIMEDOUT,
		 .retransmits = 15, .probes = 1},
		{"an orphan's FIN", FW1, C, CAUSE_RETRANS_TIMEOUT, FACT_ORPHAN, ETIMEDOUT, 3,
		 .retransmits = 8},
		{"an orphan's FIN", LA, C, CAUSE_RETRANS_TIMEOUT, FACT_ORPHAN, ETIMEDOUT, 3,
		 .retransmits = 8},
		{"data, ICMP meanwhile", EST, C, CAUSE_UNREACHABLE, FACT_ACCEPTED, EHOSTUNREACH,
		 .err_soft = EHOSTUNREACH, .retransmits = 15},
	};

	CHECK_ROWS(rows);
}

static void failed_connects(void)
{
	static const struct row rows[] = {
		{"RST", SS, C, CAUSE_REFUSED, FACT_RESET_RECEIVED, ECONNREFUSED},
		{"RST, the error already read", SS, C, CAUSE_REFUSED, FACT_RESET_RECEIVED},
		{"port unreachable", SS, C, CAUSE_REFUSED, 0, ECONNREFUSED,
		 .icmp_err = ECONNREFUSED},
		{"port unreachable, without the error queue", SS, C, CAUSE_REFUSED, 0,
		 ECONNREFUSED},
		{"port unreachable, read by the program", SS, C, CAUSE_REFUSED, CLOSED,
		 .shutdown = 3, .icmp_err = ECONNREFUSED},
		{"host unreachable, read by the program", SS, C, CAUSE_UNREACHABLE, CLOSED,
		 .shutdown = 3, .icmp_err = EHOSTUNREACH},
		{"likewise, then exit", SS, C, CAUSE_UNREACHABLE, EXITS, .shutdown = 3,
		 .icmp_err = EHOSTUNREACH},
		{"likewise, then connect(AF_UNSPEC)", SS, C, CAUSE_UNREACHABLE,
		 CALL | FACT_ACCEPTED, .icmp_err = EHOSTUNREACH,
		 .connect_end = CONNECT_END_DISCONNECT},
		{"likewise, then silence", SS, C, CAUSE_SYN_TIMEOUT, 0, ETIMEDOUT, .retransmits = 6,
		 .icmp_err = EHOSTUNREACH},
		{"likewise, then ss -K", SS, C, CAUSE_DESTROYED, CALL, ECONNABORTED,
		 .icmp_err = EHOSTUNREACH},
		{"host unreachable", SS, C, CAUSE_UNREACHABLE, 0, EHOSTUNREACH,
		 .err_soft = EHOSTUNREACH},
		{"network unreachable", SS, C, CAUSE_UNREACHABLE, 0, ENETUNREACH},
		{"close()", SS, C, CAUSE_CLOSE, CLOSED, .shutdown = 3},
		{"exit", SS, C, CAUSE_EXIT, EXITS, .shutdown = 3},
		{"killed", SS, C, CAUSE_SIGNAL, EXITS, .shutdown = 3, .signal = 15},
		{"connect(AF_UNSPEC)", SS, C, CAUSE_DISCONNECT, CALL | FACT_ACCEPTED,
		 .connect_end = CONNECT_END_DISCONNECT},
		{"shutdown()", SS, C, CAUSE_SHUTDOWN, CALL | FACT_ACCEPTED,
		 .connect_end = CONNECT_END_SHUTDOWN},
		{"shutdown() by the kernel", SS, C, CAUSE_KERNEL, KERNEL,
		 .connect_end = CONNECT_END_SHUTDOWN},
		{"no port", SS, C, CAUSE_NO_PORT, CALL | FACT_ACCEPTED,
		 .connect_end = CONNECT_END_NO_PORT},
		{"no port for the kernel", SS, C, CAUSE_NO_PORT, KERNEL,
		 .connect_end = CONNECT_END_NO_PORT},
		{"no route", SS, C, CAUSE_CONNECT_FAILED, CALL | FACT_ACCEPTED,
		 .connect_end = CONNECT_END_FAILED},
		{"nobody knows", SS, C, CAUSE_UNKNOWN, CALL | FACT_ACCEPTED},
		{"nobody knows, in an older recording", SS, C, CAUSE_UNKNOWN, CALL | FACT_ACCEPTED,
		 .is_old = true},
		{"the error already read, before 6.10", SS, C, CAUSE_UNKNOWN, FACT_ACCEPTED},
	};

	CHECK_ROWS(rows);
}

static void resets(void)
{
	static const struct row rows[] = {
		{"RST", EST, C, CAUSE_RESET_RECEIVED, FACT_ACCEPTED | FACT_RESET_RECEIVED,
		 ECONNRESET},
		{"RST", CW, C, CAUSE_RESET_RECEIVED, FACT_ACCEPTED | FACT_RESET_RECEIVED, EPIPE},
		{"RST", FW1, C, CAUSE_RESET_RECEIVED, FACT_ORPHAN, ECONNRESET, 3},
		{"RST", LA, C, CAUSE_RESET_RECEIVED, FACT_ORPHAN, ECONNRESET, 3},
		{"data after shutdown()", FW2, C, CAUSE_RESET_LATE_DATA,
		 FACT_ACCEPTED | FACT_RESET_RECEIVED | FACT_RESET_SENT, ECONNRESET, 3},
		{"data after close()", FW1, C, CAUSE_RESET_LATE_DATA, FACT_ORPHAN | FACT_RESET_SENT,
		 ECONNRESET, 3},
		{"EPIPE elsewhere", EST, C, CAUSE_ERROR, FACT_ACCEPTED, EPIPE},
		{"SO_LINGER 0", EST, C, CAUSE_RESET_LINGER, CLOSED | FACT_LINGER_0, .shutdown = 3},
		{"unread data", EST, C, CAUSE_RESET_UNREAD, CLOSED, .shutdown = 3},
		{"unread data", CW, C, CAUSE_RESET_UNREAD, CLOSED | FACT_PEER_FIN, .shutdown = 3},
		{"unread data at exit", EST, C, CAUSE_RESET_UNREAD, EXITS, .shutdown = 3},
		{"unread data, in an older recording", EST, C, CAUSE_RESET_UNREAD,
		 CLOSED | FACT_RESET_SENT, .shutdown = 3, .is_old = true},
		{"TCP_REPAIR", EST, C, CAUSE_REPAIR, CLOSED | FACT_REPAIR, .shutdown = 3},
		{"TCP_REPAIR, SO_LINGER 0", EST, C, CAUSE_REPAIR,
		 CLOSED | FACT_REPAIR | FACT_LINGER_0, .shutdown = 3},
		{"TCP_REPAIR, then connect(AF_UNSPEC)", EST, C, CAUSE_DISCONNECT,
		 CALL | FACT_ACCEPTED | FACT_REPAIR},
		{"unread or TCP_REPAIR, in an older recording", EST, C, CAUSE_UNKNOWN, CLOSED,
		 .shutdown = 3, .is_old = true},
		{"connect(AF_UNSPEC)", EST, C, CAUSE_DISCONNECT, CALL | FACT_ACCEPTED},
		{"connect(AF_UNSPEC) after SHUT_RDWR", FW2, C, CAUSE_DISCONNECT,
		 CALL | FACT_ACCEPTED | FACT_RESET_SENT, .shutdown = 3},
		{"unread data after SHUT_RDWR", FW2, C, CAUSE_RESET_UNREAD,
		 CLOSED | FACT_RESET_SENT, .shutdown = 3},
		{"TCP_LINGER2 -1 in close()", FW2, C, CAUSE_RESET_LINGER,
		 CALL | FACT_ORPHAN | FACT_LINGER2_NONE | SOUGHT, .shutdown = 3},
		{"TCP_LINGER2 -1", FW2, C, CAUSE_RESET_LINGER,
		 FACT_ORPHAN | FACT_LINGER2_NONE | SOUGHT, .shutdown = 3},
		{"data after close()", FW2, C, CAUSE_RESET_LATE_DATA,
		 FACT_ORPHAN | FACT_RESET_SENT | SOUGHT, .shutdown = 3},
		{"data after close()", FW1, C, CAUSE_RESET_LATE_DATA, FACT_ORPHAN | FACT_RESET_SENT,
		 .shutdown = 3},
		{"no room for a minisock", FW2, C, CAUSE_TIME_WAIT_FULL, FACT_ORPHAN | SOUGHT,
		 .shutdown = 3},
		{"too many orphans", FW1, C, CAUSE_NO_MEMORY, FACT_ORPHAN, .shutdown = 3},
		{"too many orphans in close()", FW1, C, CAUSE_NO_MEMORY,
		 CALL | FACT_ORPHAN | FACT_RESET_SENT, .shutdown = 3},
		{"never accepted", EST, C, CAUSE_LISTENER_CLOSED},
		{"never accepted", CW, C, CAUSE_LISTENER_CLOSED, FACT_PEER_FIN},
		{"kernel thread", EST, C, CAUSE_KERNEL, KERNEL, .shutdown = 3},
	};

	CHECK_ROWS(rows);
}

/* What version 1 recorded has no facts, and zeroes are none. */
static void without_details(void)
{
	for (unsigned int state = 0; state <= 12; state++) {
		struct transition t;

		unit_random_bytes(&t, sizeof(t));
		t.newstate = state;
		t.flags &= ~TRANSITION_HAS_DETAILS;
		CHECK_NUMBER(CAUSE_UNKNOWN, cause_of(&t));
	}
}

/* Every cause has a name that is safe anywhere, and a help; and no name is there twice. */
static void names(void)
{
	CHECK(!cause_row(CAUSE_UNKNOWN)->name);
	CHECK(!cause_row(CAUSE_COUNT)->name);
	for (enum cause cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++) {
		const struct cause_row *row = cause_row(cause);

		unit_row("cause %u", cause);
		CHECK(row->name && row->help);
		if (!row->name || !row->help)
			continue;
		CHECK(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_") == strlen(row->name));
		CHECK(strlen(row->name) <= 15); /* the width of the column */
		for (enum cause other = CAUSE_UNKNOWN + 1; other < cause; other++)
			CHECK(strcmp(row->name, cause_row(other)->name));
	}
}

/* A recording is from outside. */
static void any_transition(void)
{
	for (int i = 0; i < 100000; i++) {
		struct transition t;

		unit_random_bytes(&t, sizeof(t));
		CHECK(cause_of(&t) < CAUSE_COUNT);
	}
}

UNIT_MAIN("cause", TEST(opening), TEST(this_end_closes), TEST(a_process_closes_the_kernels),
	  TEST(subflows), TEST(a_listener_ends), TEST(the_peer_acts), TEST(last_fin_not_acked),
	  TEST(pending_errors), TEST(minisocks), TEST(destroyed), TEST(timeouts),
	  TEST(failed_connects), TEST(resets), TEST(without_details), TEST(names),
	  TEST(any_transition))
