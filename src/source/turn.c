// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two maps that take turns. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/turn.h"

/* How long a running program may still take, if the kernel cannot report it. */
#define GRACE_US 20000

#define KEY_SIZE_MAX 256

/* Waits until every running program has ended. */
static void wait_for_programs(void)
{
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(GRACE_US);
}

__u32 turn_end(__u32 *now)
{
	__u32 ended = *now;

	__atomic_store_n(now, ended + 1, __ATOMIC_RELEASE);
	wait_for_programs();
	return ended;
}

bool turn_is_empty(const struct bpf_map *map)
{
	char key[KEY_SIZE_MAX];

	return bpf_map__key_size(map) <= sizeof(key) &&
	       bpf_map_get_next_key(bpf_map__fd(map), NULL, key) != 0;
}
