/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types: its BTF. */
#ifndef TCPSTATES_SOURCE_BTF_TYPES_H
#define TCPSTATES_SOURCE_BTF_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct btf_type; /* linux/btf.h */

struct types {
	const char *data; /* as in /sys/kernel/btf/vmlinux */
	size_t mapped;    /* bytes to unmap; 0: the caller owns data */
	const char *strings;
	size_t strings_size;
	uint32_t *at;   /* kind and position in data of each type, by its number from 1 on; owned */
	uint32_t count; /* the highest number */
};

/*
 * Zeroed if the types cannot be read or have a newer format: the functions below then do nothing.
 */
void types_open(struct types *types);

/* Like types_open(), for data that must outlive types. 0, or -EINVAL with types zeroed. */
int types_take(struct types *types, const void *data, size_t size);

/* A type to look for. */
struct types_sought {
	unsigned int kind; /* BTF_KIND_* */
	char name[64];
	uint32_t number; /* 0: not found */
};

/* Looks up all at once, which takes little longer than one. */
void types_find(const struct types *types, struct types_sought *sought, size_t count);

/* The number of a kernel function; 0: not found. */
uint32_t types_find_function(const struct types *types, const char *name);

/* The kind of a number from 1 to count; does not read the type. */
unsigned int types_kind(const struct types *types, uint32_t number);

/* For numbers from 1 to count: the type, its size with all elements, and the name at an offset. */
const struct btf_type *types_at(const struct types *types, uint32_t number);
size_t types_size(const struct btf_type *type);
const char *types_name(const struct types *types, uint32_t offset);

void types_close(struct types *types);

#endif
