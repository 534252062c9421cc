// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's types, of which libbpf writes a few here and reads what is left of them. */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>

#include "source/btf/prune.h"
#include "unit.h"

/* Numbers of types below; int is the first one. */
enum {
	NUMBER = 1,
	POINTER = 3,
};

/*
 * int; struct other {int x;}; struct other *; struct inner {int a; int deep[4];}; typedef const
 * struct inner inner_t; struct wanted {struct other *far; union {inner_t in; int b;};}; struct
 * wanted___old {int a;}; enum color {RED, BLUE}; void wanted(void).
 */
static struct btf *kernel_types(void)
{
	struct btf *btf = btf__new_empty();
	int inner, array, alias, one_of, proto;

	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_struct(btf, "other", 4);
	btf__add_field(btf, "x", NUMBER, 0, 0);
	btf__add_ptr(btf, 2);
	array = btf__add_array(btf, NUMBER, NUMBER, 4);
	inner = btf__add_struct(btf, "inner", 20);
	btf__add_field(btf, "a", NUMBER, 0, 0);
	btf__add_field(btf, "deep", array, 32, 0);
	alias = btf__add_typedef(btf, "inner_t", btf__add_const(btf, inner));
	one_of = btf__add_union(btf, NULL, 20);
	btf__add_field(btf, "in", alias, 0, 0);
	btf__add_field(btf, "b", NUMBER, 0, 0);
	btf__add_struct(btf, "wanted", 32);
	btf__add_field(btf, "far", POINTER, 0, 0);
	btf__add_field(btf, NULL, one_of, 64, 0);
	btf__add_struct(btf, "wanted___old", 4);
	btf__add_field(btf, "a", NUMBER, 0, 0);
	btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", 1);
	btf__add_enum_value(btf, "BLUE", 7);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func(btf, "wanted", BTF_FUNC_STATIC, proto);
	return btf;
}

/* What an object names: one of them as a variant, and some that the kernel has not. */
static struct btf *local_types(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);

	btf__add_struct(btf, "wanted___new", 4);
	btf__add_field(btf, "far", number, 0, 0);
	btf__add_field(btf, "in", number, 32, 0);
	btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "b", number, 0, 0);
	btf__add_field(btf, "deep", number, 32, 0);
	btf__add_struct(btf, "unheard", 4);
	btf__add_struct(btf, "inn", 4);
	btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "BLUE", 0);
	return btf;
}

/* Cut down, and read by libbpf again; NULL when it does not take it. */
static struct btf *cut(const void *data, size_t size)
{
	struct btf *local = local_types(), *left = NULL;
	struct buffer buffer = {0};
	struct types types;

	if (!types_take(&types, data, size) && types_cut(&types, local, &buffer))
		left = btf__new(buffer.data, buffer.length);
	types_close(&types);
	buffer_free(&buffer);
	btf__free(local);
	return left;
}

static const struct btf_member *member(const struct btf *btf, const struct btf_type *type, int i,
				       const char *name, unsigned int bits)
{
	const struct btf_member *found = btf_members(type) + i;

	CHECK(i < btf_vlen(type));
	CHECK_TEXT(name, btf__name_by_offset(btf, found->name_off));
	CHECK_NUMBER(bits, btf_member_bit_offset(type, i));
	return found;
}

/* Members are where they were, in structs inside of it too. */
static void check_wanted(const struct btf *left)
{
	int number = btf__find_by_name_kind(left, "wanted", BTF_KIND_STRUCT);
	const struct btf_type *type;
	const struct btf_member *in;

	CHECK(number > 0);
	if (number <= 0)
		return;
	type = btf__type_by_id(left, number);
	CHECK_NUMBER(32, type->size);
	CHECK(btf_is_ptr(btf__type_by_id(left, member(left, type, 0, "far", 0)->type)));
	type = btf__type_by_id(left, member(left, type, 1, "", 64)->type);
	CHECK(btf_is_union(type));
	in = member(left, type, 0, "in", 0);
	member(left, type, 1, "b", 0);
	type = btf__type_by_id(left, btf__resolve_type(left, in->type));
	while (btf_is_mod(type) || btf_is_typedef(type))
		type = btf__type_by_id(left, type->type);
	CHECK_TEXT("inner", btf__name_by_offset(left, type->name_off));
	/* Not its member a, which nobody names. */
	CHECK_NUMBER(20, type->size);
	CHECK_NUMBER(1, btf_vlen(type));
	CHECK_NUMBER(16, btf__resolve_size(left, member(left, type, 0, "deep", 32)->type));
}

static void named_types_are_left(void)
{
	struct btf *all = kernel_types(), *left;
	const struct btf_type *color;
	const void *data;
	uint32_t size;

	data = btf__raw_data(all, &size);
	left = cut(data, size);
	CHECK(left);
	if (left) {
		check_wanted(left);
		CHECK(btf__find_by_name_kind(left, "wanted___old", BTF_KIND_STRUCT) > 0);
		color = btf__type_by_id(left, btf__find_by_name_kind(left, "color", BTF_KIND_ENUM));
		CHECK_NUMBER(2, btf_vlen(color));
		CHECK_TEXT("BLUE", btf__name_by_offset(left, btf_enum(color)[1].name_off));
		CHECK_NUMBER(7, btf_enum(color)[1].val);
	}
	btf__free(left);
	btf__free(all);
}

/* Not what is only pointed to, and no functions. */
static void others_are_not(void)
{
	struct btf *all = kernel_types(), *left;
	const void *data;
	uint32_t size;

	data = btf__raw_data(all, &size);
	left = cut(data, size);
	CHECK(left);
	if (left) {
		CHECK_NUMBER(-ENOENT, btf__find_by_name(left, "other"));
		CHECK_NUMBER(-ENOENT, btf__find_by_name_kind(left, "wanted", BTF_KIND_FUNC));
	}
	btf__free(left);
	btf__free(all);
}

static void functions(void)
{
	struct btf *all = kernel_types();
	struct types types;
	const void *data;
	uint32_t size;

	data = btf__raw_data(all, &size);
	CHECK_NUMBER(0, types_take(&types, data, size));
	CHECK_NUMBER(btf__find_by_name_kind(all, "wanted", BTF_KIND_FUNC),
		     types_find_function(&types, "wanted"));
	CHECK_NUMBER(0, types_find_function(&types, "other"));
	types_close(&types);
	CHECK_NUMBER(0, types_find_function(&types, "wanted"));
	btf__free(all);
}

/* Each by its kind, in one go. */
static void many(void)
{
	struct types_sought sought[] = {{.kind = BTF_KIND_FUNC, .name = "wanted"},
					{.kind = BTF_KIND_TYPEDEF, .name = "inner_t"},
					{.kind = BTF_KIND_TYPEDEF, .name = "wanted"},
					{.kind = BTF_KIND_STRUCT, .name = "wanted"},
					{.kind = BTF_KIND_STRUCT, .name = "wan", .number = 7},
					{.kind = BTF_KIND_FUNC, .name = "wanted"}};
	struct btf *all = kernel_types();
	struct types types;
	const void *data;
	uint32_t size;
	int number;

	data = btf__raw_data(all, &size);
	CHECK_NUMBER(0, types_take(&types, data, size));
	types_find(&types, sought, 6);
	for (int i = 0; i < 6; i++) {
		number = btf__find_by_name_kind(all, sought[i].name, sought[i].kind);
		CHECK_NUMBER(number < 0 ? 0 : number, sought[i].number);
	}
	CHECK_NUMBER(0, sought[2].number);
	types_close(&types);
	btf__free(all);
}

static void check_refused(const void *data, size_t size)
{
	struct types types;

	CHECK_NUMBER(-EINVAL, types_take(&types, data, size));
	CHECK_NUMBER(0, types.count);
}

/* Libbpf is left to it then. */
static void strange_forms_are_refused(void)
{
	struct btf *all = kernel_types();
	struct btf_header *header;
	struct btf_type *first;
	const void *data;
	uint32_t size;
	char *copy;

	data = btf__raw_data(all, &size);
	copy = malloc(size);
	for (uint32_t shorter = 0; shorter < size; shorter++)
		check_refused(data, shorter);
	memcpy(copy, data, size);
	header = (struct btf_header *)copy;
	first = (struct btf_type *)(copy + header->hdr_len);
	first->info |= 31u << 24;
	unit_row("a kind of the future");
	check_refused(copy, size);
	memcpy(copy, data, size);
	header->type_len -= 4;
	unit_row("the last type is cut off");
	check_refused(copy, size);
	memcpy(copy, data, size);
	header->magic = 0x9feb;
	unit_row("another byte order");
	check_refused(copy, size);
	free(copy);
	btf__free(all);
}

UNIT_MAIN("types", TEST(named_types_are_left), TEST(others_are_not), TEST(functions), TEST(many),
	  TEST(strange_forms_are_refused))
