// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The limit on locked memory: how much is needed, and the message if it is too low. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/log.h"
#include "source/memlock.h"

#define KIB 1024

/* A hash map's element and bucket (struct htab_elem, struct bucket), and any map's own memory. */
#define ELEMENT_BYTES 56
#define BUCKET_BYTES  16
#define MAP_BYTES     (4 * 4096)

/* Missing in the headers of Debian 11. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

void memlock_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		log_verbose("the limit on locked memory stays as it is: setrlimit() failed");
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint64_t round_up_to_power(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

uint64_t memlock_of_map(const struct bpf_map *map, int cpus)
{
	uint64_t entries = bpf_map__max_entries(map);
	uint64_t value = round_up(bpf_map__value_size(map), 8);
	uint64_t key = round_up(bpf_map__key_size(map), 8);

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_RINGBUF:
		return entries + MAP_BYTES;
	case BPF_MAP_TYPE_ARRAY:
		return entries * value + MAP_BYTES;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return entries * value * cpus + MAP_BYTES;
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		value *= cpus;
		break;
	default:
		break;
	}
	return entries * (ELEMENT_BYTES + key + value) + round_up_to_power(entries) * BUCKET_BYTES +
	       MAP_BYTES;
}

static bool has(uint64_t capabilities, int number)
{
	return capabilities >> number & 1;
}

bool memlock_is_short(uint64_t capabilities, uint64_t limit, uint64_t needed)
{
	if (has(capabilities, CAP_SYS_RESOURCE) || limit >= needed)
		return false;
	return has(capabilities, CAP_SYS_ADMIN) ||
	       (has(capabilities, CAP_BPF) && has(capabilities, CAP_PERFMON) &&
		has(capabilities, CAP_NET_ADMIN));
}

/* The effective capabilities; none if they cannot be read. */
static uint64_t own_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool kernel_charges_maps(void)
{
	unsigned int major, minor;
	struct utsname name;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 && major <= 5 &&
	       (major < 5 || minor < 11);
}

bool memlock_explain(char *text, size_t size, const char *what, uint64_t needed)
{
	struct rlimit limit;

	if (!needed || !kernel_charges_maps() || getrlimit(RLIMIT_MEMLOCK, &limit) ||
	    !memlock_is_short(own_capabilities(), limit.rlim_cur, needed))
		return false;
	snprintf(text, size,
		 "%s: kernels before 5.11 count BPF maps as locked memory, of which this process "
		 "may have %" PRIu64 " KiB; it needs %" PRIu64 ": raise the limit (ulimit -l "
		 "%" PRIu64 "), or give it CAP_SYS_RESOURCE",
		 what, (uint64_t)limit.rlim_cur / KIB, needed / KIB, needed / KIB);
	return true;
}
