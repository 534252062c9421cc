// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Uses a section handler of its own: libbpf_register_prog_handler(), 1.1. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/btf/target.h"

/* By the start of the section's name: what its programs are attached to. */
static const struct section {
	const char *name;
	const char *prefix; /* of the type's name, before the rest of the section's name */
	unsigned int kind;
	enum bpf_attach_type attach;
} sections[TARGET_SECTIONS] = {
	{"tp_btf/", "btf_trace_", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP},
	{"iter/", "bpf_iter_", BTF_KIND_FUNC, BPF_TRACE_ITER},
	{"fentry/", "", BTF_KIND_FUNC, BPF_TRACE_FENTRY},
	{"fexit/", "", BTF_KIND_FUNC, BPF_TRACE_FEXIT},
};

static const struct section *section_of(const struct bpf_program *program)
{
	const char *name = bpf_program__section_name(program);

	for (int i = 0; i < TARGET_SECTIONS; i++)
		if (!strncmp(name, sections[i].name, strlen(sections[i].name)))
			return &sections[i];
	return NULL;
}

/* The name of the type. False: the program is not attached to a type. */
static bool name_target(const struct bpf_program *program, struct types_sought *sought)
{
	const struct section *section = section_of(program);

	if (!section)
		return false;
	sought->kind = section->kind;
	snprintf(sought->name, sizeof(sought->name), "%s%s", section->prefix,
		 bpf_program__section_name(program) + strlen(section->name));
	return true;
}

static uint32_t find_target(const struct targets *targets, const struct bpf_program *program)
{
	struct types_sought named;

	if (name_target(program, &named))
		for (size_t i = 0; i < targets->count; i++)
			if (!strcmp(targets->sought[i].name, named.name))
				return targets->sought[i].number;
	return 0;
}

/* libbpf's callback before each load. */
static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *with, long cookie)
{
	const struct targets *targets = (const void *)cookie;

	with->attach_btf_id = find_target(targets, program);
	if (!with->attach_btf_id)
		return -ESRCH;
	/* Not before: opening an object with a program of this type reads all kernel types. */
	return bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
}

void targets_open(struct targets *targets, const struct types *types)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, with);

	*targets = (struct targets){.types = types};
	if (!types->count)
		return;
	/*
	 * Matches no section, and is never unregistered: libbpf up to 1.2 frees its list of
	 * handlers with the last one, and uses the freed list when the next one is registered.
	 */
	libbpf_register_prog_handler("keeps_the_list", BPF_PROG_TYPE_UNSPEC, 0, NULL);
	with.cookie = (long)targets;
	with.prog_prepare_load_fn = prepare;
	for (int i = 0; i < TARGET_SECTIONS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%.*s+", (int)strlen(sections[i].name) - 1,
			 sections[i].name);
		targets->handlers[i] = libbpf_register_prog_handler(
			name, BPF_PROG_TYPE_RAW_TRACEPOINT, sections[i].attach, &with);
	}
}

void targets_seek(struct targets *targets, const struct bpf_object *object)
{
	struct bpf_program *program = NULL;
	size_t count = 0;

	while ((program = bpf_object__next_program(object, program)))
		count++;
	free(targets->sought);
	targets->count = 0;
	targets->sought = calloc(count, sizeof(*targets->sought));
	if (!targets->sought)
		return;
	while ((program = bpf_object__next_program(object, program)))
		targets->count += name_target(program, &targets->sought[targets->count]);
	types_find(targets->types, targets->sought, targets->count);
}

bool targets_have(const struct targets *targets, const struct bpf_program *program)
{
	return find_target(targets, program);
}

void targets_close(struct targets *targets)
{
	for (int i = 0; i < TARGET_SECTIONS; i++)
		if (targets->handlers[i] > 0)
			libbpf_unregister_prog_handler(targets->handlers[i]);
	free(targets->sought);
	*targets = (struct targets){0};
}
