/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be checked without a kernel program. */
#ifndef TCPSTATES_CHECK_ENVIRONMENT_H
#define TCPSTATES_CHECK_ENVIRONMENT_H

#include <stdint.h>

#include "check/facility.h"

/* ring_size: of the trace's ring buffer, in bytes. */
void check_environment(struct facilities *facilities, uint64_t ring_size);

#endif
