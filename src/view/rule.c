// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rules of --diagnose. tests/live/test_diagnose.py has a case and a near miss of each. */
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/text.h"
#include "view/diagnosis.h"
#include "view/rule.h"
#include "view/rule_cases.h"

/* ---- when cases are a finding ---------------------------------------------------------------- */

static bool is_once(const struct group *group, const struct cases *cases)
{
	(void)group;
	return cases->count >= 1;
}

static bool is_idle_timeout(const struct group *group, const struct cases *cases)
{
	(void)group;
	return cases->count >= 5 && cases_cluster(cases);
}

static bool is_lifetime(const struct group *group, const struct cases *cases)
{
	(void)group;
	return cases->count >= 5 && cases_others_cluster(cases) && !cases_cluster(cases);
}

static bool is_leak(const struct group *group, const struct cases *cases)
{
	return cases->count >= 3 && cases->count * 10 >= group->sessions;
}

static bool is_churn(const struct group *group, const struct cases *cases)
{
	return cases->count >= 20 && cases->count * 2 >= group->sessions &&
	       group_per_second(group, cases->count) >= 10;
}

static bool is_flood(const struct group *group, const struct cases *cases)
{
	(void)group;
	return cases->count >= 20;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* The sentences have places for numbers: see finding.c. */
const struct rule rule_table[RULES_MAX] = {
	{"close-wait-leak", SEVERITY_ERROR, true, case_is_close_wait_leak, is_leak,
	 "are still in CLOSE_WAIT: the peer has closed, the owner has not, for %t (p50)%u",
	 "find the missing close(): the owner must close when read() returns 0", NULL,
	 .ends = RULE_OPEN},
	{"stale-reuse", SEVERITY_ERROR, false, case_is_stale_reuse, NULL,
	 "were used after the peer had closed them (p50 %t after its FIN), and reset",
	 "the pool does not notice a close: test idle connections before use, or drop them earlier",
	 "--cause reset_received", .ends = RULE_ENDED(CAUSE_RESET_RECEIVED)},
	{"keepalive-race", SEVERITY_ERROR, false, case_is_keepalive_race, NULL,
	 "sent a request that crossed the peer's close, and were reset (p50 %t after its FIN)",
	 "keep idle connections for less time than the peer does, or retry once on a reset before "
	 "any answer",
	 "--cause reset_received", .ends = RULE_ENDED(CAUSE_RESET_RECEIVED)},
	{"stalled", SEVERITY_ERROR, false, case_is_stalled, is_once,
	 "are stalled: %n bytes (p50) were sent again %m times, and not acknowledged",
	 "the peer or the path to it is dead: look there; TCP_USER_TIMEOUT gives up sooner", NULL,
	 .ends = RULE_OPEN},
	{"no-port", SEVERITY_ERROR, false, NULL, is_once,
	 "found no free local port (EADDRNOTAVAIL)",
	 "reuse connections, or widen net.ipv4.ip_local_port_range; \"ss -tan\" shows what has the "
	 "ports",
	 "--cause no_port", .ends = RULE_ENDED(CAUSE_NO_PORT)},
	{"port-pressure", SEVERITY_WARNING, true, NULL, NULL, "",
	 "reuse connections; widen net.ipv4.ip_local_port_range; add addresses; the end that "
	 "closes first keeps the port in TIME_WAIT for a minute",
	 NULL, .ends = RULE_NO_SESSION},
	{"refused", SEVERITY_ERROR, false, NULL, NULL,
	 "were refused%b: no listener there, or a firewall that rejects%g",
	 "was the listener restarted? wait until it is ready, and retry with growing pauses",
	 "--cause refused", .ends = RULE_ENDED(CAUSE_REFUSED)},
	{"unreachable", SEVERITY_ERROR, false, NULL, is_once,
	 "ended by an ICMP error: the peer is unreachable",
	 "look at routes, and at firewalls that reject", "--cause unreachable",
	 .ends = RULE_ENDED(CAUSE_UNREACHABLE)},
	{"syn-unanswered", SEVERITY_ERROR, false, case_is_syn_unanswered, is_once,
	 "got no answer to their SYN in %t (p50; it was sent %m times more)",
	 "a firewall drops the SYN, the host is down, or its accept queue is full",
	 "--from SYN_SENT",
	 .ends = RULE_ENDED(CAUSE_SYN_TIMEOUT) | RULE_ENDED(CAUSE_USER_TIMEOUT) |
		 RULE_ENDED(CAUSE_CLOSE) | RULE_ENDED(CAUSE_EXIT) | RULE_ENDED(CAUSE_SIGNAL)},
	{"backlog-full", SEVERITY_ERROR, false, NULL, NULL, "",
	 "the owner must call accept() sooner, or from more threads; or raise the backlog of its "
	 "listen() and net.core.somaxconn",
	 NULL, .ends = RULE_NO_SESSION},
	{"not-accepted", SEVERITY_ERROR, false, case_is_unaccepted, is_once,
	 "wait in the accept queue: the listener's owner has not called accept() for %t (p50)",
	 "the server is blocked or too slow; \"ss -lt\" shows its accept queue", NULL,
	 .ends = RULE_OPEN},
	{"killed", SEVERITY_ERROR, false, case_is_killed, is_once,
	 "were open when signal %n ended their process%s", "see the service's log and the kernel's",
	 "--cause signal"},
	{"time-wait-full", SEVERITY_ERROR, false, NULL, is_once,
	 "had no TIME_WAIT: net.ipv4.tcp_max_tw_buckets was reached",
	 "raise net.ipv4.tcp_max_tw_buckets, or let connections live longer",
	 "--cause time_wait_full", .ends = RULE_ENDED(CAUSE_TIME_WAIT_FULL)},
	{"no-memory", SEVERITY_ERROR, false, NULL, is_once,
	 "were ended by the kernel: too many orphaned sockets, or too little memory for TCP",
	 "see net.ipv4.tcp_max_orphans, net.ipv4.tcp_mem and the memory cgroup",
	 "--cause no_memory", .ends = RULE_ENDED(CAUSE_NO_MEMORY)},
	{"peer-gone", SEVERITY_WARNING, false, case_is_peer_gone, is_once,
	 "were given up: the peer acknowledged nothing more, for %t (p50)",
	 "the peer or the path to it died while the connection was in use",
	 "--cause retrans_timeout,user_timeout",
	 .ends = RULE_ENDED(CAUSE_RETRANS_TIMEOUT) | RULE_ENDED(CAUSE_USER_TIMEOUT)},
	{"silent-drop", SEVERITY_WARNING, false, case_is_silent_drop, is_once,
	 "got no answer to keepalive probes, %t (p50) after the last data: the peer is gone, or a "
	 "NAT or firewall has forgotten them",
	 "let keepalive probes come sooner than the path forgets (TCP_KEEPIDLE)",
	 "--cause keepalive", .ends = RULE_ENDED(CAUSE_KEEPALIVE)},
	{"peer-does-not-read", SEVERITY_WARNING, false, case_is_unread_by_peer, is_once,
	 "wait for a peer that does not read: its window is closed, %n bytes are queued (p50)",
	 "look at the peer's owner", NULL},
	{"owner-does-not-read", SEVERITY_WARNING, false, case_is_unread, is_once,
	 "have data that the owner does not read: %n bytes (p50), for at least %o",
	 "look at the owner: it is blocked, or has forgotten the socket", NULL, .ends = RULE_OPEN},
	{"syn-loss", SEVERITY_WARNING, false, case_is_syn_loss, NULL,
	 "needed more than one SYN to connect (p50 %t, p90 %T): SYNs or their answers were lost",
	 "look for a full accept queue or conntrack table there, and for loss on the path",
	 "--from SYN_SENT --min-ms 900"},
	{"happy-eyeballs", SEVERITY_WARNING, false, case_is_happy_eyeballs, NULL,
	 "got no answer, and were given up for %v connection that began %t (p50) later: each such "
	 "connect is that much slower",
	 "mend the route or the firewall of that address family, or remove the AAAA (or A) record",
	 "--from SYN_SENT --cause close", .ends = RULE_ENDED(CAUSE_CLOSE)},
	{"accept-slow", SEVERITY_WARNING, false, NULL, NULL, "",
	 "the owner is too slow, or blocked at times: a thread of its own should call accept()",
	 NULL, .ends = RULE_NO_SESSION},
	{"port-scan", SEVERITY_WARNING, false, NULL, NULL, "",
	 "if nobody is meant to do that, let a firewall drop what comes from there", NULL,
	 .ends = RULE_NO_SESSION},
	{"peer-resets", SEVERITY_WARNING, false, case_is_peer_reset, NULL,
	 "were reset by the peer (p50 %t after the last data)",
	 "look there: its owner closed with data unread or SO_LINGER 0, or a device between sent "
	 "the reset",
	 "--cause reset_received", .ends = RULE_ENDED(CAUSE_RESET_RECEIVED)},
	{"unread-reset", SEVERITY_WARNING, false, case_is_unread_reset, NULL,
	 "were closed with data unread: the peer got a reset, and may lose what was sent to it",
	 "read to the end, or shut down sending and wait for the peer, before close()",
	 "--cause reset_unread", .ends = RULE_ENDED(CAUSE_RESET_UNREAD)},
	{"pool-churn", SEVERITY_WARNING, false, case_is_short, is_churn,
	 "lasted less than a second (p50 %t, of which the handshake is %h %): %r new ones a "
	 "second, each closed after use",
	 "keep connections open, and make the pool large enough", NULL},
	{"half-open", SEVERITY_WARNING, false, NULL, is_flood,
	 "never completed their handshake: a SYN flood, or answers do not reach the clients",
	 "many peers: see net.ipv4.tcp_syncookies; few: an asymmetric path",
	 "--half-open --cause half_open", .ends = RULE_ENDED(CAUSE_HALF_OPEN)},
	{"slow-peer-close", SEVERITY_WARNING, false, case_is_slow_peer_close, NULL,
	 "were closed here, and the peer kept its side open for %t (p50)",
	 "the peer's owner does not close when it reads the end",
	 "--from FIN_WAIT2 --min-ms 10000"},
	{"self-connect", SEVERITY_WARNING, false, case_is_self_connect, is_once,
	 "are connected to themselves: both ends have the same address and port",
	 "without a listener, connect() can choose its port: keep it out of "
	 "net.ipv4.ip_local_port_range",
	 NULL},
	{"client-resets", SEVERITY_NOTE, false, case_is_client_reset, NULL,
	 "were reset by their client (p50 %t after the last data), which had acknowledged all "
	 "that was sent",
	 "no harm if it has all that it wants, as with SO_LINGER 0; data that it has not read is "
	 "lost",
	 "--cause reset_received", .ends = RULE_ENDED(CAUSE_RESET_RECEIVED)},
	{"peer-idle-timeout", SEVERITY_NOTE, false, case_is_closed_by_idle_peer, is_idle_timeout,
	 "were closed by the peer when idle for %t%l%k",
	 "let the owner drop idle connections before that", NULL},
	{"own-idle-timeout", SEVERITY_NOTE, false, case_is_closed_when_idle, is_idle_timeout,
	 "were closed by their owner when idle for %t%l%k",
	 "the peer should drop idle connections before that", NULL},
	{"peer-max-lifetime", SEVERITY_NOTE, false, case_is_closed_by_idle_peer, is_lifetime,
	 "were closed by the peer at an age of %o", "expect that the peer closes them", NULL},
	{"own-max-lifetime", SEVERITY_NOTE, false, case_is_closed_when_idle, is_lifetime,
	 "were closed by their owner at an age of %o", "the owner limits their age", NULL},
};

int rule_find(const char *name, size_t size)
{
	const struct rule *rule;

	for (int i = 0; (rule = rule_at(i)); i++)
		if (strlen(rule->name) == size && !strncmp(rule->name, name, size))
			return i;
	return -1;
}

bool rule_holds(const struct rule *rule, const struct group *group, const struct cases *cases)
{
	if (!cases || !cases->count)
		return false;
	if (rule->holds)
		return rule->holds(group, cases);
	return cases->count >= 5 && cases->count * 100 >= group->sessions;
}

static void complain_rule(const char *name, size_t size)
{
	char all[RULES_MAX * RULE_NAME_SIZE], plain[TEXT_GROWTH * 64 + TEXT_EXTRA];
	size_t length = 0, chars = SIZE_MAX;
	const struct rule *rule;

	for (int i = 0; (rule = rule_at(i)); i++)
		length += snprintf(all + length, sizeof(all) - length, "%s%s", i ? ", " : "",
				   rule->name);
	*text_write_plain(plain, name, size < 64 ? size : 64, &chars) = '\0';
	log_error("--diagnose: \"%s\" is no rule; these are: %s", plain, all);
}

rule_set rules_choose(const char *names)
{
	rule_set chosen = 0;

	if (!names)
		return ~(rule_set)0;
	while (*names) {
		size_t size = strcspn(names, ",");
		int number = rule_find(names, size);

		if (number < 0) {
			complain_rule(names, size);
			return 0;
		}
		chosen |= RULE_BIT(number);
		names += size + (names[size] == ',');
	}
	return chosen;
}
