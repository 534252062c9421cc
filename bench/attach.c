// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attach FILE...: loads and attaches all programs of BPF objects, and keeps them until it is ended.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool attach_file(const char *path)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_program *program;

	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "attach: %s: cannot load: %s\n", path, strerror(errno));
		return false;
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
	for (int i = 1; i < argc; i++)
		if (!attach_file(argv[i]))
			return 1;
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
