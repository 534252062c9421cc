// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attach FILE...: loads and attaches all programs of BPF objects, and keeps them until it is ended.
 * What they put into their ring buffers it copies to standard output as it is, 200 times a second.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH_US 5000

static int copy(void *context, void *data, size_t size)
{
	(void)context;
	return fwrite(data, size, 1, stdout) == 1 ? 0 : -1;
}

/* Puts the map with those read before, if it is a ring buffer. */
static bool add_ring(struct ring_buffer **rings, const struct bpf_map *map)
{
	if (bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF)
		return true;
	if (*rings)
		return !ring_buffer__add(*rings, bpf_map__fd(map), copy, NULL);
	*rings = ring_buffer__new(bpf_map__fd(map), copy, NULL, NULL);
	return *rings;
}

static bool attach_file(const char *path, struct ring_buffer **rings)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_program *program;
	struct bpf_map *map;

	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "attach: %s: cannot load: %s\n", path, strerror(errno));
		return false;
	}
	bpf_object__for_each_map (map, object) {
		if (!add_ring(rings, map)) {
			fprintf(stderr, "attach: %s: cannot map its ring buffer: %s\n", path,
				strerror(errno));
			return false;
		}
	}
	bpf_object__for_each_program (program, object) {
		if (!bpf_program__attach(program)) {
			fprintf(stderr, "attach: %s: cannot attach: %s\n", path, strerror(errno));
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct ring_buffer *rings = NULL;

	for (int i = 1; i < argc; i++)
		if (!attach_file(argv[i], &rings))
			return 1;
	puts("ready");
	fflush(stdout);
	if (!rings)
		pause();
	while (ring_buffer__consume(rings) >= 0 && !fflush(stdout))
		usleep(BATCH_US);
	fprintf(stderr, "attach: cannot copy records: %s\n", strerror(errno));
	return 1;
}
