/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What went wrong, by groups of sessions: those of one owner in one role with one peer and port (a
 * server's: on one port, with any peer). In each group, the cases of each rule (rule.h).
 */
#ifndef TCPSTATES_VIEW_DIAGNOSIS_H
#define TCPSTATES_VIEW_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"
#include "view/rule.h"
#include "view/session_row.h"

/* At most this many groups; sessions of further ones are counted. */
#define DIAGNOSIS_GROUPS_MAX 4096

/* How many numbers and times of a rule's most recent cases are kept. */
#define CASE_NUMBERS_MAX 32
#define CASE_TIMES_MAX   5
#define CASE_SAMPLES_MAX 3

/* The cases of one rule in one group. */
struct cases {
	uint64_t count;
	uint64_t reported; /* the count when it was last printed; 0: never */
	uint64_t first_ns; /* monotonic */
	uint64_t last_ns;
	uint64_t times_ns[CASE_TIMES_MAX];  /* a ring: case i is at i % CASE_TIMES_MAX */
	uint64_t numbers[CASE_NUMBERS_MAX]; /* likewise; their meaning depends on the rule */
	uint64_t others[CASE_NUMBERS_MAX];  /* a second number per case */
	uint64_t cookies[CASE_SAMPLES_MAX]; /* of the first sessions that have one */
	bool is_burst;                      /* CASE_TIMES_MAX cases came within a second */
};

struct group {
	struct hash_entry by_key; /* first: cast from struct hash_entry * */
	struct group *older;      /* in the order of their first session */
	char comm[TRANSITION_COMM_SIZE];
	uint32_t uid;
	uint8_t role; /* enum session_role */
	uint8_t ip;
	uint16_t port;     /* the peer's for a client, else the local one; 0: not known */
	uint8_t raddr[16]; /* zero for a server */
	bool is_local;     /* a client's: all were to this host, in the namespace netns */
	uint32_t netns;
	uint64_t sessions;              /* that were judged */
	uint64_t first_ns;              /* monotonic: when the first began */
	uint64_t last_ns;               /* and the last one */
	rule_set latest;                /* of which the latest session is a case */
	struct cases *cases[RULES_MAX]; /* NULL: none */
};

/* Initialize to zero. */
struct diagnosis {
	struct hash by_key;
	struct group *newest;
	uint64_t ungrouped; /* sessions that found no group, or no memory */
	/* Rules that look at sessions that ended for this cause, the last one: did not; 0: not set.
	 */
	rule_set candidates[CAUSE_COUNT + 1];
};

/*
 * Judges a session by all rules: one that has ended, or that is open at the end. Returns its group;
 * NULL: there is no room for it.
 */
struct group *diagnosis_take(struct diagnosis *diagnosis, const struct judged_session *session);

/* The median, and other quantiles in hundredths, of the numbers that are kept. */
uint64_t cases_quantile(const struct cases *cases, unsigned int hundredths);
uint64_t cases_other_quantile(const struct cases *cases, unsigned int hundredths);

/* Whether the numbers that are kept, or the second ones, are nearly the same: a second or more. */
bool cases_cluster(const struct cases *cases);
bool cases_others_cluster(const struct cases *cases);

/* count as a rate per second of the group's age; 0: the group is younger than a second. */
uint64_t group_per_second(const struct group *group, uint64_t count);

void diagnosis_close(struct diagnosis *diagnosis);

#endif
