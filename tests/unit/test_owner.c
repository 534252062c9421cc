// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a process has accepted a session, by each kind of record, and how its owner is marked. */
#include <string.h>

#include "trace/owner.h"
#include "trace/state.h"
#include "unit.h"

#define DETAILS  TRANSITION_HAS_DETAILS
#define OF_MINI  (TRANSITION_HAS_DETAILS | TRANSITION_OF_MINISOCK)
#define TO_MINI  (TRANSITION_HAS_DETAILS | TRANSITION_TO_MINISOCK)
#define HAS_PEER (FACT_QUEUES | FACT_PEER_FIN)
#define AT_END   (FACT_STANDING | FACT_AT_END)

static const struct {
	const char *name;
	uint8_t oldstate, newstate, flags, owner_from;
	uint32_t facts;
	enum accepted accepted;
} rows[] = {
	{"the SYN", STATE_LISTEN, STATE_SYN_RECV, DETAILS, OWNER_INHERITED, 0, ACCEPTED_UNKNOWN},
	{"the last ACK", STATE_SYN_RECV, STATE_ESTABLISHED, DETAILS, OWNER_INHERITED, 0,
	 ACCEPTED_UNKNOWN},
	{"accepted at the SYN (TCP Fast Open)", STATE_SYN_RECV, STATE_ESTABLISHED, DETAILS,
	 OWNER_ACCEPT, FACT_ACCEPTED, ACCEPTED_YES},
	{"the same, without fentry", STATE_SYN_RECV, STATE_ESTABLISHED, DETAILS, OWNER_INHERITED,
	 FACT_ACCEPTED, ACCEPTED_YES},
	{"a child that the kernel cannot use", STATE_SYN_RECV, STATE_CLOSE, DETAILS,
	 OWNER_INHERITED, FACT_ORPHAN, ACCEPTED_UNKNOWN},
	{"the peer gave up while it waited", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_INHERITED, HAS_PEER, ACCEPTED_NO},
	{"the listener's owner is not known", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_UNKNOWN, HAS_PEER, ACCEPTED_NO},
	{"the peer reset it while it waited", STATE_ESTABLISHED, STATE_CLOSE, DETAILS,
	 OWNER_INHERITED, FACT_RESET_RECEIVED, ACCEPTED_NO},
	{"the listener closed", STATE_CLOSE_WAIT, STATE_CLOSE, DETAILS, OWNER_INHERITED, HAS_PEER,
	 ACCEPTED_NO},
	{"accepted", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS, OWNER_ACCEPT,
	 HAS_PEER | FACT_ACCEPTED, ACCEPTED_YES},
	{"accepted, without fentry", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS, OWNER_INHERITED,
	 HAS_PEER | FACT_ACCEPTED, ACCEPTED_YES},
	{"accepted and closed at once", STATE_ESTABLISHED, STATE_FIN_WAIT1, DETAILS, OWNER_USE,
	 FACT_IN_CALL | FACT_ACCEPTED | FACT_LAST_FD, ACCEPTED_YES},
	{"closed before", STATE_LAST_ACK, STATE_CLOSE, DETAILS, OWNER_USE, FACT_ORPHAN,
	 ACCEPTED_YES},
	{"closed before, by whom it was not seen", STATE_FIN_WAIT1, STATE_FIN_WAIT2, DETAILS,
	 OWNER_INHERITED, FACT_ORPHAN, ACCEPTED_YES},
	{"from TIME_WAIT on", STATE_FIN_WAIT2, STATE_TIME_WAIT, TO_MINI, OWNER_INHERITED,
	 FACT_ORPHAN | FACT_PEER_FIN, ACCEPTED_YES},
	{"the end of TIME_WAIT", STATE_TIME_WAIT, STATE_CLOSE, OF_MINI, OWNER_ACCEPT,
	 FACT_ORPHAN | FACT_TIMER, ACCEPTED_YES},
	{"the TIME_WAIT of a client", STATE_TIME_WAIT, STATE_CLOSE, OF_MINI, OWNER_CONNECT,
	 FACT_ORPHAN | FACT_TIMER, ACCEPTED_UNKNOWN},
	{"a TIME_WAIT older than the trace", STATE_TIME_WAIT, STATE_CLOSE, OF_MINI, OWNER_UNKNOWN,
	 FACT_FOUND | FACT_ORPHAN, ACCEPTED_UNKNOWN},
	{"a client", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS, OWNER_CONNECT,
	 HAS_PEER | FACT_ACCEPTED, ACCEPTED_UNKNOWN},
	{"connect()", STATE_CLOSE, STATE_SYN_SENT, DETAILS, OWNER_CONNECT, FACT_ACCEPTED,
	 ACCEPTED_UNKNOWN},
	{"connect() of a process that is not selected", STATE_CLOSE, STATE_SYN_SENT, DETAILS,
	 OWNER_UNKNOWN, FACT_ACCEPTED, ACCEPTED_UNKNOWN},
	{"refused", STATE_SYN_SENT, STATE_CLOSE, DETAILS, OWNER_UNKNOWN, FACT_RESET_RECEIVED,
	 ACCEPTED_UNKNOWN},
	{"a process has it from before the trace", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_SCAN, HAS_PEER | FACT_ACCEPTED, ACCEPTED_YES},
	{"the kernel's own", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS, OWNER_KERNEL,
	 HAS_PEER | FACT_ACCEPTED, ACCEPTED_UNKNOWN},
	{"it waits for the kernel", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS, OWNER_KERNEL,
	 HAS_PEER, ACCEPTED_NO},
	{"a subflow whose connection is closed", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_INHERITED, HAS_PEER | FACT_SUBFLOW, ACCEPTED_UNKNOWN},
	{"a subflow whose connection is open", STATE_ESTABLISHED, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_ACCEPT, HAS_PEER | FACT_SUBFLOW | FACT_ACCEPTED, ACCEPTED_UNKNOWN},
	{"a subflow, in a snapshot", STATE_ESTABLISHED, STATE_ESTABLISHED, DETAILS, OWNER_INHERITED,
	 AT_END | FACT_SUBFLOW, ACCEPTED_UNKNOWN},
	{"it waits", STATE_ESTABLISHED, STATE_ESTABLISHED, DETAILS, OWNER_INHERITED, AT_END,
	 ACCEPTED_NO},
	{"it waits, and the peer has closed", STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, DETAILS,
	 OWNER_INHERITED, AT_END | HAS_PEER, ACCEPTED_NO},
	{"it is accepted, in a snapshot", STATE_ESTABLISHED, STATE_ESTABLISHED, DETAILS,
	 OWNER_HOLDER, FACT_STANDING | FACT_ACCEPTED, ACCEPTED_YES},
	{"a request socket", STATE_SYN_RECV, STATE_SYN_RECV, OF_MINI, OWNER_INHERITED,
	 FACT_STANDING, ACCEPTED_UNKNOWN},
	{"a handshake that failed", STATE_SYN_RECV, STATE_CLOSE, OF_MINI, OWNER_INHERITED, 0,
	 ACCEPTED_UNKNOWN},
	{"a listener", STATE_CLOSE, STATE_LISTEN, DETAILS, OWNER_LISTEN, FACT_ACCEPTED,
	 ACCEPTED_UNKNOWN},
	{"a listener that stays", STATE_LISTEN, STATE_LISTEN, DETAILS, OWNER_UNKNOWN,
	 FACT_STANDING | FACT_ACCEPTED, ACCEPTED_UNKNOWN},
	{"a listener that ends", STATE_LISTEN, STATE_CLOSE, DETAILS, OWNER_LISTEN, FACT_ACCEPTED,
	 ACCEPTED_UNKNOWN},
	{"gone unseen", STATE_CLOSE, STATE_CLOSE, DETAILS, OWNER_INHERITED, FACT_STANDING,
	 ACCEPTED_UNKNOWN},
	{"a recording of version 1", STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0, OWNER_UNKNOWN, 0,
	 ACCEPTED_UNKNOWN},
};

static void kinds(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct transition t = {
			.oldstate = rows[i].oldstate,
			.newstate = rows[i].newstate,
			.flags = rows[i].flags,
			.owner_from = rows[i].owner_from,
			.facts = rows[i].facts,
		};

		unit_row("%s", rows[i].name);
		CHECK_NUMBER(rows[i].accepted, accepted_of(&t));
	}
}

static void names(void)
{
	CHECK_TEXT("true", accepted_name(ACCEPTED_YES));
	CHECK_TEXT("false", accepted_name(ACCEPTED_NO));
	CHECK(!accepted_name(ACCEPTED_UNKNOWN));
}

/* An owner that has not accepted the session is that of the listener: no guess, and not the owner.
 */
static void marks(void)
{
	struct transition t = {.flags = DETAILS, .owner_from = OWNER_INHERITED, .comm = "nginx"};
	char text[OWNER_TEXT_SIZE];

	owner_text(text, &t, ACCEPTED_NO);
	CHECK_TEXT("!nginx", text);
	owner_text(text, &t, ACCEPTED_UNKNOWN);
	CHECK_TEXT("~nginx", text);
	owner_text(text, &t, ACCEPTED_YES);
	CHECK_TEXT("~nginx", text);
	t.owner_from = OWNER_ACCEPT;
	owner_text(text, &t, ACCEPTED_YES);
	CHECK_TEXT("nginx", text);
	t.comm[0] = '\0';
	owner_text(text, &t, ACCEPTED_NO);
	CHECK_TEXT("!", text);
	owner_text(text, &t, ACCEPTED_YES);
	CHECK_TEXT("", text);
	t.flags = 0;
	owner_text(text, &t, ACCEPTED_NO);
	CHECK_TEXT("", text);
}

UNIT_MAIN("owner", TEST(kinds), TEST(names), TEST(marks))
