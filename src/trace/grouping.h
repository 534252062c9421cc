/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The groups of a summary: the keys of --by, and the group of a transition or of a session. */
#ifndef TCPSTATES_TRACE_GROUPING_H
#define TCPSTATES_TRACE_GROUPING_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/transition.h"

enum group_by {
	GROUP_BY_PID,
	GROUP_BY_COMM,
	GROUP_BY_LADDR,
	GROUP_BY_LPORT,
	GROUP_BY_RADDR,
	GROUP_BY_RPORT,
	GROUP_BY_NETNS,
	GROUP_BY_CGROUP,
	GROUP_BY_CAUSE,
	GROUP_BY_STATE,
	GROUP_BY_EDGE,
	GROUP_BY_PORT,
	GROUP_BY_ROLE,
	GROUP_BY_CLOSED_BY,
	GROUP_BY_COUNT,
};

/* How many bits of an address are compared. */
struct group_prefix {
	uint8_t ipv4; /* of 32 */
	uint8_t ipv6; /* of 128 */
};

struct grouping {
	unsigned int by;               /* key k is bit k; 0: no key */
	uint8_t order[GROUP_BY_COUNT]; /* the keys in the order of --by */
	uint8_t count;                 /* of keys */
	struct group_prefix laddr;
	struct group_prefix raddr;
};

/* Identifies a group. Members that are not keys are zero, so memcmp() compares groups. */
struct group_key {
	uint8_t laddr[16]; /* as in a transition; zero after the prefix */
	uint8_t raddr[16];
	char comm[TRANSITION_COMM_SIZE];
	uint64_t cgroup;
	uint32_t pid;
	uint32_t netns;
	uint16_t lport;
	uint16_t rport;
	uint8_t oldstate; /* of an edge */
	uint8_t newstate;
	uint8_t state; /* if edge is a key: its oldstate */
	uint8_t cause;
	uint16_t port; /* of a session, like the next two: the service's, whichever end has it */
	uint8_t role;  /* enum session_role (view/session.h) */
	uint8_t closed_by; /* enum session_closer (view/session_row.h) */
	uint8_t unused[4];
};

/*
 * Adds a key by its name: state, edge, pid, comm, laddr, raddr, lport, rport, netns, cgroup, cause,
 * port, role, closed_by; addresses also as blocks: raddr/24 (bits of either family) or raddr/24/64
 * (of IPv4 and IPv6). NULL, or the text of what is expected; "" if the name is unknown.
 */
const char *grouping_add(struct grouping *grouping, const char *text);

static inline bool grouping_has(const struct grouping *grouping, enum group_by by)
{
	return grouping->by >> by & 1;
}

/* The name of a key. */
const char *group_by_name(enum group_by by);

/*
 * Whether a session is in a group while it stays in a state. False if the groups are of changes, by
 * edge or cause.
 */
bool grouping_has_now(const struct grouping *grouping);

/* Whether a key only exists for whole sessions: port, role, closed_by. */
bool group_by_is_of_session(enum group_by by);

/* Whether a key only exists for state changes: state, edge. */
bool group_by_is_of_change(enum group_by by);

_Static_assert(sizeof(struct group_key) == 80, "struct group_key has no padding");

/*
 * The group of a transition. state: which of its two states counts if state is a key. Keys of
 * sessions stay zero.
 */
void group_key_fill(struct group_key *key, const struct grouping *grouping,
		    const struct transition *transition, uint8_t state);

#endif
