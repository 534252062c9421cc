// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads BTF as Documentation/bpf/btf.rst specifies it. */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/btf/types.h"
#include "source/surroundings.h"

#define KIND_MAX BTF_KIND_ENUM64

/* In types.at, this many bits are the position of a type; the others are its kind. */
#define PLACE_BITS 27
#define PLACE_END  (1u << PLACE_BITS)

/* The size of a type after its header: a fixed part, and a part for each of its elements. */
static const struct {
	unsigned char fixed, each;
} tails[KIND_MAX + 1] = {
	[BTF_KIND_INT] = {.fixed = sizeof(__u32)},
	[BTF_KIND_ARRAY] = {.fixed = sizeof(struct btf_array)},
	[BTF_KIND_STRUCT] = {.each = sizeof(struct btf_member)},
	[BTF_KIND_UNION] = {.each = sizeof(struct btf_member)},
	[BTF_KIND_ENUM] = {.each = sizeof(struct btf_enum)},
	[BTF_KIND_FUNC_PROTO] = {.each = sizeof(struct btf_param)},
	[BTF_KIND_VAR] = {.fixed = sizeof(struct btf_var)},
	[BTF_KIND_DATASEC] = {.each = sizeof(struct btf_var_secinfo)},
	[BTF_KIND_DECL_TAG] = {.fixed = sizeof(struct btf_decl_tag)},
	[BTF_KIND_ENUM64] = {.each = sizeof(struct btf_enum64)},
};

size_t types_size(const struct btf_type *type)
{
	unsigned int kind = btf_kind(type);

	return sizeof(*type) + tails[kind].fixed + (size_t)tails[kind].each * btf_vlen(type);
}

const struct btf_type *types_at(const struct types *types, uint32_t number)
{
	return (const void *)(types->data + types->at[number] % PLACE_END);
}

unsigned int types_kind(const struct types *types, uint32_t number)
{
	return types->at[number] / PLACE_END;
}

const char *types_name(const struct types *types, uint32_t offset)
{
	return offset < types->strings_size ? types->strings + offset : "";
}

/* Stores the position of each type. -EINVAL if a kind is unknown or the data is truncated. */
static int index_types(struct types *types, size_t begin, size_t end)
{
	/* No type is smaller than its header, and number 0 is void. */
	types->at = calloc((end - begin) / sizeof(struct btf_type) + 1, sizeof(*types->at));
	if (!types->at)
		return -EINVAL;
	while (end - begin >= sizeof(struct btf_type)) {
		const struct btf_type *type = (const void *)(types->data + begin);

		if (btf_kind(type) > KIND_MAX || types_size(type) > end - begin)
			return -EINVAL;
		types->at[++types->count] = begin | (uint32_t)btf_kind(type) << PLACE_BITS;
		begin += types_size(type);
	}
	return begin == end ? 0 : -EINVAL;
}

int types_take(struct types *types, const void *data, size_t size)
{
	const struct btf_header *header = data;
	int err = -EINVAL;

	*types = (struct types){.data = data};
	if (size >= sizeof(*header) && size < PLACE_END && header->magic == BTF_MAGIC &&
	    header->hdr_len <= size &&
	    (uint64_t)header->type_off + header->type_len <= size - header->hdr_len &&
	    (uint64_t)header->str_off + header->str_len <= size - header->hdr_len) {
		uint32_t begin = header->hdr_len + header->type_off;

		types->strings = types->data + header->hdr_len + header->str_off;
		types->strings_size = header->str_len;
		/* So that every string is terminated. */
		if (header->str_len && !types->strings[header->str_len - 1])
			err = index_types(types, begin, begin + header->type_len);
	}
	if (err)
		types_close(types);
	return err;
}

/* Before 6.16 it can only be read, which takes 4 ms, and not mapped. NULL: neither is possible. */
static void *map_file(int fd, size_t size)
{
	char *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	size_t done = 0;
	ssize_t n;

	if (data != MAP_FAILED)
		return data;
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	while (done < size && (n = read(fd, data + done, size - done)) > 0)
		done += n;
	return data;
}

void types_open(struct types *types)
{
	int fd = open(KERNEL_TYPES, O_RDONLY | O_CLOEXEC);
	void *data = NULL;
	struct stat status;

	*types = (struct types){0};
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && status.st_size)
		data = map_file(fd, status.st_size);
	close(fd);
	if (!data)
		return;
	if (types_take(types, data, status.st_size))
		munmap(data, status.st_size);
	else
		types->mapped = status.st_size;
}

void types_close(struct types *types)
{
	if (types->mapped)
		munmap((void *)types->data, types->mapped);
	free(types->at);
	*types = (struct types){0};
}

static void see(struct types_sought *sought, size_t count, unsigned int kind, const char *name,
		uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (!sought[i].number && sought[i].kind == kind && !strcmp(sought[i].name, name))
			sought[i].number = number;
}

void types_find(const struct types *types, struct types_sought *sought, size_t count)
{
	/* By kind and first letter, which most kernel types do not match. */
	bool begins[KIND_MAX + 1][256] = {0}, kinds[KIND_MAX + 1] = {0};

	for (size_t i = 0; i < count; i++) {
		kinds[sought[i].kind] = true;
		begins[sought[i].kind][(unsigned char)sought[i].name[0]] = true;
		sought[i].number = 0;
	}
	for (uint32_t i = 1; i <= types->count; i++) {
		unsigned int kind = types_kind(types, i);
		const char *name;

		if (!kinds[kind])
			continue;
		name = types_name(types, types_at(types, i)->name_off);
		if (begins[kind][(unsigned char)name[0]])
			see(sought, count, kind, name, i);
	}
}

uint32_t types_find_function(const struct types *types, const char *name)
{
	struct types_sought sought = {.kind = BTF_KIND_FUNC};

	snprintf(sought.name, sizeof(sought.name), "%s", name);
	types_find(types, &sought, 1);
	return sought.number;
}
