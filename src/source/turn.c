// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two maps that take turns. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/log.h"
#include "source/turn.h"

/* How long a running program may still take, if the kernel cannot report it. */
#define GRACE_US 20000

#define KEY_SIZE_MAX 256

/* Entries that one system call takes out of a map. */
#define BATCH 256

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

/* Entries of one system call, each key and each value after the other. */
struct batch {
	size_t key_size;
	size_t entry_size; /* of all values of a key */
	int value_count;
	char *keys;
	char *values;
};

static int values_per_key(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	if (type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH)
		return libbpf_num_possible_cpus();
	return 1;
}

/* 0 or -errno; the caller frees the memory in any case. */
static int batch_allocate(struct batch *batch, const struct bpf_map *map)
{
	int count = values_per_key(map);

	if (count < 0)
		return count;
	batch->value_count = count;
	batch->key_size = bpf_map__key_size(map);
	/* The kernel rounds the values per CPU up to 8 bytes. */
	batch->entry_size = count == 1 ? bpf_map__value_size(map)
				       : count * ((bpf_map__value_size(map) + 7UL) & ~7UL);
	batch->keys = calloc(BATCH, batch->key_size);
	batch->values = calloc(BATCH, batch->entry_size);
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

/* 0 or -errno. */
static int drain(const struct bpf_map *map, const struct batch *batch,
		 void (*take)(const void *context, const struct turn_entry *entry),
		 const void *context)
{
	__u32 from, to, count;
	void *start = NULL;
	int err;

	do {
		count = BATCH;
		err = bpf_map_lookup_and_delete_batch(bpf_map__fd(map), start, &to, batch->keys,
						      batch->values, &count, NULL);
		for (__u32 i = 0; (!err || err == -ENOENT) && i < count; i++) {
			const struct turn_entry entry = {
				.key = batch->keys + i * batch->key_size,
				.values = batch->values + i * batch->entry_size,
				.value_count = batch->value_count,
			};

			take(context, &entry);
		}
		from = to;
		start = &from;
	} while (!err);
	return err == -ENOENT ? 0 : err;
}

void turn_drain(const struct bpf_map *map, const char *what,
		void (*take)(const void *context, const struct turn_entry *entry),
		const void *context)
{
	struct batch batch = {0};
	int err = batch_allocate(&batch, map);

	err = err ?: drain(map, &batch, take, context);
	if (err)
		log_error("cannot read the %s from the kernel: %s", what, strerror(-err));
	free(batch.keys);
	free(batch.values);
}
