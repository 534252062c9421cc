// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opens, configures, loads and attaches the kernel program, and explains failures. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "source/btf/prune.h"
#include "source/descriptors.h"
#include "source/fallback.h"
#include "source/memlock.h"
#include "source/port_reader.h"
#include "source/program.h"
#include "source/reset_reader.h"
#include "source/surroundings.h"
#include "source/tally_reader.h"
#include "trace/cgroup.h"
#include "tcpstates.skel.h"

/* For tests: uses the second build on any kernel, with room for this many sessions. */
#define FALLBACK_VARIABLE "TCPSTATES_FALLBACK"

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_DEBUG)
		log_verbose_args(format, args);
	return 0;
}

/* The result of a load. */
struct result {
	int err;         /* 0 or negative */
	uint64_t locked; /* bytes of memory for the maps; 0: not known */
};

static void set_ports(const struct port_set *set, __u8 *has, __u64 *words)
{
	*has = set->is_given;
	memcpy(words, set->words, sizeof(set->words));
}

static void set_nets(const struct nets *nets, struct kernel_nets *wanted, struct bpf_map *trie)
{
	const struct net_range *only = nets->ranges;

	wanted->is_given = nets->count > 0;
	wanted->is_one = nets->count == 1;
	bpf_map__set_max_entries(trie, nets->count ? nets->count : 1);
	if (!wanted->is_one)
		return;
	memcpy(wanted->address, only->first, sizeof(wanted->address));
	for (size_t i = 0; i < sizeof(wanted->mask); i++)
		((__u8 *)wanted->mask)[i] = ~(only->first[i] ^ only->last[i]);
}

static void set_ids(const struct numbers *numbers, __u8 *has, struct bpf_map *set)
{
	*has = numbers->count > 0;
	bpf_map__set_max_entries(set, numbers->count ? numbers->count : 1);
}

/* This and the next function run after load. 0 or a negative errno. */
static int fill_ids(const struct bpf_map *set, const struct numbers *numbers)
{
	int err = 0;

	for (size_t i = 0; !err && i < numbers->count; i++) {
		__u32 id = numbers->sorted[i];
		__u8 present = 1;

		err = bpf_map_update_elem(bpf_map__fd(set), &id, &present, BPF_ANY);
	}
	return err;
}

/* A process that has ended meanwhile, or is to come, is known by its id only. */
static int fill_pids(const struct bpf_map *set, const struct numbers *numbers)
{
	int err = 0;

	for (size_t i = 0; !err && i < numbers->count; i++) {
		__u32 pid = numbers->sorted[i];
		__u64 start = process_start_ticks(pid);

		err = bpf_map_update_elem(bpf_map__fd(set), &pid, &start, BPF_ANY);
	}
	return err;
}

/* The program notes which namespaces these are. */
static int fill_namespaces(const struct bpf_map *set, const struct numbers *numbers)
{
	int err = 0;

	for (size_t i = 0; !err && i < numbers->count; i++) {
		__u32 number = numbers->sorted[i];
		__u64 meant = 0;

		err = bpf_map_update_elem(bpf_map__fd(set), &number, &meant, BPF_ANY);
	}
	return err;
}

static int fill_trie(const struct bpf_map *trie, const struct nets *nets)
{
	int err = 0;

	for (size_t i = 0; !err && i < nets->count; i++) {
		struct net_key key = {.bits = net_range_prefix(&nets->ranges[i])};
		__u8 present = 1;

		memcpy(key.address, nets->ranges[i].first, sizeof(key.address));
		err = bpf_map_update_elem(bpf_map__fd(trie), &key, &present, BPF_ANY);
	}
	return err;
}

static int fill_sets(const struct tcpstates_bpf *program, const struct wants *wants)
{
	const struct kernel_filter *filter = &program->rodata_filter->filter;
	const struct selection *selection = wants->selection;
	int err = fill_trie(program->maps.locals, &selection->locals);

	if (!err)
		err = fill_trie(program->maps.remotes, &selection->remotes);
	if (!err && filter->names_pids)
		err = fill_pids(program->maps.pids, &selection->pids);
	if (!err && filter->names_namespaces)
		err = fill_namespaces(program->maps.namespaces, &selection->namespaces);
	if (!err && filter->has_uids)
		err = fill_ids(program->maps.uids, &selection->uids);
	return err;
}

/* The coarse clocks advance with each jiffy: ktime_get_coarse_ts64(), TICK_NSEC. */
static uint64_t measure_jiffy_ns(void)
{
	struct timespec resolution;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) ? 0 : resolution.tv_nsec;
}

static void configure(struct tcpstates_bpf *program, const struct wants *wants)
{
	struct kernel_filter *filter = &program->rodata_filter->filter;
	const struct selection *selection = wants->selection;

	filter->only_ip = wants->selection->ipv4 ? 4 : wants->selection->ipv6 ? 6 : 0;
	set_ports(&wants->selection->lports, &filter->has_lports, filter->lports);
	set_ports(&wants->selection->rports, &filter->has_rports, filter->rports);
	set_nets(&selection->locals, &filter->locals, program->maps.locals);
	set_nets(&selection->remotes, &filter->remotes, program->maps.remotes);
	if (selection->namespaces.count == 1)
		filter->netns = selection->namespaces.sorted[0];
	/* To follow a session into TIME_WAIT, user space needs its earlier transitions. */
	set_ids(&selection->pids, &filter->names_pids, program->maps.pids);
	set_ids(&selection->namespaces, &filter->names_namespaces, program->maps.namespaces);
	if (!wants->minisocks) {
		filter->has_pids = filter->names_pids;
		filter->from = selection->from;
		filter->to = selection->to;
		filter->either = selection->either;
		set_ids(&selection->uids, &filter->has_uids, program->maps.uids);
	}
	filter->is_on = filter->only_ip || filter->has_lports || filter->has_rports ||
			filter->locals.is_given || filter->remotes.is_given || filter->netns;
	if (!filter->is_on)
		bpf_map__set_max_entries(program->maps.creation_times, 1);
	program->rodata->wants_transitions = wants_sessions(wants);
	program->rodata->wants_records = wants->transitions || wants->grouping;
	program->rodata->wants_listeners = wants->listeners;
	if (wants->listeners)
		bpf_map__set_max_entries(program->maps.listeners, LISTENERS_MAX);
	program->rodata->wants_details = wants->details;
	program->rodata->wants_snapshots = wants->snapshots;
	program->rodata->wants_minisocks = wants->snapshots || wants->minisocks;
	program->rodata->wants_half_open = wants->requests;
	program->rodata->jiffy_ns = measure_jiffy_ns();
	bpf_map__set_max_entries(program->maps.ring, wants->buffer_size);
	tally_configure(program, wants);
}

/* What to load, and for which options. */
struct load_plan {
	const struct wants *wants;
	struct targets *targets;
	const struct bpf_object_open_opts *with;
	uint64_t probe_cookie;
};

/* What a trace lacks without one of these programs. */
static const struct {
	const char *program, *lack;
} lacks[] = {
	{"sock_create", "the creation of sockets cannot be traced, so the time before their "
			"first transition is approximate"},
	{"tcp_retransmit_synack", "SYN_RECV has no duration if the SYN-ACK was retransmitted"},
	{"tcp_receive_reset", "cause refused is shown as unreachable"},
	{"tcp_send_reset", "cause reset_late_data is shown as reset_received"},
	{"count_reset", "resets for packets of no session are not counted"},
	{"peek_minisocks", "the end of TIME_WAIT is not known"},
	{"read_ports", "the number of local ports is not known"},
	{"seed_files", "sessions older than the trace have no owner yet"},
	{"seed_sockets", "not all sessions older than the trace are known"},
};

const char *program_lack(const char *program)
{
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (!strcmp(lacks[i].program, program))
			return lacks[i].lack;
	return NULL;
}

/* Not fatal: without it, the time before a socket's first transition is not known. */
static void attach_creation(struct tcpstates_bpf *program)
{
	int fd = cgroup_open_root();
	int err = fd;

	if (fd >= 0) {
		program->links.sock_create =
			bpf_program__attach_cgroup(program->progs.sock_create, fd);
		err = program->links.sock_create ? 0 : -errno;
		close(fd);
	}
	if (err < 0)
		log_verbose("%s: cgroup2: %s", program_lack("sock_create"), strerror(-err));
}

/* Attaches an optional program. */
static void attach_extra(struct bpf_program *extra, struct bpf_link **link)
{
	const char *name = bpf_program__name(extra);

	if (!bpf_program__autoload(extra))
		return;
	*link = bpf_program__attach_trace(extra);
	if (!*link)
		log_verbose("%s: %s: %s", program_lack(name), name, strerror(errno));
}

static void attach_extras(struct tcpstates_bpf *program)
{
	attach_extra(program->progs.tcp_retransmit_synack, &program->links.tcp_retransmit_synack);
	attach_extra(program->progs.tcp_receive_reset, &program->links.tcp_receive_reset);
	attach_extra(program->progs.tcp_send_reset, &program->links.tcp_send_reset);
	attach_extra(program->progs.count_reset, &program->links.count_reset);
}

/* An entry must not be removed before the socket's end is traced. */
static bool attach_end(struct tcpstates_bpf *program)
{
	struct bpf_program *end = program->progs.tcp_destroy_sock;

	if (!bpf_program__autoload(end))
		return true;
	program->links.tcp_destroy_sock = bpf_program__attach_trace(end);
	return program->links.tcp_destroy_sock;
}

int program_attach(struct tcpstates_bpf *program, struct refusal *refusal)
{
	/*
	 * The extras first: they report what happens to a socket before it changes its state, such
	 * as the reset that ends it. Then in this order: programs run in the order in which they
	 * were attached.
	 */
	attach_extras(program);
	if (attach_end(program))
		program->links.inet_sock_set_state =
			bpf_program__attach_trace(program->progs.inet_sock_set_state);
	if (program->links.inet_sock_set_state)
		program->links.unseen_set_state =
			bpf_program__attach_trace(program->progs.unseen_set_state);
	if (!program->links.unseen_set_state) {
		refusal_explain(refusal, "cannot attach the kernel program", -errno, 0);
		return -1;
	}
	attach_creation(program);
	return 0;
}

/* Only programs that are needed are loaded: each takes verifier time at the start. */
static void choose_programs(struct tcpstates_bpf *program, const struct wants *wants)
{
	/* Aggregated transitions have no causes. */
	bool wants_causes = wants->details && !program->rodata->tally.is_on;

	bpf_program__set_autoload(program->progs.tcp_receive_reset, wants_causes);
	bpf_program__set_autoload(program->progs.tcp_send_reset, wants_causes);
	bpf_program__set_autoload(program->progs.peek_minisocks, wants->minisocks);
	bpf_program__set_autoload(program->progs.seed_files, wants->details);
	bpf_program__set_autoload(program->progs.seed_sockets, wants->details);
}

/* Locked memory before 5.11, including the programs, which take a few pages each. */
static uint64_t locked_bytes(const struct tcpstates_bpf *program)
{
	uint64_t bytes = 1 << 20;
	int cpus = libbpf_num_possible_cpus();
	const struct bpf_map *map;

	bpf_object__for_each_map (map, program->obj)
		bytes += memlock_of_map(map, cpus > 0 ? cpus : 1);
	return bytes;
}

/*
 * Loads an opened object and returns it. If it is NULL, or the kernel rejects it: NULL, and
 * result->err is negative.
 */
static struct tcpstates_bpf *load(struct tcpstates_bpf *program, const struct load_plan *plan,
				  struct result *result)
{
	*result = (struct result){.err = -errno};
	if (!program)
		return NULL;
	configure(program, plan->wants);
	program->rodata->probe_cookie = plan->probe_cookie;
	choose_programs(program, plan->wants);
	reset_reader_configure(program, plan->wants, plan->targets->types);
	port_reader_configure(program, plan->wants);
	targets_seek(plan->targets, program->obj);
	result->locked = locked_bytes(program);
	result->err = tcpstates_bpf__load(program);
	if (!result->err)
		result->err = fill_sets(program, plan->wants);
	if (!result->err)
		return program;
	tcpstates_bpf__destroy(program);
	return NULL;
}

static struct tcpstates_bpf *load_main(const struct load_plan *plan, struct result *result)
{
	struct tcpstates_bpf *program = tcpstates_bpf__open_opts(plan->with);

	/* The kernel itself frees a socket's storage. */
	if (program)
		bpf_program__set_autoload(program->progs.tcp_destroy_sock, false);
	return load(program, plan, result);
}

static struct tcpstates_bpf *load_fallback(const struct load_plan *plan, const char *room,
					   struct result *result)
{
	struct tcpstates_bpf *program = fallback_open(plan->with);

	if (program && room && atoi(room) > 0)
		bpf_map__set_max_entries(program->maps.sock_entries, atoi(room));
	program = load(program, plan, result);
	if (program)
		log_verbose("using the program for kernels before 5.12: it follows at most %u "
			    "sessions, and accepted sessions have no cookie",
			    bpf_map__max_entries(program->maps.sock_entries));
	return program;
}

struct tcpstates_bpf *program_load(const struct wants *wants, struct targets *targets,
				   uint64_t probe_cookie, struct refusal *refusal)
{
	struct types_file file;
	const char *room = getenv(FALLBACK_VARIABLE);
	/* By the kernel's version; older kernels may have backported features. */
	bool has_choice = !room && !kernel_is_at_least(5, 12);
	struct tcpstates_bpf *program = NULL;
	struct result result;

	LIBBPF_OPTS(bpf_object_open_opts, with);
	const struct load_plan plan = {wants, targets, &with, probe_cookie};
	if (!descriptors_raise(refusal->text, sizeof(refusal->text),
			       "cannot load the kernel program"))
		return NULL;
	memlock_raise();
	/* A first failure is not reported. */
	libbpf_set_print(has_choice ? NULL : print_libbpf);
	with.btf_custom_path = types_file_open(&file, targets->types, tcpstates_bpf__elf_bytes);
	if (!room)
		program = load_main(&plan, &result);
	libbpf_set_print(print_libbpf);
	if (room || (!program && has_choice))
		program = load_fallback(&plan, room, &result);
	types_file_close(&file);
	if (!program)
		refusal_explain(refusal, "cannot load the kernel program", result.err,
				result.locked);
	return program;
}
