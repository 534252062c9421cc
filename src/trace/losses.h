/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a trace could not deliver, counted since it began. */
#ifndef TCPSTATES_TRACE_LOSSES_H
#define TCPSTATES_TRACE_LOSSES_H

#include <stdint.h>

struct losses {
	uint64_t transitions; /* never delivered: the ring buffer was full */
	uint64_t details;     /* missing in delivered transitions: likewise */
	uint64_t clocks; /* delivered without a duration: no kernel memory for the socket's clock */
};

#endif
