/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transitions that a summary does not distinguish, added up. */
#ifndef TCPSTATES_TRACE_TALLY_H
#define TCPSTATES_TRACE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/transition.h"

struct tally {
	const struct transition *transition; /* states, what the summary needs, and how the
						durations are known (flags) */
	uint64_t count;
	uint64_t sum_ns; /* of the durations, if known */
	uint64_t max_ns;
	unsigned int bucket; /* of all the durations (lib/bucket.h), likewise */
	/*
	 * Nobody saw these: the sessions were in newstate when their next transition came. oldstate
	 * is where they were before; CLOSE: not known at all. To be counted nowhere but in NOW.
	 */
	bool is_unseen;
};

#endif
