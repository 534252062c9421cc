/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The environment: what this kernel, these privileges and these mounts allow. */
#ifndef TCPSTATES_SOURCE_SURROUNDINGS_H
#define TCPSTATES_SOURCE_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_UNKNOWN,
};

/* Effective, in the user namespace of this process. capability: CAP_* of linux/capability.h. */
bool capability_is_effective(int capability);

/* Whether this process is in the machine's initial namespace: user, pid, cgroup or time. */
enum answer namespace_is_initial(const char *name);

/*
 * When a process began: CLOCK_BOOTTIME, in the 10 ms of /proc/PID/stat. 0: not known, as there is
 * no such process, or /proc is another PID or time namespace's.
 */
uint64_t process_start_ticks(uint32_t pid);

/* Whether system calls of this process are filtered, as container runtimes do. */
bool seccomp_is_on(void);

/* The mode of the kernel's lockdown: none, integrity or confidentiality; "": not known. */
void lockdown_read(char *mode, size_t size);

/* By its release; major and minor are 0 if it cannot be read. */
struct kernel_version {
	unsigned int major, minor;
};
struct kernel_version kernel_version(void);
bool kernel_is_at_least(unsigned int major, unsigned int minor);

/* Where the kernel's BTF is; libbpf tries other paths on kernels that lack the usual one. */
#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

enum types_state {
	TYPES_THERE,
	TYPES_ABSENT, /* the kernel has none */
	TYPES_HIDDEN, /* another mount, or none, is at its path */
	TYPES_DENIED, /* this process may not read them */
};

enum types_state types_state(void);

/* Whether /proc is a proc file system that shows this process. */
bool proc_is_there(void);

#endif
