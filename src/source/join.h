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
	union record *held; /* a record that awaits another, and those after it */
	size_t count;
	size_t room;
	bool follows_minisocks;
	struct minisocks minisocks;
	const struct receiver *receiver; /* set by the user before each call */
	enum delivery answer;            /* the receiver's last answer */
	uint64_t unknown;                /* records that were skipped */
};

/* Follows sessions that continue as minisocks; look: as in minisock_tracker.h. */
void join_follow_minisocks(struct join *join, minisock_look *look);

/*
 * Takes a record from the ring buffer, of size bytes, aligned to eight. May call the receiver. A
 * record of unknown kind or size is counted and reported.
 */
void join_take(struct join *join, const void *record, size_t size);

/* Counts a record of unknown kind or size; reports the first one. */
void record_unknown(uint64_t *count, const void *record, size_t size);

/* CLOCK_MONOTONIC, of a whole record of known kind; 0: the kind has no time. */
uint64_t record_time_ns(const void *record);

/* The socket that a whole record of known kind is about; 0: the kind has none. */
uint64_t record_skaddr(const void *record);

/* The time of the newest held record; 0: none is held. */
uint64_t join_held_ns(const struct join *join);

/*
 * Hands over the records that, at now_ns (CLOCK_MONOTONIC), have been held longer than a second
 * record can be late; with now_ns UINT64_MAX, all of them.
 */
void join_release(struct join *join, uint64_t now_ns);

void join_close(struct join *join);

#endif
