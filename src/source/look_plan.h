/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When to check a minisock again, so that its end is found soon and the checks cost little. */
#ifndef TCPSTATES_SOURCE_LOOK_PLAN_H
#define TCPSTATES_SOURCE_LOOK_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "trace/transition.h"

/*
 * The time of the next check (CLOCK_MONOTONIC) after now_ns, of count minisocks. t: one of them,
 * in newstate since time_ns, and its timer is due at due_ns; of a half-open session, oldstate is
 * SYN_RECV or newstate is, and due_ns is not used.
 */
uint64_t look_next(const struct transition *t, uint64_t now_ns, size_t count);

#endif
