/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Turns records of the ring buffer into transitions: one record may stand for two transitions, and
 * two records may describe one.
 */
#ifndef TCPSTATES_SOURCE_JOIN_H
#define TCPSTATES_SOURCE_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/record.h"
#include "source/minisock_tracker.h"
#include "source/source.h"
#include "trace/transition.h"

/* A record of the ring buffer, by its kind. One may be shorter than the union. */
union record {
	struct record_header header;
	struct record_transition transition;
	struct record_request request;
	struct record_reset_sent reset_sent;
	struct record_lport_chosen lport_chosen;
	struct record_minisock minisock;
};

struct join {
	union record *held; /* behind one that more may follow for, in order */
	size_t count;
	size_t room;
	bool follows_minisocks;
	struct minisocks minisocks;
	const struct receiver *receiver; /* set by the user before each call */
	enum delivery answer;            /* what it said last */
	uint64_t unknown;                /* records that were skipped */
};

/* Follows those that end their socket in a minisock; look: as in minisock.h. */
void join_follow_minisocks(struct join *join, minisock_look *look);

/*
 * A record from the ring buffer, of size bytes, aligned to eight. The receiver may be called. A
 * record of unknown kind or size is counted and reported.
 */
void join_take(struct join *join, const void *record, size_t size);

/* Counts a record of unknown kind or size; reports the first one. */
void record_unknown(uint64_t *count, const void *record, size_t size);

/* CLOCK_MONOTONIC, of a whole record of known kind; 0: the kind has no time. */
uint64_t record_time_ns(const void *record);

/* The time of the newest record that is held; 0: none is held. */
uint64_t join_held_ns(const struct join *join);

/*
 * Hands over what is held and older than now_ns (CLOCK_MONOTONIC) by more than the rest of one can
 * be late; with now_ns UINT64_MAX, all.
 */
void join_release(struct join *join, uint64_t now_ns);

void join_close(struct join *join);

#endif
