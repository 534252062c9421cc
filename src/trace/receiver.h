/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Callbacks of a source: one function for each kind of event. */
#ifndef TCPSTATES_TRACE_RECEIVER_H
#define TCPSTATES_TRACE_RECEIVER_H

#include <stdint.h>

#include "trace/listener.h"
#include "trace/port_space.h"
#include "trace/reset_count.h"
#include "trace/tally.h"
#include "trace/transition.h"

enum delivery {
	DELIVERY_CONTINUE,
	DELIVERY_PAUSE, /* deliver nothing more in this read */
	DELIVERY_STOP,  /* deliver nothing more at all */
};

/* All functions are set. Their arguments are valid during the call only. */
struct receiver {
	/* A session changed state. In the order of the source. */
	enum delivery (*transition)(void *context, const struct transition *transition);
	/*
	 * A snapshot of a session that did not change (FACT_STANDING): oldstate and newstate are
	 * both its state, and duration_ns is the time in it so far. From the initial scan, from
	 * later scans of sessions that stay in a state, and from the scan at the end.
	 */
	enum delivery (*snapshot)(void *context, const struct transition *session);
	/* Transitions that the kernel added up (tally.h). Called before the next tick. */
	void (*tally)(void *context, const struct tally *tally);
	/* Resets for packets of no session, added up since the last time. In any order. */
	void (*resets)(void *context, const struct reset_count *count);
	/* A report on a listener (listener.h). */
	void (*listener)(void *context, const struct listener *report);
	/*
	 * The local ports of a network namespace. Called before the first session of the namespace,
	 * and when they have changed.
	 */
	void (*ports)(void *context, const struct port_space *space);
	/* At this point of the recording, the time was now_ns (CLOCK_MONOTONIC). */
	void (*tick)(void *context, uint64_t now_ns);
	void *context;
};

/* Calls transition or snapshot, by the kind of record. */
static inline enum delivery receiver_take(const struct receiver *receiver,
					  const struct transition *transition)
{
	return transition->facts & FACT_STANDING
		       ? receiver->snapshot(receiver->context, transition)
		       : receiver->transition(receiver->context, transition);
}

#endif
