/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From records of the ring buffer to transitions: one record may stand for two transitions, and two
 * records may tell of one.
 */
#ifndef TCPSTATES_SOURCE_JOIN_H
#define TCPSTATES_SOURCE_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/minisock_tracker.h"
#include "source/source.h"
#include "trace/transition.h"

struct join {
	struct transition *held; /* behind one of which more may still be told, in order */
	size_t count;
	size_t room;
	bool follows_minisocks;
	struct minisocks minisocks;
	const struct receiver *receiver; /* set by the user before each call */
	enum delivery answer;            /* what it said last */
};

/* Follows those that end their socket in a minisock; look: as in minisock.h. */
void join_follow_minisocks(struct join *join, minisock_look *look);

/* A record from the ring buffer, of size bytes. The receiver may be called. */
void join_take(struct join *join, const void *record, size_t size);

/*
 * Hands over what is held and older than now_ns (CLOCK_MONOTONIC) by more than the rest of one can
 * be late; with now_ns UINT64_MAX, all.
 */
void join_release(struct join *join, uint64_t now_ns);

void join_close(struct join *join);

#endif
