// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The second kernel object: loaded if possible, attached as far as possible. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "bpf/shared.h"
#include "lib/log.h"
#include "source/btf/prune.h"
#include "source/exact.h"
#include "trace/listener.h"
#include "exact.skel.h"
#include "tcpstates.skel.h"

/* The kernel's error without trampolines (arm64 up to 6.3); user space has no such errno. */
#define ENOTSUPP 524

struct row {
	size_t program, link; /* offsets in struct exact_bpf */
	const char *function; /* the kernel function to attach to */
	const char *missing;  /* what a trace lacks without it */
	bool for_half_open;   /* wanted only with that option */
	bool for_listeners;   /* wanted only for reports on listeners */
};

#define ROW(name, missing, ...)                                                                 \
	{                                                                                       \
		offsetof(struct exact_bpf, progs.name), offsetof(struct exact_bpf, links.name), \
			#name, (missing), __VA_ARGS__                                           \
	}

#define FOR_HALF_OPEN .for_half_open = true
#define FOR_LISTENERS .for_listeners = true

static const struct row rows[] = {
	ROW(security_sock_graft,
	    "an accepted session keeps the listener's owner until its own owner acts on it"),
	ROW(tcp_connect, "SYN_SENT shows local port 0 if connect() chooses the port"),
	ROW(tcp_twsk_destructor, "the end of TIME_WAIT is inferred"),
	ROW(inet_twsk_deschedule_put, "the cause of an early end of TIME_WAIT is not known"),
	ROW(tcp_timewait_state_process, "a reset that ends TIME_WAIT is not known as the cause"),
	ROW(tcp_twsk_unique, "a connect() that ends TIME_WAIT is not known as the cause"),
	ROW(tcp_abort, "a process that ends TIME_WAIT is not known as the cause"),
	ROW(__inet_twsk_schedule,
	    "the time at which an orphaned socket enters TIME_WAIT is inferred"),
	ROW(inet_csk_reqsk_queue_hash_add, "half-open sessions are not shown in their first second",
	    FOR_HALF_OPEN),
	ROW(inet_csk_complete_hashdance,
	    "sessions may count as half-open when their listener closes", FOR_HALF_OPEN),
	ROW(tcp_v4_reqsk_destructor, "the end of half-open IPv4 sessions is inferred",
	    FOR_HALF_OPEN),
	ROW(tcp_v6_reqsk_destructor, "the end of half-open IPv6 sessions is inferred",
	    FOR_HALF_OPEN),
	ROW(inet_csk_accept, "how long connections wait for accept() is not known", FOR_LISTENERS),
	ROW(tcp_conn_request, "which listener drops a SYN for a full accept queue is inferred",
	    FOR_LISTENERS),
	ROW(tcp_v4_syn_recv_sock, "the same of the last ACK of a handshake", FOR_LISTENERS),
	ROW(tcp_v6_syn_recv_sock, "the same over IPv6", FOR_LISTENERS),
	ROW(cookie_v4_init_sequence, "which listener sends SYN cookies is not known",
	    FOR_LISTENERS),
	ROW(cookie_v6_init_sequence, "the same over IPv6", FOR_LISTENERS),
};

#define ROW_COUNT ((int)(sizeof(rows) / sizeof(rows[0])))

/* With the fallback build, which stores sessions elsewhere; this is not an errno either. */
#define ENOSTORAGE 525

const char *exact_reason(int err)
{
	if (err == -ENOTSUPP)
		return "not supported on this platform";
	return err == -ENOSTORAGE ? "not available in the program for kernels before 5.12"
				  : strerror(-err);
}

void exact_say_missing(void *context, const char *function, const char *lack, int err)
{
	(void)context;
	if (err)
		log_verbose("%s: %s: %s", lack, function, exact_reason(err));
}

static void report(const struct exact_listener *listener, const struct row *row, int err)
{
	listener->report(listener->context, row->function, row->missing, err);
}

static struct bpf_program *program_of(const struct exact_bpf *exact, const struct row *row)
{
	return *(struct bpf_program **)((char *)exact + row->program);
}

static bool is_wanted(const struct row *row, const struct wants *wants)
{
	return (!row->for_half_open || wants->half_open) &&
	       (!row->for_listeners || wants->listeners);
}

/* btf: libbpf's types if ours could not be read, else NULL. */
static bool kernel_has(const struct targets *targets, const struct btf *btf,
		       const struct bpf_program *program, const char *function)
{
	if (btf)
		return btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) >= 0;
	return targets_have(targets, program);
}

/* A program for a function that this kernel lacks would make the others fail to load. */
static int choose_programs(struct exact_bpf *exact, const struct wants *wants,
			   struct targets *targets, const struct exact_listener *listener)
{
	struct btf *btf = targets->types->count ? NULL : btf__load_vmlinux_btf();

	if (!btf && !targets->types->count)
		return -errno;
	targets_seek(targets, exact->obj);
	for (int i = 0; i < ROW_COUNT; i++) {
		struct bpf_program *program = program_of(exact, &rows[i]);
		bool exists = kernel_has(targets, btf, program, rows[i].function);
		bool wanted = is_wanted(&rows[i], wants);

		bpf_program__set_autoload(program, wanted && exists);
		if (wanted && !exists)
			report(listener, &rows[i], -ENOENT);
	}
	btf__free(btf);
	return 0;
}

/* Shares the maps that have the same name in both objects. */
static int share_maps(struct exact_bpf *exact, const struct tcpstates_bpf *program)
{
	struct bpf_map *map, *shared;
	int err = 0;

	bpf_object__for_each_map (map, exact->obj) {
		shared = bpf_object__find_map_by_name(program->obj, bpf_map__name(map));
		if (shared)
			err = bpf_map__reuse_fd(map, bpf_map__fd(shared));
		if (err)
			return err;
	}
	return 0;
}

/* 0, or why the kernel rejects a program that does nothing: with all programs, this takes 20 ms. */
static int try_least(const struct types *types)
{
	const struct bpf_insn answer_0[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd;

	LIBBPF_OPTS(bpf_prog_load_opts, with);
	with.expected_attach_type = BPF_TRACE_FENTRY;
	with.attach_btf_id = types_find_function(types, rows[0].function);
	if (!with.attach_btf_id)
		return 0;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "Dual BSD/GPL", answer_0, 2, &with);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int load(struct exact_bpf *exact, const struct tcpstates_bpf *program,
		const struct wants *wants, struct targets *targets,
		const struct exact_listener *listener)
{
	libbpf_print_fn_t print;
	int err;

	if (bpf_map__type(program->maps.sock_entries) != BPF_MAP_TYPE_SK_STORAGE)
		return -ENOSTORAGE;
	err = share_maps(exact, program);
	if (!err)
		err = choose_programs(exact, wants, targets, listener);
	if (err)
		return err;
	bpf_map__set_autocreate(exact->maps.half_opens, wants->half_open);
	exact->rodata->jiffy_ns = program->rodata->jiffy_ns;
	exact->rodata->minisocks_follow = wants->minisocks;
	/* Each program then reports what is missing; the reason is the kernel's error alone. */
	print = libbpf_set_print(NULL);
	err = exact_bpf__load(exact);
	libbpf_set_print(print);
	return err;
}

static void attach(struct exact_bpf *exact, const struct row *row,
		   const struct exact_listener *listener)
{
	struct bpf_link **link = (struct bpf_link **)((char *)exact + row->link);
	struct bpf_program *program = program_of(exact, row);

	if (!bpf_program__autoload(program))
		return;
	*link = bpf_program__attach_trace(program);
	report(listener, row, *link ? 0 : -errno);
}

bool exact_sees_requests(const struct exact_bpf *exact)
{
	return exact && exact->links.inet_csk_reqsk_queue_hash_add;
}

unsigned int exact_listener_known(const struct exact_bpf *exact)
{
	unsigned int known = 0;

	if (!exact)
		return 0;
	if (exact->links.inet_csk_accept)
		known |= LISTENER_KNOWN_ACCEPTED;
	if (exact->links.tcp_conn_request && exact->links.tcp_v4_syn_recv_sock &&
	    exact->links.tcp_v6_syn_recv_sock)
		known |= LISTENER_KNOWN_OVERFLOWS;
	if (exact->links.tcp_conn_request && exact->links.cookie_v4_init_sequence &&
	    exact->links.cookie_v6_init_sequence)
		known |= LISTENER_KNOWN_COOKIES;
	return known;
}

static struct exact_bpf *open_and_load(const struct tcpstates_bpf *program,
				       const struct wants *wants, struct targets *targets,
				       const struct exact_listener *listener, int *err)
{
	struct exact_bpf *exact;
	struct types_file file;

	LIBBPF_OPTS(bpf_object_open_opts, with);
	*err = try_least(targets->types);
	if (*err)
		return NULL;
	with.btf_custom_path = types_file_open(&file, targets->types, exact_bpf__elf_bytes);
	exact = exact_bpf__open_opts(&with);
	*err = exact ? load(exact, program, wants, targets, listener) : -errno;
	types_file_close(&file);
	return exact;
}

struct exact_bpf *exact_attach(const struct tcpstates_bpf *program, const struct wants *wants,
			       struct targets *targets, const struct exact_listener *listener)
{
	int err;
	struct exact_bpf *exact = open_and_load(program, wants, targets, listener, &err);

	for (int i = 0; i < ROW_COUNT; i++)
		if (!err)
			attach(exact, &rows[i], listener);
		else if (is_wanted(&rows[i], wants))
			report(listener, &rows[i], err);
	if (err) {
		exact_bpf__destroy(exact);
		exact = NULL;
	}
	return exact;
}
