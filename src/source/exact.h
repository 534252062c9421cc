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
 * Is told of each program that is wanted, by the kernel's function that it is for: err is 0 when it
 * is attached, else it says why not (exact_reason()), and lack what a trace has not without it.
 */
struct exact_listener {
	void (*report)(void *context, const char *function, const char *lack, int err);
	void *context;
};

/* A listener that says with -v what is missing. */
void exact_say_missing(void *context, const char *function, const char *lack, int err);

const char *exact_reason(int err);

/*
 * Loaded and attached, as far as this kernel lets it, to work on the maps of a program that is
 * loaded; to be given to exact_bpf__destroy(). NULL when it cannot be.
 */
struct exact_bpf *exact_attach(const struct tcpstates_bpf *program, const struct wants *wants,
			       struct targets *targets, const struct exact_listener *listener);

/* Whether it tells of half-open sessions; NULL: no. */
bool exact_sees_requests(const struct exact_bpf *exact);

#endif
