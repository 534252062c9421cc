// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Keeps the types that an object names and everything needed to read them, with new numbers. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/btf/prune.h"

/*
 * A hash table of the names sought, by their first two letters: most kernel names match no chain,
 * and the others a short one.
 */
struct names {
	const char **name;
	uint16_t *next; /* for each name, the index of the next in its chain, plus 1 */
	size_t count;
	uint16_t first[1 << 10];
};

/* Whether libbpf looks a kernel type of that kind up by its name. */
static bool is_found_by_name(unsigned int kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_ENUM64;
}

/* A suffix after ___ distinguishes variants of a type (libbpf). */
static size_t name_length(const char *name)
{
	const char *variant = strstr(name, "___");

	return variant ? (size_t)(variant - name) : strlen(name);
}

/* A name of one letter may have a suffix, which is not part of the name. */
static uint16_t *names_chain(struct names *names, const char *name)
{
	unsigned int second = strncmp(name + 1, "___", 3) ? (unsigned char)name[1] : 0;

	return &names->first[((unsigned char)name[0] * 5 ^ second) % (1 << 10)];
}

static void names_add(struct names *names, const char *name)
{
	uint16_t *first = names_chain(names, name);

	names->name[names->count] = name;
	names->next[names->count] = *first;
	*first = ++names->count;
}

/* False without memory, or if there are too many names. */
static bool names_open(struct names *names, size_t room)
{
	names->name = calloc(room, sizeof(*names->name));
	names->next = calloc(room, sizeof(*names->next));
	return names->name && names->next && room <= UINT16_MAX;
}

static void names_free(struct names *names)
{
	free(names->name);
	free(names->next);
}

static bool names_have(struct names *names, const char *name)
{
	uint16_t place = *names_chain(names, name);
	size_t length;

	if (!place)
		return false;
	length = name_length(name);
	for (; place; place = names->next[place - 1]) {
		const char *sought = names->name[place - 1];

		if (!strncmp(sought, name, length) && name_length(sought) == length)
			return true;
	}
	return false;
}

/* The names in an object: of types and of members. */
struct wanted {
	struct names types, members;
};

static void wanted_add_members(struct wanted *wanted, const struct btf *local,
			       const struct btf_type *type)
{
	const struct btf_member *members = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++)
		if (members[i].name_off)
			names_add(&wanted->members,
				  btf__name_by_offset(local, members[i].name_off));
}

static size_t count_members(const struct btf *local)
{
	size_t count = 0;

	for (uint32_t i = 1; i < btf__type_cnt(local); i++) {
		const struct btf_type *type = btf__type_by_id(local, i);

		count += btf_is_composite(type) ? btf_vlen(type) : 0;
	}
	return count;
}

static bool wanted_collect(struct wanted *wanted, const struct btf *local)
{
	if (!names_open(&wanted->types, btf__type_cnt(local)) ||
	    !names_open(&wanted->members, count_members(local) + 1))
		return false;
	for (uint32_t i = 1; i < btf__type_cnt(local); i++) {
		const struct btf_type *type = btf__type_by_id(local, i);

		if (type->name_off && is_found_by_name(btf_kind(type)))
			names_add(&wanted->types, btf__name_by_offset(local, type->name_off));
		if (btf_is_composite(type))
			wanted_add_members(wanted, local, type);
	}
	return true;
}

static void wanted_free(struct wanted *wanted)
{
	names_free(&wanted->types);
	names_free(&wanted->members);
}

struct cut {
	const struct types *all;
	struct wanted wanted;
	uint32_t *number; /* new number of each of the kernel's types; 0: dropped */
	uint32_t *kept;   /* old number of each type that is kept */
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

/* A member without a name is kept: its own members have the names. */
static bool is_member_wanted(struct cut *cut, const struct btf_member *member)
{
	return !member->name_off ||
	       names_have(&cut->wanted.members, types_name(cut->all, member->name_off));
}

/*
 * Keeps the members that an object names, because libbpf finds them by name. Offsets do not change.
 */
static void cut_members(struct cut *cut, struct btf_type *type)
{
	struct btf_member *members = btf_members(type);
	int count = 0;

	for (int i = 0; i < btf_vlen(type); i++) {
		struct btf_member member = members[i];

		if (!is_member_wanted(cut, &member))
			continue;
		member.name_off = cut_name(cut, member.name_off);
		member.type = cut_keep(cut, member.type);
		members[count++] = member;
	}
	type->info = (type->info & ~0xffffu) | count;
}

/* A pointer becomes a pointer to void: the object looks its target up by name. */
static void cut_parts(struct cut *cut, struct btf_type *type)
{
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
		cut_members(cut, type);
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
	copy->name_off = cut_name(cut, copy->name_off);
	cut_parts(cut, copy);
	/* Smaller than before if members were dropped. */
	buffer_commit(&cut->types, place + types_size(copy));
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

static bool is_type_wanted(struct cut *cut, uint32_t number)
{
	const char *name = types_name(cut->all, types_at(cut->all, number)->name_off);

	return name[0] && names_have(&cut->wanted.types, name);
}

static void cut_fill(struct cut *cut)
{
	for (uint32_t i = 1; i <= cut->all->count; i++)
		if (is_found_by_name(types_kind(cut->all, i)) && is_type_wanted(cut, i))
			cut_keep(cut, i);
	/* The first string is the empty name. */
	buffer_append(&cut->strings, "", 1);
	for (uint32_t i = 1; i <= cut->count; i++)
		cut_copy(cut, cut->kept[i]);
}

bool types_cut(const struct types *types, const struct btf *local, struct buffer *out)
{
	struct cut cut = {.all = types};

	cut.number = calloc(types->count + 1, sizeof(*cut.number));
	cut.kept = calloc(types->count + 1, sizeof(*cut.kept));
	if (cut.number && cut.kept && wanted_collect(&cut.wanted, local)) {
		cut_fill(&cut);
		if (!cut.types.out_of_memory && !cut.strings.out_of_memory)
			cut_write(&cut, out);
	}
	wanted_free(&cut.wanted);
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
	/* If /proc is masked, libbpf has to search all types. */
	return file->fd < 0 || access(file->path, R_OK) ? NULL : file->path;
}

void types_file_close(const struct types_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}
