/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A summary's transitions, aggregated by the kernel program (bpf/tally_map.h). */
#ifndef TCPSTATES_SOURCE_TALLY_READER_H
#define TCPSTATES_SOURCE_TALLY_READER_H

#include <stdbool.h>

#include "trace/wants.h"
#include "source/source.h"

struct tcpstates_bpf;

/*
 * Whether the kernel can aggregate: no other output needs each transition, and the kernel program
 * has the keys and can check the filters. NULL, or the reason why not; "" if no summary is wanted.
 */
const char *tally_obstacle(const struct wants *wants);

/* Call it before load. */
void tally_configure(struct tcpstates_bpf *program, const struct wants *wants);

/* Hands over the tallies since the last call. */
void tally_read(struct tcpstates_bpf *program, const struct receiver *receiver);

#endif
