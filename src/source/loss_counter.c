// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads the counters of losses, and how often the kernel skipped the program. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/shared.h"
#include "source/loss_counter.h"
#include "tcpstates.skel.h"

int loss_counter_open(struct loss_counter *counter)
{
	counter->cpus = libbpf_num_possible_cpus();
	if (counter->cpus > 0)
		counter->per_cpu = calloc(counter->cpus, sizeof(*counter->per_cpu));
	return counter->per_cpu ? 0 : -ENOMEM;
}

/* How often the kernel skipped the program, because that CPU was running it already. */
static uint64_t count_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

void loss_counter_read(const struct loss_counter *counter, const struct tcpstates_bpf *program,
		       struct losses *losses)
{
	uint64_t missed, rescued = 0;
	__u32 zero = 0;

	*losses = (struct losses){0};
	/* Read first, so that each of them has had time to be rescued. */
	missed = count_misses(program->progs.inet_sock_set_state);
	if (bpf_map_lookup_elem(bpf_map__fd(program->maps.losses), &zero, counter->per_cpu))
		return;
	for (int cpu = 0; cpu < counter->cpus; cpu++) {
		losses->transitions += counter->per_cpu[cpu].transitions;
		losses->details += counter->per_cpu[cpu].details;
		losses->clocks += counter->per_cpu[cpu].clocks;
		rescued += counter->per_cpu[cpu].rescued;
	}
	if (missed > rescued)
		losses->transitions += missed - rescued;
}

void loss_counter_close(struct loss_counter *counter)
{
	free(counter->per_cpu);
}
