/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the accept queues of listeners have been through, from reports on them (trace/listener.h):
 * in the whole run, and since the last turn.
 */
#ifndef TCPSTATES_VIEW_LISTENERS_H
#define TCPSTATES_VIEW_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/histogram.h"
#include "trace/listener.h"

/* At most this many; reports on further ones are counted. */
#define LISTENERS_SHOWN_MAX 65536

/* How far a number can be relied on. */
enum certainty {
	CERTAINTY_NONE,  /* it is not known */
	CERTAINTY_ABOUT, /* it is inferred from other numbers */
	CERTAINTY_EXACT,
};

struct listener_number {
	uint64_t number;
	enum certainty certainty;
};

/* A time of the run. */
struct listener_span {
	struct listener first;   /* the report with which it begins */
	struct histogram delays; /* nanoseconds from ESTABLISHED until accept() */
	uint64_t accepts;        /* reports of LISTENER_ACCEPTED */
	uint32_t peak;           /* longest queue */
};

/* The rules of --diagnose about accept queues (accept_pressure.h). */
enum queue_rule {
	QUEUE_FULL, /* backlog-full */
	QUEUE_SLOW, /* accept-slow */
	QUEUE_RULES,
};

/* What they keep of a listener. */
struct listener_marks {
	uint64_t overflows; /* in the times between two reports for which they are known */
	uint64_t slow;      /* connections that waited long for accept() */
	uint64_t first_ns[QUEUE_RULES]; /* CLOCK_MONOTONIC, of their cases; 0: there are none */
	uint64_t last_ns[QUEUE_RULES];
	uint64_t reported[QUEUE_RULES]; /* the cases when they were last printed; 0: never */
};

struct listener_history {
	struct hash_entry by_id;        /* first member: cast from struct hash_entry * */
	struct listener_history *newer; /* in the order of their first report */
	struct listener last;           /* the last report that is not LISTENER_ACCEPTED */
	struct listener_span whole;
	struct listener_span lately;
	struct listener_marks marks;
	uint64_t ended_ns; /* CLOCK_MONOTONIC; 0: it listens */
	bool is_recent;    /* a report has come since the last turn */
};

/* Initialize to zero. */
struct listeners {
	struct hash by_id;
	struct listener_history *oldest;
	struct listener_history *newest;
	size_t count;
	uint64_t missing; /* reports that found no room, or no memory */
};

/* Returns the listener of the report; NULL: the filter rejects it, it has ended, or has no room. */
struct listener_history *listeners_take(struct listeners *listeners, const struct listener *report);

/* A new interval begins: of one listener, of all of them. */
void listener_turn(struct listener_history *history);
void listeners_turn(struct listeners *listeners);

/* What happened in the span, until the last report on the listener. */
struct listener_number listener_accepted(const struct listener_history *history,
					 const struct listener_span *span);
struct listener_number listener_overflows(const struct listener_history *history,
					  const struct listener_span *span);
struct listener_number listener_cookies(const struct listener_history *history,
					const struct listener_span *span);
/* Packets dropped at the listener, for any reason. */
uint64_t listener_drops(const struct listener_history *history, const struct listener_span *span);

/*
 * All of the run, or those that were reported on lately: most drops first, then the longest queue.
 * The caller frees the array; the histories stay with listeners. NULL: there are none, or (*count
 * is not 0) no memory.
 */
const struct listener_history **listeners_sort(const struct listeners *listeners, bool is_whole,
					       size_t *count);

void listeners_close(struct listeners *listeners);

#endif
