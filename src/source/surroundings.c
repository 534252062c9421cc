// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Asks the kernel itself if possible: /proc and /sys may be missing, or of another namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "source/surroundings.h"

bool capability_is_effective(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective >> (capability % 32) & 1;
}

/* The inode numbers of the initial namespaces are fixed (include/linux/proc_ns.h, 3.8 to 7.2). */
static const struct {
	const char *name;
	ino_t inode;
} initial[] = {
	{"user", 0xeffffffd},
	{"pid", 0xeffffffc},
	{"cgroup", 0xeffffffb},
	{"time", 0xeffffffa},
};

enum answer namespace_is_initial(const char *name)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (!proc_is_there() || stat(path, &status))
		return ANSWER_UNKNOWN;
	for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++)
		if (!strcmp(initial[i].name, name))
			return status.st_ino == initial[i].inode ? ANSWER_YES : ANSWER_NO;
	return ANSWER_UNKNOWN;
}

/* The 22nd field of /proc/PID/stat. The name before it may contain anything. */
static uint64_t parse_start(const char *stat)
{
	const char *rest = strrchr(stat, ')');
	unsigned long long start;

	return rest && sscanf(rest,
			      ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			      "%*s %*s %*s %llu",
			      &start) == 1
		       ? start
		       : 0;
}

uint64_t process_start_ticks(uint32_t pid)
{
	char path[64], stat[1024] = "";
	FILE *file;

	if (namespace_is_initial("pid") != ANSWER_YES || namespace_is_initial("time") == ANSWER_NO)
		return 0;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	stat[fread(stat, 1, sizeof(stat) - 1, file)] = '\0';
	fclose(file);
	return parse_start(stat);
}

bool seccomp_is_on(void)
{
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
}

/* The file has the form "none [integrity] confidentiality". */
void lockdown_read(char *mode, size_t size)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "", *begin, *end;

	mode[0] = '\0';
	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && (begin = strchr(line, '[')) &&
	    (end = strchr(begin, ']')))
		snprintf(mode, size, "%.*s", (int)(end - begin - 1), begin + 1);
	fclose(file);
}

struct kernel_version kernel_version(void)
{
	struct kernel_version version = {0};
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &version.major, &version.minor) != 2)
		return (struct kernel_version){0};
	return version;
}

bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	struct kernel_version version = kernel_version();

	return version.major > major || (version.major == major && version.minor >= minor);
}

static bool is_of_sysfs(const char *path)
{
	struct statfs status;

	return !statfs(path, &status) && status.f_type == SYSFS_MAGIC;
}

/* Of the folder, or if it is missing, of the nearest one above. */
static bool sysfs_would_have(const char *path)
{
	char folder[sizeof(KERNEL_TYPES)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	while ((slash = strrchr(folder, '/')) && slash > folder) {
		*slash = '\0';
		if (!access(folder, F_OK))
			return is_of_sysfs(folder);
	}
	return false;
}

enum types_state types_state(void)
{
	if (!access(KERNEL_TYPES, R_OK))
		return is_of_sysfs(KERNEL_TYPES) ? TYPES_THERE : TYPES_HIDDEN;
	if (errno == EACCES)
		return TYPES_DENIED;
	return sysfs_would_have(KERNEL_TYPES) ? TYPES_ABSENT : TYPES_HIDDEN;
}

bool proc_is_there(void)
{
	struct statfs status;

	return !statfs("/proc", &status) && status.f_type == PROC_SUPER_MAGIC &&
	       !access("/proc/self/fd", X_OK);
}
