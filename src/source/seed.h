/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sessions that were there before the trace. */
#ifndef TCPSTATES_SOURCE_SEED_H
#define TCPSTATES_SOURCE_SEED_H

#include "minisock.h"

struct tcpstates_bpf; /* tcpstates.skel.h, generated from ../bpf */

/*
 * Lets the attached kernel program know of all sockets and who has them; minisocks: to be told of
 * those that are there already, or NULL. What cannot be done is said with -v.
 */
void seed_sessions(const struct tcpstates_bpf *program, struct minisocks *minisocks);

#endif
