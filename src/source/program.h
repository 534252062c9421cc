/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel program: from options to attached programs. */
#ifndef TCPSTATES_SOURCE_PROGRAM_H
#define TCPSTATES_SOURCE_PROGRAM_H

#include <stdint.h>

#include "bpf/shared.h"
#include "trace/wants.h"
#include "source/btf/target.h"
#include "source/refusal.h"

struct tcpstates_bpf; /* tcpstates.skel.h, generated from ../bpf */

/*
 * Loaded, not attached; the caller frees it with tcpstates_bpf__destroy(). NULL on failure, with
 * the refusal. probe_cookie: of the socket whose changes are not transitions (start_probe.h); 0:
 * none.
 */
struct tcpstates_bpf *program_load(const struct wants *wants, struct targets *targets,
				   uint64_t probe_cookie, struct refusal *refusal);

/* 0, or -1 with the refusal. */
int program_attach(struct tcpstates_bpf *program, struct refusal *refusal);

/* What a trace lacks without a program, by its name; NULL: the program is required. */
const char *program_lack(const char *program);

#endif
