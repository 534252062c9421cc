// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opens the second build of the kernel program through the skeleton of the first one. */
#include <errno.h>
#include <stdlib.h>

#include "bpf/shared.h"
#include "source/fallback.h"
#include "tcpstates.skel.h"

/* Only its bytes are used. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include "fallback.skel.h"
#pragma GCC diagnostic pop

/*
 * libbpf finds maps and programs by name, but the skeleton finds variables by offset. Both builds
 * have the same offsets unless a variable is in one of them only.
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

/* Like tcpstates_bpf__open_opts(), with other bytes. */
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
