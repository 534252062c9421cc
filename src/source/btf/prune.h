/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, cut down to those that a kernel object names. libbpf goes through all of
 * them, a hundred thousand, by name for each type of the object: a millisecond each.
 */
#ifndef TCPSTATES_SOURCE_BTF_PRUNE_H
#define TCPSTATES_SOURCE_BTF_PRUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buffer.h"
#include "source/btf/types.h"

struct btf; /* libbpf's */

/* Those with names that local has too, and what is inside of them; false without memory. */
bool types_cut(const struct types *types, const struct btf *local, struct buffer *cut);

/* A file with them, for an object's struct bpf_object_open_opts. */
struct types_file {
	int fd;
	char path[32];
};

/* A skeleton's bytes. */
typedef const void *types_object(size_t *size);

/* Its path; NULL: all types are to be used. */
const char *types_file_open(struct types_file *file, const struct types *types,
			    types_object *object);

/* Once the object is loaded. */
void types_file_close(const struct types_file *file);

#endif
