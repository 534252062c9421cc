/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be asked without a kernel program. */
#ifndef TCPSTATES_CHECK_ENVIRONMENT_H
#define TCPSTATES_CHECK_ENVIRONMENT_H

#include <stdint.h>

#include "check/facility.h"

/* ring_size: of the ring buffer that a trace would have, in bytes. */
void check_environment(struct facilities *facilities, uint64_t ring_size);

#endif
