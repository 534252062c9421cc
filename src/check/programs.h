/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which kernel programs this kernel takes. */
#ifndef TCPSTATES_CHECK_PROGRAMS_H
#define TCPSTATES_CHECK_PROGRAMS_H

#include "check/facility.h"
#include "source/refusal.h"
#include "trace/wants.h"

/*
 * Loads and attaches all of them, and ends them. wants: of a trace that has them all. False when
 * a trace cannot do without what is refused, with the refusal.
 */
bool check_programs(struct facilities *facilities, const struct wants *wants,
		    struct refusal *refusal);

#endif
