/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection of the program's own, on loopback, through all that a trace consists of. */
#ifndef TCPSTATES_CHECK_TRIAL_H
#define TCPSTATES_CHECK_TRIAL_H

#include "check/facility.h"
#include "source/refusal.h"
#include "trace/wants.h"

/*
 * Traces, connects, and holds what arrives against what it did. wants: of a trace with details.
 * May leave this process in a network namespace of its own. False when changes do not arrive, with
 * the refusal.
 */
bool check_trial(struct facilities *facilities, const struct wants *wants, struct refusal *refusal);

#endif
