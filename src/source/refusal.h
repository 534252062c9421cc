/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why the kernel refused a program, as far as can be found out afterwards, and what to try. */
#ifndef TCPSTATES_SOURCE_REFUSAL_H
#define TCPSTATES_SOURCE_REFUSAL_H

#include <stdint.h>

struct refusal {
	char text[480]; /* one line, without a full stop; the reason, ";", what to try */
};

/*
 * what: that failed, as a sentence of its own; err: a negative errno; locked: bytes of memory that
 * the maps take, 0: not known.
 */
void refusal_explain(struct refusal *refusal, const char *what, int err, uint64_t locked);

#endif
