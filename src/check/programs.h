/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel programs that this kernel accepts. */
#ifndef TCPSTATES_CHECK_PROGRAMS_H
#define TCPSTATES_CHECK_PROGRAMS_H

#include "check/facility.h"
#include "source/refusal.h"
#include "trace/wants.h"

/*
 * Loads, attaches and detaches all programs. wants: of a trace that has them all. False: the kernel
 * refuses a program that a trace needs; *refusal describes it.
 */
bool check_programs(struct facilities *facilities, const struct wants *wants,
		    struct refusal *refusal);

#endif
