// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From what an object names to all that it takes to read that, under new numbers. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "types_cut.h"

/* The names sought, by their first letters: most of the kernel's have none of these. */
struct names {
	const char **name;
	size_t count;
	bool begins[256];
};

/* Which a type of the kernel's is found by. */
static bool is_found_by_name(const struct btf_type *type)
{
	return type->name_off && (btf_is_composite(type) || btf_is_any_enum(type));
}

/* What is behind ___ tells variants of a type apart (libbpf). */
static size_t name_length(const char *name)
{
	const char *variant = strstr(name, "___");

	return variant ? (size_t)(variant - name) : strlen(name);
}

static bool names_collect(struct names *names, const struct btf *local)
{
	names->name = calloc(btf__type_cnt(local), sizeof(*names->name));
	if (!names->name)
		return false;
	for (uint32_t i = 1; i < btf__type_cnt(local); i++) {
		const struct btf_type *type = btf__type_by_id(local, i);
		const char *name;

		if (!is_found_by_name(type))
			continue;
		name = btf__name_by_offset(local, type->name_off);
		names->name[names->count++] = name;
		names->begins[(unsigned char)name[0]] = true;
	}
	return true;
}

static bool names_have(const struct names *names, const char *name)
{
	size_t length;

	if (!names->begins[(unsigned char)name[0]])
		return false;
	length = name_length(name);
	for (size_t i = 0; i < names->count; i++)
		if (!strncmp(names->name[i], name, length) && name_length(names->name[i]) == length)
			return true;
	return false;
}

struct cut {
	const struct types *all;
	uint32_t *number; /* of each of all in the cut; 0: not in it */
	uint32_t *kept;   /* each of the cut in all */
	uint32_t count;
	struct buffer types, strings;
};

static uint32_t cut_keep(struct cut *cut, uint32_t number)
{
	if (!number || number > cut->all->count)
		return 0;
	if (!cut->number[number]) {
		cut->kept[++cut->count] = number;
		cut->number[number] = cut->count;
	}
	return cut->number[number];
}

static uint32_t cut_name(struct cut *cut, uint32_t offset)
{
	const char *name = types_name(cut->all, offset);
	uint32_t place = cut->strings.length;

	if (!name[0])
		return 0;
	buffer_append(&cut->strings, name, strlen(name) + 1);
	return place;
}

/* Pointers are to anything: what they point to is looked up by its own name. */
static void cut_parts(struct cut *cut, struct btf_type *type)
{
	struct btf_member *members = btf_members(type);
	struct btf_array *array = btf_array(type);
	unsigned int kind = btf_kind(type);

	if (btf_is_mod(type) || kind == BTF_KIND_TYPEDEF || kind == BTF_KIND_TYPE_TAG) {
		type->type = cut_keep(cut, type->type);
	} else if (kind == BTF_KIND_PTR) {
		type->type = 0;
	} else if (kind == BTF_KIND_ARRAY) {
		array->type = cut_keep(cut, array->type);
		array->index_type = cut_keep(cut, array->index_type);
	} else if (btf_is_composite(type)) {
		for (int i = 0; i < btf_vlen(type); i++) {
			members[i].name_off = cut_name(cut, members[i].name_off);
			members[i].type = cut_keep(cut, members[i].type);
		}
	} else if (kind == BTF_KIND_ENUM) {
		for (int i = 0; i < btf_vlen(type); i++)
			btf_enum(type)[i].name_off = cut_name(cut, btf_enum(type)[i].name_off);
	} else if (kind == BTF_KIND_ENUM64) {
		for (int i = 0; i < btf_vlen(type); i++)
			btf_enum64(type)[i].name_off = cut_name(cut, btf_enum64(type)[i].name_off);
	}
}

static void cut_copy(struct cut *cut, uint32_t number)
{
	const struct btf_type *type = types_at(cut->all, number);
	char *place = buffer_reserve(&cut->types, types_size(type));
	struct btf_type *copy = (void *)place;

	if (!place)
		return;
	memcpy(copy, type, types_size(type));
	buffer_commit(&cut->types, place + types_size(type));
	copy->name_off = cut_name(cut, copy->name_off);
	cut_parts(cut, copy);
}

static void cut_write(const struct cut *cut, struct buffer *out)
{
	const struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = cut->types.length,
		.str_off = cut->types.length,
		.str_len = cut->strings.length,
	};

	buffer_append(out, &header, sizeof(header));
	buffer_append(out, cut->types.data, cut->types.length);
	buffer_append(out, cut->strings.data, cut->strings.length);
}

static void cut_fill(struct cut *cut, const struct names *names)
{
	for (uint32_t i = 1; i <= cut->all->count; i++) {
		const struct btf_type *type = types_at(cut->all, i);

		if (is_found_by_name(type) &&
		    names_have(names, types_name(cut->all, type->name_off)))
			cut_keep(cut, i);
	}
	/* The first string is that of what has no name. */
	buffer_append(&cut->strings, "", 1);
	for (uint32_t i = 1; i <= cut->count; i++)
		cut_copy(cut, cut->kept[i]);
}

bool types_cut(const struct types *types, const struct btf *local, struct buffer *out)
{
	struct cut cut = {.all = types};
	struct names names = {0};

	cut.number = calloc(types->count + 1, sizeof(*cut.number));
	cut.kept = calloc(types->count + 1, sizeof(*cut.kept));
	if (cut.number && cut.kept && names_collect(&names, local)) {
		cut_fill(&cut, &names);
		if (!cut.types.out_of_memory && !cut.strings.out_of_memory)
			cut_write(&cut, out);
	}
	free(names.name);
	free(cut.number);
	free(cut.kept);
	buffer_free(&cut.types);
	buffer_free(&cut.strings);
	return out->length && !out->out_of_memory;
}

static int buffer_file(const struct buffer *buffer)
{
	int fd = memfd_create("types", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, buffer->data, buffer->length) != (ssize_t)buffer->length) {
		close(fd);
		fd = -1;
	}
	return fd;
}

const char *types_file_open(struct types_file *file, const struct types *types,
			    types_object *object)
{
	struct bpf_object *opened = NULL;
	struct buffer cut = {0};
	const void *bytes;
	size_t size;

	file->fd = -1;
	bytes = object(&size);
	if (types->count)
		opened = bpf_object__open_mem(bytes, size, NULL);
	if (opened && types_cut(types, bpf_object__btf(opened), &cut))
		file->fd = buffer_file(&cut);
	bpf_object__close(opened);
	buffer_free(&cut);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	return file->fd < 0 ? NULL : file->path;
}

void types_file_close(const struct types_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}
