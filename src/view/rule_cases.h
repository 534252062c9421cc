/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a session is a case of a rule (struct rule, is_case), as far as the rule's ends do not
 * say. The numbers of each are named.
 */
#ifndef TCPSTATES_VIEW_RULE_CASES_H
#define TCPSTATES_VIEW_RULE_CASES_H

#include "view/rule.h"

#define DECLARE_CASE(name) \
	bool case_is_##name(const struct judged_session *s, struct case_numbers *numbers)

DECLARE_CASE(keepalive_race);      /* from the peer's FIN to the reset */
DECLARE_CASE(stale_reuse);         /* likewise */
DECLARE_CASE(closed_by_idle_peer); /* idle time, life */
DECLARE_CASE(closed_when_idle);    /* likewise */
DECLARE_CASE(peer_reset);          /* time since the last data */
DECLARE_CASE(client_reset);        /* likewise */
DECLARE_CASE(syn_loss);            /* time in SYN_SENT */
DECLARE_CASE(syn_unanswered);      /* time in SYN_SENT, SYNs sent again */
DECLARE_CASE(happy_eyeballs);      /* from its start to that of the other */
DECLARE_CASE(peer_gone);           /* time since the last data */
DECLARE_CASE(silent_drop);         /* likewise */
DECLARE_CASE(unread_by_peer);      /* bytes queued */
DECLARE_CASE(stalled);             /* bytes queued, retransmissions */
DECLARE_CASE(slow_peer_close);     /* time in FIN_WAIT2 */
DECLARE_CASE(close_wait_leak);     /* time in CLOSE_WAIT, bytes unread */
DECLARE_CASE(unread);              /* bytes unread, time since the last data */
DECLARE_CASE(unaccepted);          /* age */
DECLARE_CASE(unread_reset);        /* bytes unread */
DECLARE_CASE(killed);              /* the signal */
DECLARE_CASE(short);               /* life, handshake */
DECLARE_CASE(self_connect);

#undef DECLARE_CASE

#endif
