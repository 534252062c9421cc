// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which sessions are cases of the rules of --diagnose, where live sessions cannot be made to differ
 * in one fact alone. */
#include "trace/state.h"
#include "unit.h"
#include "view/rule_cases.h"

/* As a scan finds a session: bytes queued, retransmissions of the same data, and in all. */
struct found {
	uint8_t state;
	uint32_t tx_queue;
	uint8_t retransmits;
	uint32_t retrans;
	uint32_t without; /* facts and flags that a scan has otherwise */
	bool is_stalled;
};

static struct session_row found_row(const struct session *session, const struct found *found)
{
	struct session_row row = {.session = session, .status = SESSION_OPEN};

	row.last.oldstate = row.last.newstate = found->state;
	row.last.flags = TRANSITION_HAS_DETAILS;
	row.last.facts = (FACT_STANDING | FACT_QUEUES) & ~found->without;
	row.last.tx_queue = found->tx_queue;
	row.last.retransmits = found->retransmits;
	row.last.retrans = found->retrans;
	return row;
}

static void stalled(void)
{
	static const struct found rows[] = {
		{STATE_ESTABLISHED, 1000, 2, 2, 0, true},
		{STATE_ESTABLISHED, 1000, 9, 12, 0, true},
		{STATE_CLOSE_WAIT, 1, 2, 2, 0, true},
		/* One loss: the next acknowledgment may be on its way. */
		{STATE_ESTABLISHED, 1000, 1, 1, 0, false},
		/* Nothing waits for an acknowledgment. */
		{STATE_ESTABLISHED, 0, 2, 2, 0, false},
		/* The timer expired, but nothing was sent: the link is down. */
		{STATE_ESTABLISHED, 1000, 5, 0, 0, false},
		{STATE_ESTABLISHED, 1000, 5, 4, 0, false},
		/* Its owner has closed: nobody waits. */
		{STATE_FIN_WAIT1, 1000, 5, 5, 0, false},
		/* What is queued is not known; it is no longer as it was found. */
		{STATE_ESTABLISHED, 1000, 5, 5, FACT_QUEUES, false},
		{STATE_ESTABLISHED, 1000, 5, 5, FACT_STANDING, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct session session = {0};
		struct session_row row = found_row(&session, &rows[i]);
		struct judged_session judged = {.row = &row};
		struct case_numbers numbers = {0};

		CHECK_NUMBER(i * 2 + rows[i].is_stalled,
			     i * 2 + case_is_stalled(&judged, &numbers));
		CHECK_NUMBER(rows[i].tx_queue, numbers.number);
	}
}

UNIT_MAIN("rule_cases", TEST(stalled))
