// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The running kernel as a source: loads the kernel program, attaches it, reads its ring buffer. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../bpf/shared.h"
#include "../lib/log.h"
#include "../state.h"
#include "source.h"
#include "tcpstates.skel.h"

/* How long a line may be late: short for an eye, and 200 wake-ups a second at most. */
#define BATCH_MS 5

struct live {
	struct source source;
	struct tcpstates_bpf *program;
	struct ring_buffer *ring;
	struct kernel_losses *per_cpu; /* room for one read of the losses map */
	int cpus;
	/* during a read */
	source_deliver *deliver;
	void *context;
	enum delivery answer;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_DEBUG)
		log_verbose_args(format, args);
	return 0;
}

/*
 * The kernel's lockdown mode as its file shows it, "[none] integrity confidentiality"; "" without
 * one.
 */
static void read_lockdown(char *text, int size)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");

	text[0] = '\0';
	if (!file)
		return;
	if (!fgets(text, size, file))
		text[0] = '\0';
	fclose(file);
}

/* Whether this kernel describes itself, and has what is to be traced. False after a report. */
static bool kernel_is_fit(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id;

	if (!btf) {
		log_error("this kernel carries no type information (BTF): %s; it needs one built "
			  "with "
			  "CONFIG_DEBUG_INFO_BTF=y, as all current distributions' are",
			  strerror(errno));
		return false;
	}
	id = btf__find_by_name_kind(btf, "btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF);
	btf__free(btf);
	if (id < 0)
		log_error(
			"this kernel has no tracepoint inet_sock_set_state; it needs 5.12 or later "
			"with CONFIG_NET and CONFIG_TRACEPOINTS");
	return id >= 0;
}

/* Says why the kernel refused, as far as can be found out now. */
static void explain_refusal(const char *what, int err)
{
	char lockdown[80];

	read_lockdown(lockdown, sizeof(lockdown));
	if (strstr(lockdown, "[confidentiality]"))
		log_error("%s: the kernel's lockdown mode is \"confidentiality\", which keeps BPF "
			  "programs from reading it; boot with lockdown=integrity or none",
			  what);
	else if (err == -EPERM || err == -EACCES)
		log_error(
			"%s: %s; run it as root (sudo tcpstates), or give it CAP_BPF, CAP_PERFMON "
			"and CAP_NET_ADMIN",
			what, strerror(-err));
	else if (kernel_is_fit())
		log_error("%s: %s; the kernel must be 5.12 or later (-v shows what it and libbpf "
			  "say)",
			  what, strerror(-err));
}

static void set_port_filter(const struct port_set *set, bool *has, __u64 *words)
{
	*has = set->is_given;
	memcpy(words, set->words, sizeof(set->words));
}

static void configure(struct tcpstates_bpf *program, const struct options *options)
{
	program->rodata->only_ip = options->ipv4 ? 4 : options->ipv6 ? 6 : 0;
	set_port_filter(&options->lports, &program->rodata->has_lports,
			(__u64 *)program->rodata->lports);
	set_port_filter(&options->rports, &program->rodata->has_rports,
			(__u64 *)program->rodata->rports);
	bpf_map__set_max_entries(program->maps.ring, options->buffer_size);
}

/* The descriptor of the cgroup2 hierarchy's root, wherever it is mounted; -errno without one. */
static int open_cgroup_root(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int fd = -ENOENT;

	if (!mounts)
		return -errno;
	while (fd < 0 && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "cgroup2"))
			continue;
		fd = open(mount->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	endmntent(mounts);
	return fd;
}

/* Not fatal: without it, the time before a socket's first transition is not known. */
static void attach_creation(struct tcpstates_bpf *program)
{
	int fd = open_cgroup_root();
	int err = fd;

	if (fd >= 0) {
		program->links.sock_create =
			bpf_program__attach_cgroup(program->progs.sock_create, fd);
		err = program->links.sock_create ? 0 : -errno;
		close(fd);
	}
	if (err < 0)
		log_verbose("sockets are not seen when they are created, so the time before their "
			    "first change is not known: cgroup2: %s",
			    strerror(-err));
}

static int attach(struct tcpstates_bpf *program)
{
	/* In this order: programs run in the order in which they were attached. */
	program->links.inet_sock_set_state =
		bpf_program__attach(program->progs.inet_sock_set_state);
	if (program->links.inet_sock_set_state)
		program->links.unseen_set_state =
			bpf_program__attach(program->progs.unseen_set_state);
	if (!program->links.unseen_set_state) {
		explain_refusal("cannot attach to the kernel", -errno);
		return -1;
	}
	attach_creation(program);
	return 0;
}

static int load(struct live *live, const struct options *options)
{
	int err;

	live->program = tcpstates_bpf__open();
	if (!live->program) {
		log_error("cannot open the kernel program: %s", strerror(errno));
		return -1;
	}
	configure(live->program, options);
	err = tcpstates_bpf__load(live->program);
	if (err)
		explain_refusal("cannot load the kernel program", err);
	return err;
}

static enum delivery hand_over(struct live *live, const struct transition *record)
{
	struct transition t = *record, syn;
	enum delivery answer;

	t.flags &= ~TRANSITION_AFTER_SYN;
	if (!(record->flags & TRANSITION_AFTER_SYN))
		return live->deliver(live->context, &t);

	syn = t;
	syn.time_ns -= t.duration_ns;
	syn.duration_ns = 0;
	syn.flags &= ~TRANSITION_DURATION_KNOWN;
	syn.oldstate = STATE_LISTEN;
	syn.newstate = STATE_SYN_RECV;
	answer = live->deliver(live->context, &syn);
	if (answer == DELIVERY_STOP)
		return answer;
	answer |= live->deliver(live->context, &t);
	return answer;
}

/* libbpf's callback: a negative answer ends the read after this record. */
static int take_record(void *context, void *data, size_t size)
{
	struct live *live = context;

	(void)size;
	live->answer = hand_over(live, data);
	return live->answer == DELIVERY_CONTINUE ? 0 : -ECANCELED;
}

static int live_read(struct source *source, source_deliver *deliver, void *context)
{
	struct live *live = (struct live *)source;
	int count;

	live->deliver = deliver;
	live->context = context;
	live->answer = DELIVERY_CONTINUE;
	clock_follow(&source->clock);
	count = ring_buffer__consume(live->ring);
	if (live->answer != DELIVERY_CONTINUE)
		count = 1;
	if (count < 0) {
		log_error("cannot read the ring buffer: %s", strerror(-count));
		return count;
	}
	/*
	 * Armed here and not when the ring buffer is found empty: the batch time lies between this
	 * store and the read after which the loop waits, so a record missed by that read has seen
	 * it, on any CPU.
	 */
	if (count)
		__atomic_store_n(&live->program->data->armed, 1, __ATOMIC_RELEASE);
	return count;
}

static void live_stop(struct source *source)
{
	struct live *live = (struct live *)source;

	tcpstates_bpf__detach(live->program);
}

/* How often the kernel did not run the program, because it ran already on that CPU. */
static uint64_t count_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

static void live_losses(struct source *source, struct losses *losses)
{
	struct live *live = (struct live *)source;
	uint64_t missed, rescued = 0;
	__u32 zero = 0;

	*losses = (struct losses){0};
	/* First, so that each of them has had the time to be rescued. */
	missed = count_misses(live->program->progs.inet_sock_set_state);
	if (bpf_map_lookup_elem(bpf_map__fd(live->program->maps.losses), &zero, live->per_cpu))
		return;
	for (int cpu = 0; cpu < live->cpus; cpu++) {
		losses->transitions += live->per_cpu[cpu].transitions;
		losses->clocks += live->per_cpu[cpu].clocks;
		rescued += live->per_cpu[cpu].rescued;
	}
	if (missed > rescued)
		losses->transitions += missed - rescued;
}

static void live_close(struct source *source)
{
	struct live *live = (struct live *)source;

	ring_buffer__free(live->ring);
	tcpstates_bpf__destroy(live->program);
	free(live->per_cpu);
	free(live);
}

static const struct source_ops live_ops = {
	.read = live_read,
	.stop = live_stop,
	.losses = live_losses,
	.close = live_close,
};

static void describe_host(struct source *source)
{
	struct utsname name;

	if (uname(&name))
		return;
	snprintf(source->host, sizeof(source->host), "%s", name.nodename);
	snprintf(source->kernel, sizeof(source->kernel), "%s", name.release);
}

static int open_ring(struct live *live)
{
	live->cpus = libbpf_num_possible_cpus();
	if (live->cpus > 0)
		live->per_cpu = calloc(live->cpus, sizeof(*live->per_cpu));
	live->ring =
		ring_buffer__new(bpf_map__fd(live->program->maps.ring), take_record, live, NULL);
	if (live->ring && live->per_cpu)
		return 0;
	log_error("cannot map the ring buffer: %s; a smaller --buffer may do", strerror(errno));
	return -1;
}

struct source *source_open_live(const struct options *options)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live) {
		log_error("out of memory");
		return NULL;
	}
	live->source.ops = &live_ops;
	live->source.batch_ms = BATCH_MS;
	live->source.is_live = true;
	describe_host(&live->source);
	libbpf_set_print(print_libbpf);
	if (load(live, options) || open_ring(live) || attach(live->program)) {
		live_close(&live->source);
		return NULL;
	}
	live->source.fd = ring_buffer__epoll_fd(live->ring);
	live->source.clock.start_ns = clock_monotonic_ns();
	live->source.clock.wall_offset_ns = clock_measure_offset();
	return &live->source;
}
