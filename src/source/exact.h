/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The second kernel object, ../bpf/exact.bpf.c: what a trace can do without, if it must. */
#ifndef TCPSTATES_SOURCE_EXACT_H
#define TCPSTATES_SOURCE_EXACT_H

#include <stdbool.h>

#include "trace/wants.h"
#include "source/btf/target.h"

struct exact_bpf; /* exact.skel.h and tcpstates.skel.h, generated from ../bpf */
struct tcpstates_bpf;

/*
 * Loaded and attached, as far as this kernel lets it, to work on the maps of a program that is
 * loaded; to be given to exact_bpf__destroy(). NULL when it cannot be. With -v it says what is
 * missing then.
 */
struct exact_bpf *exact_attach(const struct tcpstates_bpf *program, const struct wants *wants,
			       struct targets *targets);

/* Whether it tells of half-open sessions; NULL: no. */
bool exact_sees_requests(const struct exact_bpf *exact);

#endif
