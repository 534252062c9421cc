// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opens the second build of the kernel program through the skeleton of the first one. */
#include <errno.h>
#include <stdlib.h>

#include "bpf/shared.h"
#include "source/fallback.h"
#include "tcpstates.skel.h"

/* Of this one the bytes alone are used. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include "fallback.skel.h"
#pragma GCC diagnostic pop

/*
 * Maps and programs are found by name, variables by their places, which are the same in both as the
 * source is: only what is there in one of them alone could make them differ.
 */
#define SAME_SIZE(part)                                                  \
	_Static_assert(sizeof(((struct tcpstates_bpf *)0)->part) ==      \
			       sizeof(((struct fallback_bpf *)0)->part), \
		       "the kernel program's builds have the same " #part)

SAME_SIZE(maps);
SAME_SIZE(progs);
SAME_SIZE(data_armed[0]);
SAME_SIZE(rodata_filter[0]);
SAME_SIZE(bss[0]);
SAME_SIZE(rodata[0]);

/* As tcpstates_bpf__open_opts(), but for the bytes. */
struct tcpstates_bpf *fallback_open(const struct bpf_object_open_opts *with)
{
	struct tcpstates_bpf *program = calloc(1, sizeof(*program));
	int err;

	if (!program)
		return NULL;
	err = tcpstates_bpf__create_skeleton(program);
	if (!err) {
		program->skeleton->data =
			(void *)fallback_bpf__elf_bytes(&program->skeleton->data_sz);
		err = bpf_object__open_skeleton(program->skeleton, with);
	}
	if (!err)
		return program;
	tcpstates_bpf__destroy(program);
	errno = -err;
	return NULL;
}
