// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For which connection of the other address family an attempt was given up. */
#include <string.h>

#include "trace/state.h"
#include "unit.h"
#include "view/rival.h"

#define MS  ((uint64_t)NSEC_PER_MSEC)
#define SEC ((uint64_t)NSEC_PER_SEC)

/* The first attempt begins, and is closed. */
#define BEGIN_NS (10 * SEC)
#define END_NS   (10 * SEC + 210 * MS)

static struct session session_of(int family, uint64_t begin_ns, uint64_t time_ns)
{
	struct session session = {
		.role = SESSION_CLIENT,
		.is_begun = true,
		.first_ns = begin_ns,
		.last = {.pid = 7, .netns = 3, .rport = 443, .time_ns = time_ns},
	};

	if (family == 4)
		session.last.raddr[10] = session.last.raddr[11] = 0xff;
	session.last.raddr[15] = 1;
	return session;
}

static struct session given_up(void)
{
	return session_of(6, BEGIN_NS, END_NS);
}

static struct session connected(void)
{
	return session_of(4, BEGIN_NS + 200 * MS, BEGIN_NS + 201 * MS);
}

static uint64_t found(const struct session *attempt, const struct session *rival)
{
	struct rivals rivals = {0};
	uint64_t distance;

	rivals_note(&rivals, rival);
	distance = rivals_find(&rivals, attempt);
	rivals_close(&rivals);
	return distance;
}

static void times(void)
{
	static const struct {
		const char *name;
		uint64_t began, ready, closed; /* ms after the first attempt */
		uint64_t wanted;
	} rows[] = {
		{"curl", 200, 201, 201, 200},
		{"the shortest delay", 50, 51, 60, 50},
		{"both at once", 49, 51, 60, 0},
		{"the longest delay", 3000, 3001, 3002, 3000},
		{"a later connection", 3001, 3002, 3003, 0},
		{"closed after a TLS handshake", 300, 301, 1301, 300},
		{"closed for another reason", 300, 301, 1302, 0},
		{"not ready before the close", 200, 202, 201, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct session rival =
			session_of(4, BEGIN_NS + rows[i].began * MS, BEGIN_NS + rows[i].ready * MS);
		const struct session attempt =
			session_of(6, BEGIN_NS, BEGIN_NS + rows[i].closed * MS);

		unit_row("%s", rows[i].name);
		CHECK_NUMBER(rows[i].wanted * MS, found(&attempt, &rival));
	}
}

/* Only a client's of the same process, namespace and port, in the other family. */
static void strangers(void)
{
	const struct session attempt = given_up();
	struct session rival = connected();

	CHECK_NUMBER(200 * MS, found(&attempt, &rival));
	rival = connected();
	rival.last.pid = 8;
	CHECK_NUMBER(0, found(&attempt, &rival));
	rival = connected();
	rival.last.netns = 4;
	CHECK_NUMBER(0, found(&attempt, &rival));
	rival = connected();
	rival.last.rport = 80;
	CHECK_NUMBER(0, found(&attempt, &rival));
	rival = connected();
	rival.role = SESSION_SERVER;
	CHECK_NUMBER(0, found(&attempt, &rival));
	rival = connected();
	rival.is_begun = false;
	CHECK_NUMBER(0, found(&attempt, &rival));
	rival = session_of(6, BEGIN_NS + 200 * MS, BEGIN_NS + 201 * MS);
	CHECK_NUMBER(0, found(&attempt, &rival));
}

/* IPv4 first; and an IPv6 socket may connect to an IPv4 address. */
static void families(void)
{
	struct session attempt = session_of(4, BEGIN_NS, END_NS);
	const struct session rival = session_of(6, BEGIN_NS + 200 * MS, BEGIN_NS + 201 * MS);

	CHECK_NUMBER(200 * MS, found(&attempt, &rival));
	attempt.last.ip = 6;
	CHECK_NUMBER(200 * MS, found(&attempt, &rival));
}

static void owner_not_known(void)
{
	struct session attempt = given_up(), rival = connected();

	attempt.last.pid = rival.last.pid = 0;
	CHECK_NUMBER(0, found(&attempt, &rival));
	CHECK_NUMBER(0, rivals_find(&(struct rivals){NULL}, &attempt));
}

/* Several at once have the same delay; among very many, one always fits. */
static void many(void)
{
	const struct session attempt = given_up(), rival = connected();
	struct rivals rivals = {0};

	for (unsigned int i = 0; i < RIVAL_ROOM - 1; i++) {
		const struct session one =
			session_of(4, BEGIN_NS + 200 * MS - i * MS, BEGIN_NS + 205 * MS);

		rivals_note(&rivals, &one);
		CHECK_NUMBER((200 - i) * MS, rivals_find(&rivals, &attempt));
	}
	rivals_note(&rivals, &rival);
	CHECK_NUMBER(0, rivals_find(&rivals, &attempt));
	/* Old ones are no more in question. */
	for (unsigned int i = 0; i < RIVAL_ROOM; i++) {
		const struct session old = session_of(4, BEGIN_NS - SEC, BEGIN_NS - SEC + MS);

		rivals_note(&rivals, &old);
	}
	CHECK_NUMBER(0, rivals_find(&rivals, &attempt));
	rivals_note(&rivals, &rival);
	CHECK_NUMBER(200 * MS, rivals_find(&rivals, &attempt));
	rivals_close(&rivals);
}

/* A place is that of the process and port that used it last; others find nothing. */
static void places(void)
{
	const struct session attempt = given_up();
	struct rivals rivals = {0};
	struct session other = connected();

	rivals_note(&rivals, &other);
	for (unsigned int pid = 1000; pid < 1000 + 20 * RIVAL_PLACES; pid++) {
		other.last.pid = pid;
		rivals_note(&rivals, &other);
	}
	CHECK_NUMBER(0, rivals_find(&rivals, &attempt));
	other = connected();
	rivals_note(&rivals, &other);
	CHECK_NUMBER(200 * MS, rivals_find(&rivals, &attempt));
	rivals_close(&rivals);
}

UNIT_MAIN("rival", TEST(times), TEST(strangers), TEST(families), TEST(owner_not_known), TEST(many),
	  TEST(places))
