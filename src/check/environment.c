// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kernel, privileges, namespaces and mounts. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "check/environment.h"
#include "source/program.h"
#include "trace/cgroup.h"
#include "trace/clock.h"

#ifdef TCPSTATES_STATIC
#define LINKED "static"
#else
#define LINKED "dynamic"
#endif

static void check_program(struct facilities *f)
{
	facilities_add(f, "program", FACILITY_YES, NULL,
		       "tcpstates " TCPSTATES_VERSION ", libbpf %s, " LINKED,
		       libbpf_version_string() + 1);
}

static void check_kernel(struct facilities *f)
{
	struct utsname name;

	if (uname(&name))
		return;
	facilities_add(f, "kernel", kernel_is_at_least(5, 10) ? FACILITY_YES : FACILITY_NO,
		       "it has to be 5.10 or later", "%s %s", name.release, name.machine);
}

static void check_user_namespace(struct facilities *f)
{
	static const char *const details[] = {
		[ANSWER_NO] = "one of its own: capabilities in it are none over the kernel",
		[ANSWER_YES] = "the machine's",
		[ANSWER_UNKNOWN] = "/proc/self/ns/user does not tell",
	};
	enum answer answer = namespace_is_initial("user");

	facilities_add(f, "user_namespace", facility_state_of(answer), NULL, "%s", details[answer]);
}

static const struct {
	const char *name;
	int number;
	bool is_in_sys_admin; /* CAP_SYS_ADMIN includes it */
	const char *lack;     /* NULL: tracing needs it */
} capabilities[] = {
	{"cap_bpf", CAP_BPF, true, NULL},
	{"cap_perfmon", CAP_PERFMON, true, NULL},
	{"cap_net_admin", CAP_NET_ADMIN, true, NULL},
	{"cap_sys_admin", CAP_SYS_ADMIN, false,
	 "sessions that were there before are known only in this network namespace"},
	{"cap_sys_ptrace", CAP_SYS_PTRACE, false,
	 "network namespaces of other users' processes are not looked into at the start"},
	{"cap_dac_read_search", CAP_DAC_READ_SEARCH, false, "CGROUP is not known, CGROUP-ID is"},
	{"cap_sys_resource", CAP_SYS_RESOURCE, false, NULL},
	{"cap_sys_nice", CAP_SYS_NICE, false,
	 "others may keep the reader waiting where the machine is busy"},
};

static void check_capabilities(struct facilities *f)
{
	bool is_admin = capability_is_effective(CAP_SYS_ADMIN);
	bool counts = namespace_is_initial("user") != ANSWER_NO;

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		bool has = capability_is_effective(capabilities[i].number);
		bool stands = capabilities[i].is_in_sys_admin && is_admin;

		facilities_add(f, capabilities[i].name,
			       counts && (has || stands) ? FACILITY_YES : FACILITY_NO,
			       capabilities[i].lack, "%s%s",
			       has      ? "effective"
			       : stands ? "by CAP_SYS_ADMIN"
					: "not effective",
			       counts || !(has || stands) ? "" : ", in this user namespace only");
	}
}

static void check_lockdown(struct facilities *f)
{
	char mode[32];

	lockdown_read(mode, sizeof(mode));
	if (!mode[0])
		facilities_add(f, "lockdown", FACILITY_UNKNOWN, NULL,
			       "/sys/kernel/security/lockdown does not tell");
	else
		facilities_add(f, "lockdown",
			       strcmp(mode, "confidentiality") ? FACILITY_YES : FACILITY_NO, NULL,
			       "%s", mode);
}

static void check_restrictions(struct facilities *f)
{
	FILE *file = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");
	char text[16] = "";

	if (file && fgets(text, sizeof(text), file))
		text[strcspn(text, "\n")] = '\0';
	if (file)
		fclose(file);
	facilities_add(f, "unprivileged_bpf", FACILITY_UNKNOWN, NULL,
		       "kernel.unprivileged_bpf_disabled is %s; tracing needs CAP_BPF in any case",
		       text[0] ? text : "not known");
	facilities_add(f, "seccomp", FACILITY_UNKNOWN, NULL, "%s",
		       seccomp_is_on() ? "system calls are filtered, as in a container"
				       : "system calls are not filtered");
}

static void check_types(struct facilities *f)
{
	static const char *const details[] = {
		[TYPES_ABSENT] = "this kernel has none (CONFIG_DEBUG_INFO_BTF)",
		[TYPES_HIDDEN] = "another mount hides " KERNEL_TYPES,
		[TYPES_DENIED] = KERNEL_TYPES " may not be read",
	};
	/* Quiets libbpf: the row reports missing types. */
	libbpf_print_fn_t print_before = libbpf_set_print(NULL);
	enum types_state state = types_state();
	struct btf *btf = btf__load_vmlinux_btf();
	__u32 size = 0;

	libbpf_set_print(print_before);
	if (btf)
		btf__raw_data(btf, &size);
	if (btf && state == TYPES_THERE)
		facilities_add(f, "btf", FACILITY_YES, NULL, "%s, %u KiB", KERNEL_TYPES,
			       size / 1024);
	else if (btf)
		facilities_add(f, "btf", FACILITY_YES, NULL, "in a file, %u KiB: %s", size / 1024,
			       details[state]);
	else
		facilities_add(f, "btf", FACILITY_NO, NULL, "%s",
			       details[state] ? details[state] : strerror(errno));
	btf__free(btf);
}

/* Until 5.10 maps count against RLIMIT_MEMLOCK (bpf_charge_memlock()). */
static void check_memory_limit(struct facilities *f)
{
	bool counts = !kernel_is_at_least(5, 11);
	char text[32] = "unlimited";
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	if (limit.rlim_cur != RLIM_INFINITY)
		snprintf(text, sizeof(text), "%ju KiB", (uintmax_t)limit.rlim_cur / 1024);
	facilities_add(f, "memlock", FACILITY_UNKNOWN, NULL, "ulimit -l is %s; %s", text,
		       counts ? "maps count against it before 5.11"
			      : "maps do not count against it since 5.11");
}

static void check_ring(struct facilities *f, uint64_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "check", 0, 0, size, NULL);

	if (fd >= 0) {
		facilities_add(f, "ring_buffer", FACILITY_YES, NULL, "%" PRIu64 " KiB", size >> 10);
		close(fd);
		return;
	}
	facilities_add(f, "ring_buffer", FACILITY_NO, NULL, "%" PRIu64 " KiB: %s", size >> 10,
		       strerror(errno));
}

static void check_cgroup_paths(struct facilities *f, int root)
{
	struct cgroups cgroups;
	struct stat status;
	const char *path = "";

	cgroups_open(&cgroups, root);
	if (root >= 0 && !fstat(root, &status))
		path = cgroups_find(&cgroups, status.st_ino);
	facilities_add(f, "cgroup_paths", path[0] ? FACILITY_YES : FACILITY_NO,
		       "CGROUP is not known, CGROUP-ID is", "%s",
		       path[0] ? "found by their ids" : "cannot be found by their ids");
	cgroups_close(&cgroups);
}

static void check_cgroups(struct facilities *f)
{
	char link[64], path[256] = "";
	int root = cgroup_open_root();
	ssize_t length;

	if (root < 0) {
		facilities_add(f, "cgroup2", FACILITY_NO, program_lack("sock_create"),
			       "/proc/self/mounts has none: %s", strerror(-root));
	} else {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
		length = readlink(link, path, sizeof(path) - 1);
		path[length < 0 ? 0 : length] = '\0';
		facilities_add(f, "cgroup2", FACILITY_YES, NULL, "mounted on %s", path);
	}
	check_cgroup_paths(f, root);
}

static int compare_inodes(const void *one, const void *other)
{
	ino_t a = *(const ino_t *)one, b = *(const ino_t *)other;

	return a < b ? -1 : a > b;
}

/* Network namespaces of the visible processes. *hidden: processes whose namespace is not known. */
static size_t count_namespaces(size_t *hidden)
{
	size_t count = 0, room = 0, different = 0;
	DIR *processes = opendir("/proc");
	struct dirent *process;
	ino_t *inodes = NULL;

	*hidden = 0;
	while (processes && (process = readdir(processes))) {
		char path[300];
		struct stat status;

		if (process->d_name[0] < '1' || process->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", process->d_name);
		if (stat(path, &status)) {
			*hidden += errno == EACCES;
			continue;
		}
		if (count == room) {
			ino_t *more = realloc(inodes, (room += 256) * sizeof(*more));

			if (!more)
				break;
			inodes = more;
		}
		inodes[count++] = status.st_ino;
	}
	if (processes)
		closedir(processes);
	if (inodes)
		qsort(inodes, count, sizeof(*inodes), compare_inodes);
	for (size_t i = 0; i < count; i++)
		different += !i || inodes[i] != inodes[i - 1];
	free(inodes);
	return different;
}

static void check_network_namespace(struct facilities *f)
{
	size_t hidden, count = count_namespaces(&hidden);
	struct stat status;

	if (!proc_is_there() || stat("/proc/self/ns/net", &status)) {
		facilities_add(f, "network_namespaces", FACILITY_NO,
			       "sessions that were there before are known only in this one",
			       "/proc does not show them");
		return;
	}
	facilities_add(f, "network_namespaces", hidden ? FACILITY_PARTLY : FACILITY_YES,
		       "sessions that were there before are not known in namespaces of processes "
		       "that are hidden",
		       "this one is %ju; seen: %zu; processes that hide theirs: %zu",
		       (uintmax_t)status.st_ino, count, hidden);
}

static void check_proc(struct facilities *f)
{
	bool is_there = proc_is_there();

	facilities_add(f, "proc", is_there ? FACILITY_YES : FACILITY_NO,
		       "neither the cgroup2 hierarchy nor other network namespaces are found", "%s",
		       is_there ? "/proc" : "/proc is not mounted here, or masked");
}

static void check_pid_namespace(struct facilities *f)
{
	static const char *const details[] = {
		[ANSWER_NO] = "one of its own, as in a container",
		[ANSWER_YES] = "the machine's",
		[ANSWER_UNKNOWN] = "/proc/self/ns/pid does not tell",
	};
	enum answer answer = namespace_is_initial("pid");

	facilities_add(f, "pid_namespace", facility_state_of(answer),
		       "PID and C-PID are the machine's, not those of this namespace; and sessions "
		       "that were there before are known only in network namespaces of processes "
		       "that it shows",
		       "%s", details[answer]);
}

static void check_clock(struct facilities *f)
{
	enum answer answer = namespace_is_initial("time");
	struct timespec tick = {0};

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	facilities_add(
		f, "clock", answer == ANSWER_NO ? FACILITY_NO : FACILITY_YES,
		"times of day, and the ends of TIME_WAIT, are off by this namespace's offset",
		"%s, a tick is %ld.%03ld ms",
		answer == ANSWER_NO ? "a time namespace of its own" : "the machine's",
		tick.tv_nsec / NSEC_PER_MSEC, tick.tv_nsec / NSEC_PER_USEC % 1000);
}

void check_environment(struct facilities *f, uint64_t ring_size)
{
	check_program(f);
	check_kernel(f);
	check_user_namespace(f);
	check_capabilities(f);
	check_lockdown(f);
	check_restrictions(f);
	check_types(f);
	check_memory_limit(f);
	check_ring(f, ring_size);
	check_proc(f);
	check_cgroups(f);
	check_pid_namespace(f);
	check_network_namespace(f);
	check_clock(f);
}
