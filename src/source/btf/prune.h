/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, reduced to those that a kernel object names. libbpf searches all types, a
 * hundred thousand, by name for each type of the object: 1 ms each.
 */
#ifndef TCPSTATES_SOURCE_BTF_PRUNE_H
#define TCPSTATES_SOURCE_BTF_PRUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buffer.h"
#include "source/btf/types.h"

struct btf; /* libbpf's */

/* The types whose names are in local too, and what they contain. False without memory. */
bool types_cut(const struct types *types, const struct btf *local, struct buffer *cut);

/* A file with these types, for an object's struct bpf_object_open_opts. */
struct types_file {
	int fd;
	char path[32];
};

/* The bytes of a skeleton's object. */
typedef const void *types_object(size_t *size);

/* The path of the file; NULL: libbpf uses all types. */
const char *types_file_open(struct types_file *file, const struct types *types,
			    types_object *object);

/* Call it once the object is loaded. */
void types_file_close(const struct types_file *file);

#endif
