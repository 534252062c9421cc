/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transitions that are alike in all that a summary tells them apart by, added up. */
#ifndef TCPSTATES_TRACE_TALLY_H
#define TCPSTATES_TRACE_TALLY_H

#include <stdint.h>

#include "trace/transition.h"

struct tally {
	const struct transition *transition; /* the states, what the summary asks for, and what is
						known of the durations (flags) */
	uint64_t count;
	uint64_t sum_ns; /* of their durations, where they are known */
	uint64_t max_ns;
	unsigned int bucket; /* they are all in (lib/bucket.h), likewise */
};

#endif
