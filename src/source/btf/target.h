/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs of a kernel object are attached to, as the number of its type. libbpf would find it
 * in a copy of all of the kernel's types that it makes for each object, which takes 10 ms.
 */
#ifndef TCPSTATES_SOURCE_BTF_TARGET_H
#define TCPSTATES_SOURCE_BTF_TARGET_H

#include <stdbool.h>

#include "source/btf/types.h"

struct bpf_object;  /* libbpf's */
struct bpf_program; /* libbpf's */

#define TARGET_SECTIONS 3

struct targets {
	const struct types *types;
	struct types_sought *sought; /* of each program that is to be loaded now */
	size_t count;
	int handlers[TARGET_SECTIONS]; /* libbpf's numbers of them */
};

/*
 * Before objects are opened; targets stay where they are until they are closed. Where types could
 * not be read all is left to libbpf.
 */
void targets_open(struct targets *targets, const struct types *types);

/* Looks up those of an object's programs; before it is loaded. */
void targets_seek(struct targets *targets, const struct bpf_object *object);

/* Whether this kernel has what a program of that object is to be attached to. */
bool targets_have(const struct targets *targets, const struct bpf_program *program);

/* After objects have been closed. */
void targets_close(struct targets *targets);

#endif
