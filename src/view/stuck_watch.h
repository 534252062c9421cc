/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What --stuck watches: sessions in a state that has a limit, and sessions that are stalled. */
#ifndef TCPSTATES_VIEW_STUCK_WATCH_H
#define TCPSTATES_VIEW_STUCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/heap.h"
#include "view/session.h"
#include "view/stuck_count.h"

/* A session has at most two: one for its state, and one while it is stalled (session.view). */
struct watch {
	struct heap_entry turn; /* first member: cast from struct heap_entry * */
	struct session *session;
	struct watch *next; /* the other one of the session; NULL: none */
	uint64_t since_ns;  /* when it entered the state or stalled; if is_older, at the latest */
	uint64_t told_ns;   /* when it was reported last; 0: never */
	struct stuck_count *count; /* NULL: not stuck yet, or filtered out */
	uint8_t state;
	bool is_older;
	bool is_stall;
	bool is_guess;      /* it is counted with an owner that is a guess */
	bool is_unaccepted; /* it is counted as not accepted */
};

/* Adds a copy of the model to its session. False: out of memory. */
bool watch_add(struct heap *deadlines, const struct watch *model, uint64_t due_ns);

/* NULL: none. */
struct watch *watch_find(const struct session *session, bool is_stall);

/* Its count, if any, has one less now. */
void watch_remove(struct heap *deadlines, struct watch *watch);

/* Both of a session. */
void watches_remove(struct heap *deadlines, struct session *session);

#endif
