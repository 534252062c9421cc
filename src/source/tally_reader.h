/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A summary's transitions, added up by the kernel program (bpf/tally_map.h). */
#ifndef TCPSTATES_SOURCE_TALLY_READER_H
#define TCPSTATES_SOURCE_TALLY_READER_H

#include <stdbool.h>

#include "trace/wants.h"
#include "source/source.h"

struct tcpstates_bpf;

/*
 * Whether the kernel can do that: nothing else asks for each transition, and it knows the keys and
 * can judge the filters. NULL, or what keeps it from that; "" when no summary is asked for.
 */
const char *tally_obstacle(const struct wants *wants);

/* Before load. */
void tally_configure(struct tcpstates_bpf *program, const struct wants *wants);

/* Hands over what was added up since the last time. */
void tally_read(struct tcpstates_bpf *program, const struct receiver *receiver);

#endif
