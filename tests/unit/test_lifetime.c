// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two lifetimes of the same transitions: that of the socket, as bcc's tcpstates sees it, and that
 * of the session, to its end. */
#include "field/value.h"
#include "trace/lifetime.h"
#include "trace/state.h"
#include "unit.h"

#define NOT_SHOWN 255

static void lifetimes(void)
{
	static const struct {
		uint8_t oldstate, newstate, flags;
		uint8_t sockets, full; /* the new state that each shows */
	} rows[] = {
		{STATE_SYN_SENT, STATE_ESTABLISHED, 0, STATE_ESTABLISHED, STATE_ESTABLISHED},
		{STATE_LAST_ACK, STATE_CLOSE, TRANSITION_HAS_DETAILS, STATE_CLOSE, STATE_CLOSE},

		/* without details there is one, also of a recorder that knew TIME_WAIT */
		{STATE_FIN_WAIT2, STATE_CLOSE, 0, STATE_CLOSE, STATE_CLOSE},
		{STATE_FIN_WAIT2, STATE_TIME_WAIT, 0, STATE_TIME_WAIT, STATE_TIME_WAIT},

		/* a socket hands over to a minisock */
		{STATE_FIN_WAIT2, STATE_TIME_WAIT, TRANSITION_TO_MINISOCK, STATE_CLOSE,
		 STATE_TIME_WAIT},
		{STATE_CLOSING, STATE_TIME_WAIT, TRANSITION_TO_MINISOCK, STATE_CLOSE,
		 STATE_TIME_WAIT},
		{STATE_FIN_WAIT2, STATE_FIN_WAIT2, TRANSITION_TO_MINISOCK, STATE_CLOSE, NOT_SHOWN},

		/* a minisock goes on */
		{STATE_FIN_WAIT2, STATE_TIME_WAIT, TRANSITION_OF_MINISOCK, NOT_SHOWN,
		 STATE_TIME_WAIT},
		{STATE_TIME_WAIT, STATE_CLOSE, TRANSITION_OF_MINISOCK, NOT_SHOWN, STATE_CLOSE},
		{STATE_FIN_WAIT2, STATE_CLOSE, TRANSITION_OF_MINISOCK, NOT_SHOWN, STATE_CLOSE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t, original, changed;
		const struct transition *sockets, *full;

		unit_row("%s > %s, flags %02x", state_word(rows[i].oldstate)->text,
			 state_word(rows[i].newstate)->text, rows[i].flags);
		unit_random_bytes(&t, sizeof(t));
		t.oldstate = rows[i].oldstate;
		t.newstate = rows[i].newstate;
		t.flags = rows[i].flags;
		t.facts &= ~(FACT_LPORT_LATER | FACT_STANDING);
		original = t;
		full = lifetime_show(LIFETIME_SESSION, &t, &changed);
		CHECK_NUMBER(rows[i].full, full ? full->newstate : NOT_SHOWN);
		sockets = lifetime_show(LIFETIME_SOCKET, &t, &changed);
		CHECK_NUMBER(rows[i].sockets, sockets ? sockets->newstate : NOT_SHOWN);
		CHECK_MEMORY(&original, &t, sizeof(t));

		/* Nothing but the new state is changed. */
		original.newstate = rows[i].sockets;
		if (sockets)
			CHECK_MEMORY(&original, sockets, sizeof(t));
		original.newstate = rows[i].full;
		if (full)
			CHECK_MEMORY(&original, full, sizeof(t));
	}
}

/* bcc sees a socket that connects before its port is chosen. */
static void port_chosen_later(void)
{
	struct transition t = {.oldstate = STATE_CLOSE,
			       .newstate = STATE_SYN_SENT,
			       .flags = TRANSITION_HAS_DETAILS,
			       .facts = FACT_LPORT_LATER,
			       .lport = 40000};
	struct transition changed;

	CHECK_NUMBER(40000, lifetime_show(LIFETIME_SESSION, &t, &changed)->lport);
	CHECK_NUMBER(0, lifetime_show(LIFETIME_SOCKET, &t, &changed)->lport);
}

UNIT_MAIN("lifetime", TEST(lifetimes), TEST(port_chosen_later))
