/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the BTF type numbers of what a kernel object's programs are attached to. libbpf would parse
 * all of the kernel's types again for each object, which takes 10 ms.
 */
#ifndef TCPSTATES_SOURCE_BTF_TARGET_H
#define TCPSTATES_SOURCE_BTF_TARGET_H

#include <stdbool.h>

#include "source/btf/types.h"

struct bpf_object;  /* libbpf's */
struct bpf_program; /* libbpf's */

#define TARGET_SECTIONS 4

struct targets {
	const struct types *types;
	struct types_sought *sought; /* one for each program that is to be loaded */
	size_t count;
	int handlers[TARGET_SECTIONS]; /* their numbers in libbpf */
};

/*
 * Call it before objects are opened; targets must not move until they are closed. If types could
 * not be read, libbpf does all the work.
 */
void targets_open(struct targets *targets, const struct types *types);

/* Looks up the targets of an object's programs. Call it before the object is loaded. */
void targets_seek(struct targets *targets, const struct bpf_object *object);

/* Whether this kernel has the target of that program. */
bool targets_have(const struct targets *targets, const struct bpf_program *program);

/* Call it after the objects are closed. */
void targets_close(struct targets *targets);

#endif
