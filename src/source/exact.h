/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The second kernel object, ../bpf/exact.bpf.c, which is optional for a trace. */
#ifndef TCPSTATES_SOURCE_EXACT_H
#define TCPSTATES_SOURCE_EXACT_H

#include <stdbool.h>

#include "trace/wants.h"
#include "source/btf/target.h"

struct exact_bpf; /* exact.skel.h and tcpstates.skel.h, generated from ../bpf */
struct tcpstates_bpf;

/*
 * Called for each wanted program, with the kernel function that it traces. err: 0 if it is
 * attached, else a negative errno (exact_reason()); lack: what the trace lacks without it.
 */
struct exact_listener {
	void (*report)(void *context, const char *function, const char *lack, int err);
	void *context;
};

/* A listener that reports missing programs with -v. */
void exact_say_missing(void *context, const char *function, const char *lack, int err);

const char *exact_reason(int err);

/*
 * Loads the second object and attaches what this kernel allows; it shares the maps of a loaded
 * program. The caller frees it with exact_bpf__destroy(). NULL if it cannot be loaded.
 */
struct exact_bpf *exact_attach(const struct tcpstates_bpf *program, const struct wants *wants,
			       struct targets *targets, const struct exact_listener *listener);

/* Whether it reports half-open sessions. NULL: no. */
bool exact_sees_requests(const struct exact_bpf *exact);

/* What it tells of listeners: enum listener_known. NULL: nothing. */
unsigned int exact_listener_known(const struct exact_bpf *exact);

#endif
