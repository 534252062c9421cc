/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel program, from options to attached. */
#ifndef TCPSTATES_SOURCE_PROGRAM_H
#define TCPSTATES_SOURCE_PROGRAM_H

#include "bpf/shared.h"
#include "trace/wants.h"
#include "source/btf/target.h"

struct tcpstates_bpf; /* tcpstates.skel.h, generated from ../bpf */

/* Loaded, not attached; to be given to tcpstates_bpf__destroy(). NULL on failure, reported already.
 */
struct tcpstates_bpf *program_load(const struct wants *wants, struct targets *targets);

/* 0, or -1 after a report. */
int program_attach(struct tcpstates_bpf *program);

#endif
