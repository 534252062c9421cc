/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel program counted as lost, of all CPUs. */
#ifndef TCPSTATES_SOURCE_LOSS_COUNTER_H
#define TCPSTATES_SOURCE_LOSS_COUNTER_H

#include "trace/losses.h"

struct kernel_losses;
struct tcpstates_bpf;

/* Zeroed at first. */
struct loss_counter {
	struct kernel_losses *per_cpu; /* room for one read of the map of losses */
	int cpus;
};

/* 0, or -ENOMEM. */
int loss_counter_open(struct loss_counter *counter);

/* Since the program was attached. If the kernel refuses the read, all are 0. */
void loss_counter_read(const struct loss_counter *counter, const struct tcpstates_bpf *program,
		       struct losses *losses);

void loss_counter_close(struct loss_counter *counter);

#endif
