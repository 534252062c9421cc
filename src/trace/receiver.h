/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a source calls back: one function a kind of news, for whoever reads it. */
#ifndef TCPSTATES_TRACE_RECEIVER_H
#define TCPSTATES_TRACE_RECEIVER_H

#include <stdint.h>

#include "trace/tally.h"
#include "trace/transition.h"

enum delivery {
	DELIVERY_CONTINUE,
	DELIVERY_PAUSE, /* hand over nothing more in this read */
	DELIVERY_STOP,  /* hand over nothing more at all */
};

/* All functions are set. What they are given is valid during the call. */
struct receiver {
	/* A session changed its state. In the order of the source. */
	enum delivery (*transition)(void *context, const struct transition *transition);
	/*
	 * A session as it is, though nothing changed (FACT_STANDING): newstate is its state, which
	 * oldstate is too, and duration_ns the time in it so far. From the initial scan, and from
	 * later scans of sessions that stay in a state.
	 */
	enum delivery (*snapshot)(void *context, const struct transition *session);
	/* Transitions that are alike, which the kernel added up. Before the next tick. */
	void (*tally)(void *context, const struct tally *tally);
	/* A recording says that it was now_ns (CLOCK_MONOTONIC) when the trace had come so far. */
	void (*tick)(void *context, uint64_t now_ns);
	void *context;
};

/* A record in the form of a transition, by its kind. */
static inline enum delivery receiver_take(const struct receiver *receiver,
					  const struct transition *transition)
{
	return transition->facts & FACT_STANDING
		       ? receiver->snapshot(receiver->context, transition)
		       : receiver->transition(receiver->context, transition);
}

#endif
