// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One hint a case; and beside each, the near miss that must not get it. */
#include "trace/state.h"
#include "unit.h"
#include "view/stuck_hint.h"

#define SECOND  1000000000ull
#define LOOK    (FACT_STANDING | FACT_QUEUES)
#define HELD    (LOOK | FACT_ACCEPTED)
#define OF      TRANSITION_OF_MINISOCK
#define TO      TRANSITION_TO_MINISOCK
#define CLOSED  TRANSITION_KNOWN_NO_WINDOW
#define IDLE_MS 5000

static void cases(void)
{
	static const struct {
		const char *name;
		uint8_t state, flags;
		uint32_t facts, known, tx, rx, idle_ms;
		uint8_t retransmits, probes;
		const char *part; /* of the hint */
		bool is_waiting;  /* in this host: nothing was sent again */
	} rows[] = {
		{"unaccepted", STATE_ESTABLISHED, 0, LOOK, 0, 0, 9, 0, 0, 0, "in the accept queue"},
		{"accepted", STATE_ESTABLISHED, 0, HELD | FACT_IDLE, 0, 0, 9, IDLE_MS, 0, 0,
		 "the owner does not read"},
		{"being read", STATE_ESTABLISHED, 0, HELD | FACT_IDLE, 0, 0, 9, 10, 0, 0, "in use"},
		{"no scan", STATE_ESTABLISHED, 0, FACT_QUEUES, 0, 0, 9, 0, 0, 0, "long-lived"},
		{"no window", STATE_ESTABLISHED, 0, HELD, CLOSED, 9, 0, 0, 0, 3,
		 "window is closed"},
		{"resent", STATE_ESTABLISHED, 0, HELD, 0, 9, 0, 0, 1, 0, "sent again"},
		{"waits for ARP", STATE_ESTABLISHED, 0, HELD | FACT_STALLED, 0, 9, 0, 0, 1, 0,
		 "data not acknowledged: nothing", true},
		{"stalled", STATE_ESTABLISHED, 0, HELD | FACT_STALLED, 0, 9, 0, 0, 0, 0,
		 "nothing comes from the peer"},
		{"sending", STATE_ESTABLISHED, 0, HELD | FACT_IDLE, 0, 9, 0, 10, 0, 0, "in use"},
		{"sent", STATE_ESTABLISHED, 0, HELD | FACT_IDLE, 0, 9, 0, IDLE_MS, 0, 0,
		 "not acknowledged yet"},
		{"idle", STATE_ESTABLISHED, 0, HELD | FACT_IDLE, 0, 0, 0, IDLE_MS, 0, 0, "idle:"},
		{"probed", STATE_ESTABLISHED, 0, HELD | FACT_IDLE | FACT_KEEPALIVE, 0, 0, 0,
		 IDLE_MS, 0, 2, "keepalive probes"},
		{"one probe", STATE_ESTABLISHED, 0, HELD | FACT_IDLE | FACT_KEEPALIVE, 0, 0, 0,
		 IDLE_MS, 0, 1, "idle:"},
		{"SYN", STATE_SYN_SENT, 0, HELD, 0, 0, 0, 0, 2, 0, "no answer to the SYN"},
		{"refused ACK", STATE_SYN_RECV, OF, FACT_STANDING | FACT_STALLED,
		 TRANSITION_KNOWN_ACKED, 0, 0, 0, 0, 0, "accept queue was full"},
		{"deferred", STATE_SYN_RECV, OF, FACT_STANDING, TRANSITION_KNOWN_ACKED, 0, 0, 0, 0,
		 0, "TCP_DEFER_ACCEPT"},
		{"no ACK", STATE_SYN_RECV, OF, FACT_STANDING, 0, 0, 0, 0, 0, 0,
		 "last ACK of the handshake is missing"},
		{"FIN resent", STATE_FIN_WAIT1, 0, LOOK, 0, 0, 0, 0, 1, 0, "sent again"},
		{"FIN waits for ARP", STATE_FIN_WAIT1, 0, LOOK, 0, 0, 0, 0, 1, 0,
		 "data or FIN not acknowledged", true},
		{"FIN, no window", STATE_FIN_WAIT1, 0, LOOK, CLOSED, 9, 0, 0, 0, 2,
		 "cannot be sent"},
		{"FIN", STATE_FIN_WAIT1, 0, LOOK, 0, 0, 0, 0, 0, 0, "data or FIN not acknowledged"},
		{"held", STATE_FIN_WAIT2, 0, HELD, 0, 0, 0, 0, 0, 0, "keeps it open"},
		{"orphan", STATE_FIN_WAIT2, 0, LOOK | FACT_ORPHAN, 0, 0, 0, 0, 0, 0,
		 "tcp_fin_timeout"},
		{"to a minisock", STATE_FIN_WAIT2, TO, FACT_ACCEPTED, 0, 0, 0, 0, 0, 0,
		 "tcp_fin_timeout"},
		{"minisock", STATE_FIN_WAIT2, OF, FACT_STANDING | FACT_FOUND, 0, 0, 0, 0, 0, 0,
		 "tcp_fin_timeout"},
		{"shut down", STATE_FIN_WAIT2, 0, FACT_ACCEPTED, 0, 0, 0, 0, 0, 0, "keeps it open"},
		{"TIME_WAIT", STATE_TIME_WAIT, OF, 0, 0, 0, 0, 0, 0, 0, "60 s is normal"},
		{"leak", STATE_CLOSE_WAIT, 0, HELD, 0, 0, 0, 0, 0, 0, "but the owner has not"},
		{"unread leak", STATE_CLOSE_WAIT, 0, HELD, 0, 0, 9, 0, 0, 0,
		 "neither read the rest"},
		{"unaccepted leak", STATE_CLOSE_WAIT, 0, LOOK, 0, 0, 9, 0, 0, 0,
		 "before the listener"},
		{"leak without scan", STATE_CLOSE_WAIT, 0, FACT_QUEUES, 0, 0, 9, 0, 0, 0,
		 "but the owner has not"},
		{"still sends", STATE_CLOSE_WAIT, 0, HELD, CLOSED, 9, 0, 0, 0, 1, "does not read"},
		{"resends", STATE_CLOSE_WAIT, 0, HELD, 0, 9, 0, 0, 1, 0, "does not acknowledge"},
		{"last", STATE_LAST_ACK, 0, LOOK, 0, 0, 0, 0, 0, 0, "peer gone after it closed"},
		{"last resent", STATE_LAST_ACK, 0, LOOK, 0, 0, 0, 0, 1, 0, "sent again"},
		{"last waits for ARP", STATE_LAST_ACK, 0, LOOK, 0, 0, 0, 0, 1, 0,
		 "data or FIN not acknowledged", true},
		{"last, no window", STATE_LAST_ACK, 0, LOOK, CLOSED, 9, 0, 0, 0, 1,
		 "cannot be sent"},
		{"both", STATE_CLOSING, 0, LOOK, 0, 0, 0, 0, 1, 0, "both ends closed"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct transition t = {
			.time_ns = 20 * SECOND,
			.due_ns = 10 * SECOND,
			.oldstate = rows[i].state,
			.newstate = rows[i].state,
			.flags = TRANSITION_HAS_DETAILS | rows[i].flags,
			.facts = rows[i].facts,
			.known = rows[i].known,
			.tx_queue = rows[i].tx,
			.rx_queue = rows[i].rx,
			.idle_ms = rows[i].idle_ms,
			.retransmits = rows[i].retransmits,
			.retrans = rows[i].is_waiting ? 0 : rows[i].retransmits,
			.probes = rows[i].probes,
		};

		unit_row("%s", rows[i].name);
		CHECK(stuck_hint(&t));
		if (stuck_hint(&t))
			CHECK_PART(rows[i].part, stuck_hint(&t));
	}
}

/* For each state that a session can be stuck in, even if nothing else is known. */
static void states(void)
{
	for (uint8_t state = 0; state < 20; state++) {
		const struct transition t = {.oldstate = state, .newstate = state};
		const char *hint = stuck_hint(&t);

		unit_row("%u", state);
		if (state < STATE_ESTABLISHED || state == STATE_CLOSE || state == STATE_LISTEN ||
		    state > STATE_CLOSING) {
			CHECK(!hint);
			continue;
		}
		CHECK(hint);
		CHECK(hint && strlen(hint) < STUCK_HINT_SIZE);
		/* No format escapes them. */
		CHECK(hint && !strpbrk(hint, ",\"\\\n"));
	}
}

/* The kernel's own listener accepts too slowly; or its socket is idle, as it is accepted. */
static void of_kernel(void)
{
	struct transition t = {
		.newstate = STATE_ESTABLISHED,
		.oldstate = STATE_ESTABLISHED,
		.flags = TRANSITION_HAS_DETAILS,
		.facts = LOOK | FACT_IDLE,
		.idle_ms = IDLE_MS,
		.owner_from = OWNER_KERNEL,
	};

	CHECK_PART("in the accept queue", stuck_hint(&t));
	t.facts |= FACT_ACCEPTED;
	CHECK_PART("idle", stuck_hint(&t));
}

UNIT_MAIN("stuck_hint", TEST(cases), TEST(of_kernel), TEST(states))
