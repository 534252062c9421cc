// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tries each program of both kernel objects by name, loaded and attached as in a trace. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/programs.h"
#include "source/exact.h"
#include "source/program.h"
#include "trace/cgroup.h"
#include "exact.skel.h"
#include "tcpstates.skel.h"

static bool is_in_section(const struct bpf_program *program, const char *section)
{
	return !strncmp(bpf_program__section_name(program), section, strlen(section));
}

/* For a program that is not attached. 0 or a negative errno. */
static int run_once(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	return bpf_prog_test_run_opts(bpf_program__fd(program), &run);
}

static struct bpf_link *attach_cgroup(const struct bpf_program *program)
{
	int root = cgroup_open_root(), err;
	struct bpf_link *link;

	if (root < 0) {
		errno = -root;
		return NULL;
	}
	link = bpf_program__attach_cgroup(program, root);
	err = errno;
	close(root);
	errno = err;
	return link;
}

/* 0 or a negative errno. */
static int try_attaching(const struct bpf_program *program)
{
	struct bpf_link *link;
	int err;

	if (is_in_section(program, "raw_tp"))
		return run_once(program);
	if (is_in_section(program, "cgroup/"))
		link = attach_cgroup(program);
	else if (is_in_section(program, "iter/"))
		link = bpf_program__attach_iter(program, NULL);
	else
		link = bpf_program__attach_trace(program);
	err = link ? 0 : -errno;
	bpf_link__destroy(link);
	return err;
}

/* False: refused, and a trace needs it. */
static bool check_one(struct facilities *f, const struct bpf_program *program,
		      struct refusal *refusal)
{
	const char *name = bpf_program__name(program);
	const char *section = bpf_program__section_name(program);
	int err = try_attaching(program);

	if (!err) {
		facilities_add(f, name, FACILITY_YES, program_lack(name), "%s", section);
		return true;
	}
	facilities_add(f, name, FACILITY_NO, program_lack(name), "%s: %s", section, strerror(-err));
	if (program_lack(name))
		return true;
	if (!refusal->text[0])
		refusal_explain(refusal, "cannot attach the kernel program", err, 0);
	return false;
}

static void check_storage(struct facilities *f, const struct tcpstates_bpf *program)
{
	if (bpf_map__type(program->maps.sock_entries) == BPF_MAP_TYPE_SK_STORAGE)
		facilities_add(f, "socket_storage", FACILITY_YES, NULL,
			       "sessions are kept with their sockets");
	else
		facilities_add(f, "socket_storage", FACILITY_NO,
			       "accepted connections have no cookie, and sessions beyond that room "
			       "have no durations",
			       "as before 5.12: sessions are kept in a table with room for %u",
			       bpf_map__max_entries(program->maps.sock_entries));
}

static void take_exact(void *context, const char *function, const char *lack, int err)
{
	struct facilities *f = context;

	facilities_add(f, function, err ? FACILITY_NO : FACILITY_YES, lack, "fentry%s%s",
		       err ? ": " : "",
		       !err             ? ""
		       : err == -ENOENT ? "this kernel has no such function"
					: exact_reason(err));
}

/* A kernel that cannot tell does not get the program. */
static void check_resets(struct facilities *f, const struct tcpstates_bpf *program)
{
	const char *name = bpf_program__name(program->progs.count_reset);

	if (!bpf_program__autoload(program->progs.count_reset))
		facilities_add(f, name, FACILITY_NO, program_lack(name), "tp_btf: since 6.10");
}

static bool check_main(struct facilities *f, const struct tcpstates_bpf *program,
		       struct refusal *refusal)
{
	struct bpf_program *one;
	bool works = true;

	facilities_add(f, "kernel_program", FACILITY_YES, NULL, "loaded");
	check_storage(f, program);
	bpf_object__for_each_program (one, program->obj)
		if (bpf_program__autoload(one))
			works &= check_one(f, one, refusal);
	check_resets(f, program);
	return works;
}

bool check_programs(struct facilities *f, const struct wants *wants, struct refusal *refusal)
{
	const struct exact_listener listener = {take_exact, f};
	struct tcpstates_bpf *program;
	struct targets targets;
	struct types types;
	bool works = false;

	refusal->text[0] = '\0';
	types_open(&types);
	targets_open(&targets, &types);
	program = program_load(wants, &targets, 0, refusal);
	if (program) {
		works = check_main(f, program, refusal);
		exact_bpf__destroy(exact_attach(program, wants, &targets, &listener));
	} else {
		facilities_add(f, "kernel_program", FACILITY_NO, NULL, "%s", refusal->text);
	}
	tcpstates_bpf__destroy(program);
	targets_close(&targets);
	types_close(&types);
	return works;
}
