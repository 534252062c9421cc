/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a source to the sinks: what passes the filter, as lines show it, and how many lines that
 * were. */
#ifndef TCPSTATES_DISPATCH_H
#define TCPSTATES_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/sink.h"
#include "trace/filter.h"
#include "trace/lifetime.h"
#include "trace/receiver.h"
#include "trace/wants.h"

struct dispatch {
	struct sinks *sinks;         /* borrowed, as the next two */
	const struct filter *filter; /* of what the sinks get */
	const struct wants *wants;   /* of the sinks */
	enum lifetime lifetime;      /* what lines show */
	uint64_t count_limit;        /* of the main output's lines, else of matches; 0: no limit */
	uint64_t count;              /* so far, where there is a limit */
};

/* What the source calls back. dispatch stays where it is. */
struct receiver dispatch_receiver(struct dispatch *dispatch);

/* It is now_ns (CLOCK_MONOTONIC), and what happened before has been handed over. */
void dispatch_tick(struct dispatch *dispatch, uint64_t now_ns);

/* The limit of -n is reached. */
static inline bool dispatch_has_enough(const struct dispatch *dispatch)
{
	return dispatch->count_limit && dispatch->count >= dispatch->count_limit;
}

#endif
