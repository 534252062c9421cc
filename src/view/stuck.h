/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stuck sessions: how long each state may last before it is reported. */
#ifndef TCPSTATES_VIEW_STUCK_H
#define TCPSTATES_VIEW_STUCK_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/limits.h"

/* The given limits, with the default limit for each state that has none. */
struct state_limits stuck_limits(const struct state_limits *given);

/*
 * When to report a session next that entered its state at since_ns and was last reported at
 * after_ns (0: never): once it has been there for limit_ns, twice, four times, ... as long. Times
 * are monotonic. UINT64_MAX: never.
 */
uint64_t stuck_due_ns(uint64_t limit_ns, uint64_t since_ns, uint64_t after_ns);

#endif
