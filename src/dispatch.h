/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a source to the sinks: filters, converts for lines, and counts the lines. */
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
	struct sinks *sinks;         /* borrowed, like the next two */
	const struct filter *filter; /* of what the sinks get */
	const struct wants *wants;   /* of the sinks */
	enum lifetime lifetime;      /* what lines show */
	uint64_t count_limit;        /* on lines of the main output, else on matches; 0: no limit */
	uint64_t count;              /* so far, if there is a limit */
	uint64_t newest_ns; /* monotonic, of what the sinks have got, if there is a limit */
	bool is_ending;     /* the rest passes although the limit is reached */
};

/* The callbacks for the source. dispatch must not move. */
struct receiver dispatch_receiver(struct dispatch *dispatch);

/* The time is now_ns (CLOCK_MONOTONIC), and earlier events have been delivered. */
void dispatch_tick(struct dispatch *dispatch, uint64_t now_ns);

/* Whether the limit of -n is reached. */
static inline bool dispatch_has_enough(const struct dispatch *dispatch)
{
	return dispatch->count_limit && dispatch->count >= dispatch->count_limit;
}

#endif
