/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why the kernel rejected a program, as far as it can be found out afterwards, and what to try. */
#ifndef TCPSTATES_SOURCE_REFUSAL_H
#define TCPSTATES_SOURCE_REFUSAL_H

#include <stdint.h>

struct refusal {
	char text[480]; /* one line, without a full stop; the reason, ";", what to try */
};

/*
 * what: what failed, as a complete sentence; err: a negative errno; locked: bytes of memory for the
 * maps, 0: not known.
 */
void refusal_explain(struct refusal *refusal, const char *what, int err, uint64_t locked);

#endif
