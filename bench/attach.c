// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attach FILE: loads and attaches all programs of a BPF object, and keeps them until it is ended.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open(argv[1]) : NULL;
	struct bpf_program *program;

	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "attach: cannot load: %s\n", strerror(errno));
		return 1;
	}
	bpf_object__for_each_program (program, object) {
		if (!bpf_program__attach(program)) {
			fprintf(stderr, "attach: cannot attach: %s\n", strerror(errno));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
