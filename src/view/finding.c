// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is said of a finding: how many sessions, whose, with whom; what happened; what to look at.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/address.h"
#include "lib/duration.h"
#include "lib/number.h"
#include "trace/clock.h"
#include "view/diagnose_row.h"

/* An address as text. */
struct peer {
	char text[ADDRESS_IPV6_SIZE_MAX + 1];
};

static struct peer peer_of(const struct group *group)
{
	struct peer peer = {""};
	char *end = group->ip == 4
			    ? address_write_ipv4(peer.text, group->raddr + ADDRESS_IPV4_OFFSET)
			    : address_write_ipv6(peer.text, group->raddr);

	*end = '\0';
	return peer;
}

/* "python3 to 10.0.0.1:80", "nginx on port 80", "redis with 10.0.0.1". */
static size_t say_who(char *text, size_t size, const struct group *group)
{
	const char *owner = *group->comm ? group->comm : "an unknown owner";
	int width = sizeof(group->comm);

	switch (group->role) {
	case SESSION_CLIENT:
		return snprintf(text, size, group->ip == 4 ? "%.*s to %s:%u" : "%.*s to [%s]:%u",
				width, owner, peer_of(group).text, group->port);
	case SESSION_SERVER:
		return snprintf(text, size, "%.*s on port %u", width, owner, group->port);
	default:
		return snprintf(text, size, "%.*s with %s", width, owner, peer_of(group).text);
	}
}

/* Default timeouts of common software: a hint, not a proof. */
static const char *known_timeout(uint64_t ns)
{
	static const struct {
		unsigned int seconds;
		const char *who;
	} known[] = {
		{5, "Node.js and Apache"},
		{60, "many load balancers and proxies"},
		{65, "nginx behind a load balancer"},
		{75, "nginx"},
		{240, "Azure load balancers"},
		{350, "AWS NAT gateways and network load balancers"},
		{900, "some firewalls"},
		{3600, "many firewalls"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t wanted = known[i].seconds * (uint64_t)NSEC_PER_SEC;
		uint64_t off = ns > wanted ? ns - wanted : wanted - ns;

		if (off <= wanted / 100)
			return known[i].who;
	}
	return NULL;
}

static char *write_text(char *place, const char *text)
{
	return stpcpy(place, text);
}

static char *write_known_timeout(char *place, uint64_t ns)
{
	const char *who = known_timeout(ns);

	return who ? stpcpy(stpcpy(place, ", the default of "), who) : place;
}

static char *write_signal(char *place, uint64_t number)
{
	return write_text(place,
			  number == SIGKILL
				  ? " (SIGKILL: by the kernel for want of memory, or by somebody)"
				  : " (a crash)");
}

static char *write_owner(char *place, const char *comm)
{
	return *comm ? stpncpy(place, comm, TRANSITION_COMM_SIZE) : stpcpy(place, "its owner");
}

/* "; nginx closed its listener 12.0ms before the first, and nginx listened again 1.50s after" */
static char *write_gap(char *place, const struct finding_row *row)
{
	const struct listener_gap *gap = row->gap;

	if (!gap)
		return place;
	place = write_owner(stpcpy(place, "; "), gap->closed_by);
	place = stpcpy(place, " closed its listener there ");
	place = duration_write(place, row->cases->first_ns - gap->closed_ns);
	place = stpcpy(place, " before the first");
	if (!gap->back_ns)
		return place;
	place = write_owner(stpcpy(place, ", and "), gap->back_by);
	place = stpcpy(place, " listened again ");
	place = duration_write(place, gap->back_ns - row->cases->last_ns);
	return stpcpy(place, " after the last");
}

/* No place writes more. */
#define PLACE_SIZE_MAX 160

/* Writes what a letter of a sentence stands for. */
static char *write_place(char *place, char letter, const struct finding_row *row)
{
	const struct cases *cases = row->cases;
	uint64_t half = cases_quantile(cases, 50), other = cases_other_quantile(cases, 50);

	switch (letter) {
	case 't': /* the numbers as a duration: their median */
		return duration_write(place, half);
	case 'T': /* and the ninth tenth */
		return duration_write(place, cases_quantile(cases, 90));
	case 'o': /* the median of the second numbers, as a duration */
		return duration_write(place, other);
	case 'n':
		return number_write(place, half);
	case 'm':
		return number_write(place, other);
	case 'h': /* the second number as a part of the first, in hundredths */
		return number_write(place, half ? other * 100 / half : 0);
	case 'r':
		return number_write(place, group_per_second(row->group, cases->count));
	case 'k':
		return write_known_timeout(place, half);
	case 's':
		return write_signal(place, half);
	case 'u':
		return write_text(place, other ? ", and has not read all" : "");
	case 'b':
		return write_text(place, cases->is_burst ? ", 5 and more in a second" : "");
	case 'l':
		return write_text(place, cases_others_cluster(cases)
						 ? " (or at that age: none was older)"
						 : "");
	case 'v': /* the other address family */
		return write_text(place,
				  address_is_ipv4(row->group->raddr) ? "an IPv6" : "an IPv4");
	case 'g':
		return write_gap(place, row);
	default:
		*place = letter;
		return place + 1;
	}
}

/* Writes the sentence of the row's rule; it fits, as rules are short. */
static char *write_sentence(char *place, const char *end, const struct finding_row *row)
{
	const char *from = row->rule->sentence;

	while (*from && end - place > PLACE_SIZE_MAX) {
		bool is_place = *from == '%' && from[1] && strchr("tTonmhrksublgv", from[1]);

		if (is_place)
			place = write_place(place, *++from, row);
		else
			*place++ = *from;
		from++;
	}
	return place;
}

static void write_command(struct finding_row *row)
{
	const struct group *group = row->group;
	char ends[80];

	if (group->role == SESSION_SERVER)
		snprintf(ends, sizeof(ends), "-L %u", group->port);
	else if (group->role == SESSION_CLIENT)
		snprintf(ends, sizeof(ends), "--remote %s -D %u", peer_of(group).text, group->port);
	else
		snprintf(ends, sizeof(ends), "--remote %s", peer_of(group).text);
	snprintf(row->command, sizeof(row->command), "tcpstates --sessions %s%s%s", ends,
		 row->rule->shown ? " " : "", row->rule->shown ? row->rule->shown : "");
}

void finding_say(struct finding_row *row)
{
	const struct group *group = row->group;
	size_t size = sizeof(row->text), length;

	length = snprintf(row->text, size, "%s%" PRIu64 " of %" PRIu64 " sessions of ",
			  row->is_least ? "at least " : "", row->cases->count, group->sessions);
	length += say_who(row->text + length, size - length, group);
	row->text[length++] = ' ';
	*write_sentence(row->text + length, row->text + size, row) = '\0';
	write_command(row);
}
