/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A test connection on loopback, through all parts of a trace. */
#ifndef TCPSTATES_CHECK_TRIAL_H
#define TCPSTATES_CHECK_TRIAL_H

#include "check/facility.h"
#include "source/refusal.h"
#include "trace/wants.h"

/*
 * Traces, connects, and compares what arrives with what it did. wants: of a trace with details. May
 * leave this process in a network namespace of its own. False: transitions are missing; *refusal
 * describes it.
 */
bool check_trial(struct facilities *facilities, const struct wants *wants, struct refusal *refusal);

#endif
